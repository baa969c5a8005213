"""Hedge-ratio drift: whether the slope has moved between the older and the newer half of a window."""

from __future__ import annotations

import math
from typing import NamedTuple

from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, two_finite_series
from livepairs.stats.elementary import normal_cdf
from livepairs.stats.newey_west import long_run_variance

__all__ = ["HedgeDrift", "hedge_drift"]


class HedgeDrift(NamedTuple):
    """The two slopes, how far apart they are in standard errors, and the two-sided p.

    Notes
    -----
    ``z = (newer - older) / error`` is Wald's test of a known break date (Andrews, Econometrica 61, 1993, equation 4.2).

    Examples
    --------
    >>> HedgeDrift._fields
    ('older', 'newer', 'z', 'p')
    """

    older: float
    newer: float
    z: float
    p: float


def hedge_drift(y: ArrayLike, x: ArrayLike, *, lags: int | None = None) -> HedgeDrift:
    """Compare the hedge ratios of a window's halves; a small p says that the ratio has moved.

    Parameters
    ----------
    y, x
        Levels (log prices), ``(n,)`` each, at least 20 bars.
    lags
        Lags of the standard errors' long-run variance; None chooses by ``andrews_lags``, 0 takes residuals as
        independent of neighbours, which spreads are not.

    Raises
    ------
    ConfigError
        If a series is too short or not finite, or x does not move in one of the halves.

    Notes
    -----
    OLS with intercept in each half; ``var beta = n omega / S_xx^2`` with omega the long-run variance of
    ``(x - mean x) e``: Newey and West, Econometrica 55 (1987), and the difference by Wald's test (Andrews, Econometrica
    61, 1993). A batch form; ``Recomputed`` makes it a stream.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.sin(np.arange(80.0))
    >>> beta = np.where(np.arange(80) < 40, 1.0, 2.0)
    >>> drift = hedge_drift(beta * x + 0.1 * np.cos(np.arange(80.0) ** 2), x)
    >>> round(drift.older, 1), round(drift.newer, 1), drift.p < 1e-6
    (1.0, 2.0, True)
    """
    ys, xs = two_finite_series(y, x, least=20)
    middle = len(ys) // 2
    older, older_variance = _slope(ys[:middle], xs[:middle], lags)
    newer, newer_variance = _slope(ys[middle:], xs[middle:], lags)
    error = math.sqrt(older_variance + newer_variance)
    z = (newer - older) / error if error > 0.0 else math.nan
    return HedgeDrift(older, newer, z, 2.0 * normal_cdf(-abs(z)))


def _slope(y: Floats, x: Floats, lags: int | None) -> tuple[float, float]:
    y_away, x_away = y - y.mean(), x - x.mean()
    square = float(x_away @ x_away)
    if not square > 0.0:
        raise ConfigError("x does not move in one half of the window; it has no hedge ratio there")
    beta = float(x_away @ y_away) / square
    scores = x_away * (y_away - beta * x_away)
    return beta, len(y) * long_run_variance(scores, lags=lags) / (square * square)
