"""Pearson's correlation over a sliding window."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats
from livepairs.stats.moments import LegsWindow

__all__ = ["RollingCorrelation"]


class RollingCorrelation(LegsWindow):
    """Correlate two series over the last ``window`` bars.

    Parameters
    ----------
    window
        Bars, at least 2.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    ``S_yx / sqrt(S_yy S_xx)``: Pearson, Proceedings of the Royal Society 58 (1895). Hand in one-bar changes: levels
    that walk at random correlate by chance (Yule 1926). The column ``corr`` of PAIRS is this, of changes of the legs.
    On short bars it is biased towards zero, since the legs do not trade at the same moments; ``expected_epps`` says
    how much, ``HayashiYoshida`` is free of it.

    Examples
    --------
    >>> RollingCorrelation(3).update([1.0, 2.0, 3.0, 2.0], [2.0, 4.0, 6.0, 6.0])[2:]
    array([1. , 0.5])
    """

    def update(self, y: ArrayLike, x: ArrayLike) -> Floats:
        """Take in the next bars; NaN until full, and where a series does not move."""
        _, _, moments = self._take(y, x)
        yy, xx = moments.product(0, 0), moments.product(1, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = moments.product(0, 1) / (np.sqrt(yy) * np.sqrt(xx))
        return np.where((yy > 0.0) & (xx > 0.0), np.clip(found, -1.0, 1.0), np.nan)
