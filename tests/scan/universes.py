"""Universes for the scan's tests: factors, random walks and some that revert."""

from __future__ import annotations

import numpy as np

__all__ = ["make_universe"]


def make_universe(series: int, bars: int, seed: int = 0) -> np.ndarray:
    """Return closes ``(series, bars)``: two common factors, and a rest that reverts in every third series."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(0, 1e-3, (2, bars)), axis=1)
    rest = np.cumsum(rng.normal(0, 5e-4, (series, bars)), axis=1)
    rest[::3] = rng.normal(0, 5e-4, (len(rest[::3]), bars))
    return np.exp(rng.normal(3, 2, (series, 1)) + rng.normal(1, 0.4, (series, 2)) @ factors + rest)
