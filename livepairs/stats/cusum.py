"""CUSUM: whether the relation between the legs has held, and still does."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, finite_series, require, two_finite_series, two_series
from livepairs.stats.newey_west import long_run_variance

__all__ = ["CusumMonitor", "CusumTest", "Monitoring", "ols_cusum"]


class CusumTest(NamedTuple):
    """What the test says; ``peak`` is the bar, counted from 0, at whose end the sum strayed most.

    Notes
    -----
    ``p`` is Kolmogorov's distribution, of a Brownian bridge's maximum (Ploberger and Kramer 1992).

    Examples
    --------
    >>> CusumTest(2.9518, 5.409e-08, 27).peak
    27
    """

    stat: float
    p: float
    peak: int


def ols_cusum(y: ArrayLike, x: ArrayLike | None = None, *, lags: int | None = None) -> CusumTest:
    """Test the hypothesis that one relation held over the whole window; a small p speaks for a break.

    Parameters
    ----------
    y
        The left-hand side, ``(n,)``.
    x
        The right-hand side; None tests y's mean.
    lags
        Lags of the residuals' long-run variance. 0 is the classical test, right only if residuals do not resemble
        their neighbours; None chooses by ``andrews_lags``, as a mean-reverting spread needs.

    Raises
    ------
    ConfigError
        If a series is too short or not finite, or the fit is exact.

    Notes
    -----
    ``max |sum_(i<=t) e_i| / (s sqrt(n))`` with OLS residuals e: Ploberger and Kramer, Econometrica 60 (1992); for
    ``lags=0`` equal to ``statsmodels.stats.diagnostic.breaks_cusumolsresid``. A batch form for a window that is over;
    ``CusumMonitor`` watches one that goes on.

    Examples
    --------
    >>> ols_cusum([0.1, -0.1, 0.2, -0.2, 0.0, 5.1, 4.9, 5.2, 4.8, 5.0], lags=0).peak
    4
    """
    from scipy.special import kolmogorov

    residuals = _residuals(y, x)
    sums = np.abs(np.cumsum(residuals))
    stat = float(sums.max()) / math.sqrt(len(residuals) * long_run_variance(residuals, lags=lags))
    return CusumTest(stat, float(kolmogorov(stat)), int(sums.argmax()))


def _residuals(y: ArrayLike, x: ArrayLike | None) -> Floats:
    ys = finite_series(y, least=8)
    away: Floats = ys - ys.mean()
    if x is not None:
        x_away = two_finite_series(ys, x, least=8)[1]
        x_away = x_away - x_away.mean()
        square = float(x_away @ x_away)
        away = away - x_away * (float(x_away @ away) / square) if square > 0.0 else away
    if not away.std() > 1e-14 * np.abs(ys).max():
        raise ConfigError("the fit is exact; its residuals are rounding and say nothing of breaks")
    return away


class Monitoring(NamedTuple):
    """The monitor at each bar, ``(n,)`` each.

    Notes
    -----
    ``p`` is the probability that an intact relation ever gets a ``stat`` this high, however long one watches (Horvath,
    Huskova, Kokoszka and Steinebach 2004).

    Examples
    --------
    >>> Monitoring._fields
    ('stat', 'p')
    """

    stat: Floats
    p: Floats


class CusumMonitor:
    """Watch, bar by bar, whether a relation fitted on history still holds.

    Parameters
    ----------
    beta, alpha
        The relation, fitted on the history.
    history
        Its residuals over the ``m`` bars of history, ``(m,)``.
    lags
        Lags of their long-run variance; None chooses by ``andrews_lags``.

    Raises
    ------
    ConfigError
        If the history is too short, or its residuals are all zero.

    Notes
    -----
    ``|sum of residuals since| / (s sqrt(m) (1 + k / m))`` after k bars, whose supremum over all k tends to that of
    ``|W|`` on [0, 1]: Horvath, Huskova, Kokoszka and Steinebach, Journal of Statistical Planning and Inference 126
    (2004), gamma 0. Above 2.2414 at 5 %. p is of the highest stat so far, so it never rises.

    Examples
    --------
    >>> monitor = CusumMonitor(1.0, 0.0, np.tile([0.1, -0.1], 20), lags=0)
    >>> monitor.update([5.1, 5.9, 7.1], [5.0, 6.0, 7.0]).stat.round(3)
    array([0.154, 0.   , 0.147])
    """

    def __init__(self, beta: float, alpha: float, history: ArrayLike, *, lags: int | None = None) -> None:
        residuals = finite_series(history, least=8)
        require("beta", abs(beta), 0.0)
        require("alpha", abs(alpha), 0.0)
        self._beta, self._alpha = beta, alpha
        self._bars = len(residuals)
        self._scale = math.sqrt(self._bars * long_run_variance(residuals - residuals.mean(), lags=lags))
        if not self._scale > 0.0:
            raise ConfigError("residuals of the history are all the same; there is no scale to judge by")
        self._sum = 0.0
        self._since = 0
        self._highest = 0.0

    def update(self, y: ArrayLike, x: ArrayLike) -> Monitoring:
        """Take in the next bars and return the monitor at each."""
        ys, xs = two_series(y, x)
        residuals = ys - self._alpha - self._beta * xs
        # Added one after the other onto what there was, so that slices add up to the same bits.
        sums = np.cumsum(np.concatenate([[self._sum], residuals]))[1:]
        since = self._since + np.arange(1, len(ys) + 1)
        stat = np.abs(sums) / (self._scale * (1.0 + since / self._bars))
        highest = np.maximum.accumulate(np.concatenate([[self._highest], stat]))
        self._sum = float(sums[-1]) if len(ys) else self._sum
        self._since += len(ys)
        self._highest = float(highest[-1])
        return Monitoring(stat, _ever_beyond(highest[1:]))


def _ever_beyond(level: Floats) -> Floats:
    """Return P(max |W| on [0, 1] > level), by the reflection series (Feller, volume 2, section X.5)."""
    safe = np.maximum(level, 1e-3)[:, None]
    odd = 2.0 * np.arange(60) + 1.0
    signs = np.where(np.arange(60) % 2 == 0, 1.0, -1.0)
    within = (4.0 / np.pi) * (signs / odd * np.exp(-((np.pi * odd / safe) ** 2) / 8.0)).sum(axis=1)
    # Far out the tail of one side, twice, is what is left; 1 minus the series would be rounding.
    from scipy.special import erfc

    far = 2.0 * erfc(level / math.sqrt(2.0)) - 2.0 * erfc(3.0 * level / math.sqrt(2.0))
    found: Floats = np.where(level > 2.0, far, np.clip(1.0 - within, 0.0, 1.0))
    return found
