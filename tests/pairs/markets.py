"""Pairs of closes to compute on, by what is hard about them."""

from __future__ import annotations

import numpy as np

__all__ = ["MARKETS", "market"]

MARKETS = ("crypto", "level 100,000", "near collinear", "unrelated")


def market(kind: str, bars: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return closes of y and x, ``(bars,)`` each."""
    random = np.random.default_rng(seed)
    noise = _reverting(random.normal(size=bars))
    walk = np.cumsum(random.normal(size=bars))
    if kind == "crypto":  # on ticks of 0.01 and 0.1, a part in ten thousand a bar
        x = np.round(61_740.5 * np.exp(1e-4 * walk), 1)
        return np.round(2.1e-4 * x**1.49 * np.exp(2e-4 * noise), 2), x
    if kind == "level 100,000":  # spreads of a thousandth
        x = 1e5 + 1e-2 * walk
        return 1e5 + 0.7 * (x - 1e5) + 1e-3 * noise, x
    if kind == "near collinear":  # all but a part in a million explained
        x = 1e5 + walk
        return 1e5 + 1.3 * (x - 1e5) + 1e-3 * noise, x
    other = np.cumsum(random.normal(size=bars))
    return 3_000.0 * np.exp(1e-3 * other), 60_000.0 * np.exp(1e-3 * walk)


def _reverting(shocks: np.ndarray) -> np.ndarray:
    values = np.zeros(len(shocks))
    for bar in range(1, len(shocks)):
        values[bar] = 0.8 * values[bar - 1] + shocks[bar]
    return values
