"""Variance ratio: whether steps over many bars vary as much as a random walk's would."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import finite_series
from livepairs.stats.elementary import normal_cdf

__all__ = ["VarianceRatio", "variance_ratio_test"]


class VarianceRatio(NamedTuple):
    """What the test says; a ratio below 1 is mean reversion, above 1 trend, and p is two-sided.

    Notes
    -----
    ``z`` is robust to changing volatility (Lo and MacKinlay 1988, z*).

    Examples
    --------
    >>> VarianceRatio(1.2028, 1.2, 0.229).ratio
    1.2028
    """

    ratio: float
    z: float
    p: float


def variance_ratio_test(values: ArrayLike, *, bars: int = 2) -> VarianceRatio:
    """Test the hypothesis of a random walk with drift by the variance of steps over several bars.

    Parameters
    ----------
    values
        The level (log price or spread), ``(n,)``, at least ``2 bars + 2`` of them.
    bars
        Bars in a long step, at least 2.

    Raises
    ------
    ConfigError
        If the series is too short, does not move or is not finite.

    Notes
    -----
    ``VR(q) = var(x_t - x_(t-q)) / (q var(x_t - x_(t-1)))``, overlapping, bias-corrected, with the z* robust to
    heteroskedasticity: Lo and MacKinlay, Review of Financial Studies 1 (1988). A batch form; ``Recomputed`` makes it a
    stream.

    Examples
    --------
    >>> round(variance_ratio_test([0.0, 1.0, 0.0, 1.1, 0.1, 1.0, 0.0, 0.9], bars=2).ratio, 2)
    0.05
    """
    if bars < 2:
        raise ConfigError(f"steps of {bars} bars cannot be compared with those of one; use 2 or more")
    series = finite_series(values, least=2 * bars + 2)
    changes = np.diff(series)
    n = len(changes)
    drift = (series[-1] - series[0]) / n
    squares = (changes - drift) ** 2
    if not squares.sum() > 0.0:
        raise ConfigError("series does not move; there is nothing to test")
    long_steps = series[bars:] - series[:-bars] - bars * drift
    long_variance = float(long_steps @ long_steps) / (bars * (n - bars + 1) * (1.0 - bars / n))
    ratio = long_variance / (float(squares.sum()) / (n - 1))
    theta = 0.0
    for lag in range(1, bars):
        share = n * float(squares[lag:] @ squares[:-lag]) / float(squares.sum()) ** 2
        theta += (2.0 * (1.0 - lag / bars)) ** 2 * share
    z = math.sqrt(n) * (ratio - 1.0) / math.sqrt(theta) if theta > 0.0 else math.nan
    return VarianceRatio(ratio, z, 2.0 * normal_cdf(-abs(z)))
