"""Ornstein-Uhlenbeck fit: speed, mean and volatility of a spread in continuous time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats, finite_series, require
from livepairs.stats.reversion import RollingReversion

__all__ = ["OrnsteinUhlenbeck", "RollingOrnsteinUhlenbeck", "fit_ornstein_uhlenbeck"]


class OrnsteinUhlenbeck(NamedTuple):
    """``dX = speed (mean - X) dt + sigma dW``, ``(n,)`` each (or numbers, of a single window).

    Notes
    -----
    ``stationary_std = sigma / sqrt(2 speed)``: Uhlenbeck and Ornstein, Physical Review 36 (1930).

    Examples
    --------
    >>> OrnsteinUhlenbeck(speed=2.0, mean=0.0, sigma=2.0, stationary_std=1.0).stationary_std
    1.0
    """

    speed: Floats
    mean: Floats
    sigma: Floats
    stationary_std: Floats


class RollingOrnsteinUhlenbeck:
    """Fit the process to the last ``window`` bars.

    Parameters
    ----------
    window
        Bars, at least 4.
    bar_length
        Time between two bars, in the unit that ``speed`` is to be per.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    The exact discrete form ``X_t = mean + b (X_(t-1) - mean) + e`` with ``b = exp(-speed dt)`` and
    ``var e = sigma^2 (1 - b^2) / (2 speed)``, by conditional maximum likelihood: Phillips, Econometrica 40 (1972). NaN
    where b is not between 0 and 1. For short windows the speed is too high on average (about 4 / span).

    Examples
    --------
    >>> fit = RollingOrnsteinUhlenbeck(5).update([1.0, 0.5, 0.25, 0.125, 0.0625])
    >>> fit.speed[-1].round(6), abs(fit.mean[-1].round(6))
    (np.float64(0.693147), np.float64(0.0))
    """

    def __init__(self, window: int, *, bar_length: float = 1.0, first_bar: int = 0) -> None:
        require("bar length", bar_length, 1e-300)
        self._bar_length = bar_length
        self._reversion = RollingReversion(window, first_bar=first_bar)

    def update(self, values: ArrayLike) -> OrnsteinUhlenbeck:
        """Take in the next bars and return the process at each."""
        found = self._reversion.update(values)
        slope = np.where((found.slope < 0.0) & (found.slope > -1.0), found.slope, np.nan)
        speed = -np.log1p(slope) / self._bar_length
        # 1 - b^2 with b = 1 + slope, written so that it does not cancel.
        stationary = found.noise / (-slope * (2.0 + slope))
        mean = np.where(np.isnan(slope), np.nan, found.mean)
        return OrnsteinUhlenbeck(speed, mean, np.sqrt(2.0 * speed * stationary), np.sqrt(stationary))


def fit_ornstein_uhlenbeck(values: ArrayLike, *, bar_length: float = 1.0) -> OrnsteinUhlenbeck:
    """Return the process fitted to one whole series, as numbers.

    Notes
    -----
    ``RollingOrnsteinUhlenbeck`` over a window of the whole length (Phillips, Econometrica 40, 1972).

    Examples
    --------
    >>> float(fit_ornstein_uhlenbeck([1.0, 0.5, 0.25, 0.125, 0.0625], bar_length=0.5).speed.round(6))
    1.386294
    """
    series = finite_series(values, least=4)
    found = RollingOrnsteinUhlenbeck(len(series), bar_length=bar_length).update(series)
    return OrnsteinUhlenbeck(*(column[-1] for column in found))
