"""Series with known properties for tests of statistics."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

__all__ = ["ARRIVALS", "autoregressive", "correlated_ticks", "legs", "macro", "nile"]


def autoregressive(bars: int, phi: float, *, seed: int, level: float = 0.0) -> np.ndarray:
    """Return a stationary AR(1) with unit shocks."""
    shocks = np.random.default_rng(seed).normal(size=bars)
    shocks[0] /= np.sqrt(1.0 - phi * phi)
    return level + lfilter([1.0], [1.0, -phi], shocks)


def legs(bars: int, *, seed: int, level: float = 0.0, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x with a hedge ratio of 0.7 and a reverting spread."""
    x = level + spread * np.cumsum(np.random.default_rng(seed).normal(size=bars))
    return level + 0.7 * (x - level) + spread * autoregressive(bars, 0.8, seed=seed + 1), x


def correlated_ticks(
    rate_y: float, rate_x: float, seconds: int, *, correlation: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return times (us) and prices of two correlated walks, each seen at Poisson moments of its own."""
    random = np.random.default_rng(seed)
    moments = [
        np.unique(random.integers(1, seconds * 10**6, random.poisson(rate * seconds))) for rate in (rate_y, rate_x)
    ]
    every = np.unique(np.concatenate(moments))
    steps = random.normal(size=(2, len(every))) * np.sqrt(np.diff(every, prepend=0)) * 1e-7
    steps[1] = correlation * steps[0] + np.sqrt(1.0 - correlation**2) * steps[1]
    walks = 100.0 * np.exp(np.cumsum(steps, axis=1))
    chosen = [np.searchsorted(every, ts) for ts in moments]
    return moments[0], walks[0][chosen[0]], moments[1], walks[1][chosen[1]]


ARRIVALS = ((1.0, 1.0), (2.0, 0.5))
"""Trades per second of two legs."""


def nile() -> np.ndarray:
    """Return the flow of the Nile at Aswan, 1871 to 1970 (Cobb 1978, Durbin and Koopman 2001)."""
    from statsmodels.datasets import nile as data

    return data.load_pandas().data["volume"].to_numpy(float)


def macro(column: str) -> np.ndarray:
    """Return a column of statsmodels' quarterly US macro data."""
    from statsmodels.datasets import macrodata

    return macrodata.load_pandas().data[column].to_numpy(float)
