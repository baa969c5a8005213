"""How often a panel shows something new while everything moves; when it stands still, at once."""

from __future__ import annotations

from time import monotonic
from typing import Final

from livepairs.hub import Run
from livepairs.hub.publisher import current_beat
from livepairs.views.shared import shared

__all__ = ["CHARTS_S", "FIGURES_S", "Pace"]

CHARTS_S: Final = 0.18
"""Charts: what a browser without a graphics card can draw beside everything else, and smooth enough for the eye."""

FIGURES_S: Final = 0.24
"""Figures that change more often cannot be read."""

SEEK_S: Final = 0.5
"""A moment that is there sooner shows once; one that takes longer shows what there is on the way."""


class Pace:
    """Says whether it is time again.

    Where it heeds bars, one that closes does not wait for the next time, unless one was shown a moment ago: at the pace
    of life bars are a second apart, and what moves between them may wait.

    Parameters
    ----------
    period_s
        Seconds between updates while the run plays.
    heeds_bars
        Whether a closed bar is shown at once.
    """

    def __init__(self, period_s: float, *, heeds_bars: bool = False) -> None:
        self._period_s = period_s
        self._heeds_bars = heeds_bars
        self._last_s = float("-inf")
        self._generation = self._sought = -1
        self._bars = 0
        self._closed_s = float("-inf")

    def is_due(self, run: Run) -> bool:
        """Return whether to show what is new: the period is over, a bar has closed, the run stands or has jumped."""
        now_s, state = monotonic(), run.state
        if state.is_seeking:
            return self._is_long_sought(state.generation, now_s)
        bars = _bars_shown(run) if self._heeds_bars else 0
        has_closed = bars != self._bars and now_s - self._closed_s >= self._period_s
        is_over = now_s - self._last_s >= self._period_s
        if state.status == "playing" and state.generation == self._generation and not (is_over or has_closed):
            return False
        if bars != self._bars:
            self._bars, self._closed_s = bars, now_s
        self._last_s, self._generation = now_s, state.generation
        return True

    def _is_long_sought(self, generation: int, now_s: float) -> bool:
        """Return whether to show what there is of a moment on the way; the time begins with the first look at it."""
        is_new = generation != self._sought
        is_due = self._last_s == float("-inf") or (not is_new and now_s - self._last_s >= SEEK_S)
        if is_due or is_new:
            self._sought, self._last_s = generation, now_s
        return is_due


def _bars_shown(run: Run) -> int:
    """Return how many bars had closed when the first view of a beat looked.

    What that view was given is what all others of the beat are given: a bar that closes meanwhile shows in the next.
    """
    beat = current_beat()
    return shared(run, "bars shown", beat, lambda: run.tables.bars.total_rows) if beat else run.tables.bars.total_rows
