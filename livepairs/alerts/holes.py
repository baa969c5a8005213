"""Trade ids of one symbol that must exist and have not come yet, known at the end of each bar.

A venue numbers its trades without holes, so an id between two that came is missing. It is looked for ten minutes, and
then given up: what has not come by then the venue no longer has.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["GIVEN_UP_US", "Holes"]

GIVEN_UP_US: Final = 600_000_000


class Holes:
    """The holes of one symbol, as they were at the last bar that was handed in.

    Parameters
    ----------
    interval_us
        Length of a bar.
    """

    def __init__(self, interval_us: int) -> None:
        self._lasts = max(1, -(-GIVEN_UP_US // interval_us))
        self._top: int | None = None
        # Noticed at which bar, first id, and how many are missing still: all in the order in which they were noticed,
        # which is that of their ids.
        self._holes = np.empty((3, 0), np.int64)

    def update(self, bars: NDArray[np.int64], ids: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Take in the ids that came in each of some bars, and return whether any was missing at its end.

        Parameters
        ----------
        bars
            Numbers of consecutive bars, ``(n_bars,)``.
        ids
            Of the trades that came, those of each bar rising, the first bar's first.
        rows
            How many of them each bar has, ``(n_bars,)``.
        """
        is_open = np.zeros(len(bars), np.bool_)
        if self._is_seamless(ids):
            return is_open
        ends = np.cumsum(rows)
        for place, (bar, end, count) in enumerate(zip(bars.tolist(), ends.tolist(), rows.tolist(), strict=True)):
            if count:
                self._take(bar, ids[end - count : end])
            if self._holes.shape[1]:
                left = self._holes[2] > 0
                self._holes = self._holes[:, left & (bar - self._holes[0] < self._lasts)]
                is_open[place] = self._holes.shape[1] > 0
        return is_open

    def _is_seamless(self, ids: NDArray[np.int64]) -> bool:
        """Take in ids that follow on each other without a hole, as nearly all do; return whether they were such."""
        if self._holes.shape[1]:
            return False
        if len(ids) == 0:
            return True
        starts_well = self._top is None or ids[0] == self._top + 1
        if not (starts_well and bool((np.diff(ids) == 1).all())):
            return False
        self._top = int(ids[-1])
        return True

    def _take(self, bar: int, ids: NDArray[np.int64]) -> None:
        """Take in the ids of one bar: fill holes with the older, and find new ones among the newer."""
        top = int(ids[0]) - 1 if self._top is None else self._top
        newer = ids[ids > top]
        self._fill(ids[: len(ids) - len(newer)])
        steps = np.diff(newer, prepend=top)
        at = np.flatnonzero(steps > 1)
        found = np.array([np.full(len(at), bar), newer[at] - steps[at] + 1, steps[at] - 1], np.int64)
        self._holes = np.concatenate((self._holes, found), axis=1)
        self._top = int(newer[-1]) if len(newer) else top

    def _fill(self, ids: NDArray[np.int64]) -> None:
        if len(ids) and self._holes.shape[1]:
            at = np.searchsorted(self._holes[1], ids, side="right") - 1
            np.subtract.at(self._holes[2], at[at >= 0], 1)
