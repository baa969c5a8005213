"""Which rows of long lines are to be drawn, so that no peak is lost and it does not matter how they were cut. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["extremes"]


def extremes(ts: NDArray[np.int64], series: Sequence[NDArray[np.float64]], length_us: int) -> NDArray[np.int64]:
    """Return of each stretch of time its first row, its last, and the lowest and highest of each series.

    Stretches begin at multiples of their length, so the extremes of long stretches among the extremes of shorter ones,
    of which they are made, are those among all rows.

    Parameters
    ----------
    ts
        Microseconds, ascending, shape ``(n,)``.
    series
        What is drawn, each ``(n,)``; NaN is neither low nor high.
    length_us
        Length of a stretch.

    Returns
    -------
    rows
        Row numbers, ascending.

    Examples
    --------
    >>> extremes(np.arange(8), [np.array([1.0, 3, 0, 2, 5, 5, 5, 5])], 4).tolist()
    [0, 1, 2, 3, 4, 7]
    """
    if not len(ts):
        return np.empty(0, np.int64)
    stretch = ts // length_us
    firsts = np.flatnonzero(np.diff(stretch, prepend=stretch[0] - 1))
    counts = np.diff(firsts, append=len(ts))
    kept = [firsts, firsts + counts - 1]
    for values in series:
        for signed in (values, -values):
            finite = np.where(np.isfinite(signed), signed, np.inf)
            lowest = np.repeat(np.minimum.reduceat(finite, firsts), counts)
            places = np.flatnonzero(finite == lowest)
            # Of equals the first, whichever rows were left out before.
            kept.append(places[np.unique(stretch[places], return_index=True)[1]])
    return np.unique(np.concatenate(kept))
