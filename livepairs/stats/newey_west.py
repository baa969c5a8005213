"""Long-run variance: what a mean's error is made of when neighbours resemble each other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import finite_series

__all__ = ["andrews_lags", "long_run_variance"]


def long_run_variance(values: ArrayLike, *, lags: int | None = None) -> float:
    """Return the variance of a series' sum, per value.

    Parameters
    ----------
    values
        The series, ``(n,)``, measured from zero; subtract its mean first if that is not zero.
    lags
        Autocovariances taken in; 0 is the plain variance, None chooses by ``andrews_lags``.

    Notes
    -----
    ``g_0 + 2 sum_j (1 - j / (lags + 1)) g_j`` with ``g_j = sum_t u_t u_(t-j) / n``: Newey and West, Econometrica 55
    (1987). Never negative. A batch form; ``Recomputed`` makes it a stream.

    Examples
    --------
    >>> long_run_variance([1.0, 1.0, -1.0, -1.0], lags=0)
    1.0
    >>> long_run_variance([1.0, 1.0, -1.0, -1.0], lags=1)
    1.25
    """
    series = finite_series(values, least=1)
    most = andrews_lags(series) if lags is None else lags
    if not 0 <= most < len(series):
        raise ConfigError(f"{most} lags are out of range for {len(series)} values; use 0 to {len(series) - 1}")
    total = float(series @ series)
    for lag in range(1, most + 1):
        total += 2.0 * (1.0 - lag / (most + 1.0)) * float(series[lag:] @ series[:-lag])
    return total / len(series)


def andrews_lags(values: ArrayLike) -> int:
    """Return how many lags the persistence of a series asks for.

    Notes
    -----
    ``1.1447 (a n)^(1/3)`` with ``a = 4 r^2 / ((1 - r)^2 (1 + r)^2)`` and r the first autocorrelation: Andrews,
    Econometrica 59 (1991), for Bartlett's kernel and an AR(1). r is held within 0.97, and the lags to half the series.

    Examples
    --------
    >>> andrews_lags([1.0, -0.5, -0.2, 0.4, -0.7, 0.3, -0.1, 0.2])
    3
    """
    series = finite_series(values, least=2)
    square = float(series @ series)
    if square == 0.0:
        return 0
    r = max(-0.97, min(0.97, float(series[1:] @ series[:-1]) / square))
    a = 4.0 * r * r / ((1.0 - r) ** 2 * (1.0 + r) ** 2)
    return min(math.ceil(1.1447 * float(np.cbrt(a * len(series)))), len(series) // 2)
