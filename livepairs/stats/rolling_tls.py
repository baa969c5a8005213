"""Hedge ratio by total least squares: both legs are taken to be noisy, so neither is "the" regressor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import require
from livepairs.stats.compiled import part
from livepairs.stats.hedge import Hedge
from livepairs.stats.moments import LegsWindow
from livepairs.stats.rolling_ols import relation

__all__ = ["RollingTls"]


@part
def tls_slope(yy: float, yx: float, xx: float, noise_ratio: float) -> float:
    """Return the slope of the nearest line from sums of squares and products, as ``RollingTls``; NaN where none is.

    Notes
    -----
    See ``RollingTls`` (Deming 1943).

    Examples
    --------
    >>> tls_slope(4.0, 2.0, 1.0, 1.0)
    2.0
    """
    gap = yy - noise_ratio * xx
    root = math.sqrt(gap * gap + 4.0 * noise_ratio * yx * yx)
    if gap < 0.0:
        return 2.0 * noise_ratio * yx / (root - gap)
    return (gap + root) / (2.0 * yx) if yx != 0.0 else math.nan


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
        sums = (moments.product(a, b).tolist() for a, b in ((0, 0), (0, 1), (1, 1)))
        beta = np.array([tls_slope(yy, yx, xx, self._noise_ratio) for yy, yx, xx in zip(*sums, strict=True)])
        return relation(moments, beta, ys, xs)
