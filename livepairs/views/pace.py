"""How often a panel shows something new while everything moves; when it stands still, at once."""

from __future__ import annotations

from time import monotonic
from typing import Final

from livepairs.hub import Run

__all__ = ["CHARTS_S", "FIGURES_S", "Pace"]

CHARTS_S: Final = 0.18
"""Charts: what a browser without a graphics card can draw beside everything else, and smooth enough for the eye."""

FIGURES_S: Final = 0.24
"""Figures that change more often cannot be read."""


class Pace:
    """Says whether it is time again.

    Parameters
    ----------
    period_s
        Seconds between updates while the run plays.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last_s = float("-inf")
        self._generation = -1

    def is_due(self, run: Run) -> bool:
        """Return whether to show what is new: the period is over, the run stands, or it has jumped in time."""
        now_s, state = monotonic(), run.state
        if state.status == "playing" and state.generation == self._generation and now_s - self._last_s < self._period_s:
            return False
        self._last_s, self._generation = now_s, state.generation
        return True
