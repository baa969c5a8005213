"""Hedge ratio by total least squares: both legs are taken to be noisy, so neither is "the" regressor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import require
from livepairs.stats.hedge import Hedge
from livepairs.stats.moments import LegsWindow
from livepairs.stats.rolling_ols import relation

__all__ = ["RollingTls"]


class RollingTls(LegsWindow):
    """Fit the line with the least squared distance to the last ``window`` points.

    Parameters
    ----------
    window
        Bars, at least 2.
    noise_ratio
        Variance of y's noise over that of x's. 1 is orthogonal regression, whose slope of x on y is exactly one over
        that of y on x; other values are Deming's regression.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    ``beta = (d + sqrt(d^2 + 4 r S_xy^2)) / (2 S_xy)`` with ``d = S_yy - r S_xx`` and noise ratio r: Pearson,
    Philosophical Magazine 2 (1901); Deming (1943). Where d is negative the same number is computed as
    ``2 r S_xy / (sqrt(...) - d)``, which does not cancel.

    Examples
    --------
    Pearson's own ten points.

    >>> x = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    >>> y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    >>> line = RollingTls(10).update(y, x)
    >>> line.beta[-1].round(6), line.alpha[-1].round(6)
    (np.float64(-0.545561), np.float64(5.784044))
    """

    def __init__(self, window: int, *, noise_ratio: float = 1.0, first_bar: int = 0) -> None:
        require("noise ratio", noise_ratio, 1e-12)
        self._noise_ratio = noise_ratio
        super().__init__(window, first_bar=first_bar)

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars; NaN until full, and where no line is nearer than all others."""
        ys, xs, moments = self._take(y, x)
        xy = moments.product(0, 1)
        gap = moments.product(0, 0) - self._noise_ratio * moments.product(1, 1)
        root = np.sqrt(gap * gap + 4.0 * self._noise_ratio * xy * xy)
        with np.errstate(divide="ignore", invalid="ignore"):
            beta = np.where(gap < 0.0, 2.0 * self._noise_ratio * xy / (root - gap), (gap + root) / (2.0 * xy))
        beta[~np.isfinite(beta)] = np.nan
        return relation(moments, beta, ys, xs)
