"""Hedge ratio by ordinary least squares over a sliding window."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats
from livepairs.stats.hedge import Hedge
from livepairs.stats.moments import LegsWindow, Moments

__all__ = ["RollingOls"]


class RollingOls(LegsWindow):
    """Regress y on x, with intercept, over the last ``window`` bars.

    Parameters
    ----------
    window
        Bars, at least 2.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    ``beta = S_yx / S_xx``, ``alpha = mean y - beta mean x`` with S the sums of products of deviations (Gauss, 1821).
    The columns ``beta``, ``alpha`` and ``spread`` of PAIRS are these.

    Examples
    --------
    Pearson's ten points (1901) have an OLS slope of -0.539577.

    >>> x = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    >>> y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    >>> RollingOls(10).update(y, x).beta[-1].round(6)
    np.float64(-0.539577)
    """

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars and return the relation at each; NaN until full, or where x did not move."""
        ys, xs, moments = self._take(y, x)
        xx = moments.product(1, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            beta = np.where(xx > 0.0, moments.product(0, 1) / xx, np.nan)
        return relation(moments, beta, ys, xs)


def relation(moments: Moments, beta: Floats, y: Floats, x: Floats) -> Hedge:
    """Return the line of slope ``beta`` through the window's means, and the newest bar's distance from it."""
    alpha = moments.mean(0) - beta * moments.mean(1)
    return Hedge(beta, alpha, moments.away(0, y) - beta * moments.away(1, x))
