"""The regression behind half-life and Ornstein-Uhlenbeck: a series' change on its level one bar before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats, series
from livepairs.stats.moments import SlidingMoments

__all__ = ["Reversion", "RollingReversion"]


class Reversion(NamedTuple):
    """The regression at each bar, ``(n,)`` each.

    Notes
    -----
    ``d_t = slope (level_(t-1) - mean) + e`` (Dickey and Fuller, JASA 74, 1979); ``error`` is the slope's standard
    error and ``noise`` the sum of squares of e over the number of changes.

    Examples
    --------
    >>> Reversion._fields
    ('slope', 'error', 'mean', 'noise')
    """

    slope: Floats
    error: Floats
    mean: Floats
    noise: Floats


class RollingReversion:
    """Regress the one-bar change on the level before, with intercept, over the last ``window`` bars.

    Parameters
    ----------
    window
        Bars, at least 4; they make ``window - 1`` changes.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    ``slope = S_ld / S_ll``, ``mean = mean level - mean change / slope``: Dickey and Fuller, JASA 74 (1979).

    Examples
    --------
    >>> RollingReversion(5).update([1.0, 0.5, 0.25, 0.125, 0.0625]).slope
    array([ nan,  nan,  nan,  nan, -0.5])
    """

    def __init__(self, window: int, *, first_bar: int = 0) -> None:
        self._moments = SlidingMoments(2, window - 1, least=3, first_bar=first_bar + 1)
        self._count = window - 1
        self._last: float | None = None

    def update(self, values: ArrayLike) -> Reversion:
        """Take in the next bars; NaN until full, or where the level did not move."""
        now = series(values)
        before = np.concatenate([[np.nan if self._last is None else self._last], now[:-1]])[: len(now)]
        is_first, self._last = self._last is None, float(now[-1]) if len(now) else self._last
        if is_first and len(now):
            rest = self._regress(before[1:], now[1:])
            return Reversion(*(np.concatenate([[np.nan], column]) for column in rest))
        return self._regress(before, now)

    def _regress(self, level: Floats, now: Floats) -> Reversion:
        moments = self._moments.update(level, now - level)
        square, product = moments.product(0, 0), moments.product(0, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(square > 0.0, product / square, np.nan)
            # A perfect fit may leave a trifle below zero.
            left = np.maximum(moments.product(1, 1) - slope * product, 0.0)
            error = np.sqrt(left / (self._count - 2) / square)
            mean = moments.mean(0) - moments.mean(1) / slope
        return Reversion(slope, error, mean, left / self._count)
