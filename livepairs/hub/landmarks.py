"""The moments of a replay that one steps to: ticks, alerts, gaps and markers, before and after where it stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from livepairs.columns import ints_of
from livepairs.errors import ConfigError
from livepairs.schema import Marker
from livepairs.stores.markers import MarkerBook

if TYPE_CHECKING:
    from livepairs.hub.reel import Reel
    from livepairs.hub.run import Run
    from livepairs.stores.recording import Recording

__all__ = ["KINDS", "Landmarks"]

KINDS: Final = ("tick", "alert", "gap", "marker")
"""What can be stepped to, besides bars."""

FIRST_LOOK_US: Final = 1_000_000
"""How far ahead the next trade is looked for first; then ten times as far, and so on."""


class Landmarks:
    """Finds what lies next to a moment of one replay.

    Parameters
    ----------
    run
        The replay.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._book = MarkerBook(run.recording.path) if run.recording is not None else None

    @property
    def book(self) -> MarkerBook | None:
        """The markers that may be changed; None where there is no recording to keep them."""
        return self._book

    def markers(self) -> tuple[Marker, ...]:
        """Return those planted with the recording and those added since, in the order of time."""
        planted = () if self._run.recording is None else self._run.recording.markers
        added = () if self._book is None else self._book.markers()
        return tuple(sorted({*planted, *added}, key=lambda marker: (marker.ts_us, marker.label)))

    def alerts_us(self) -> list[int]:
        """Return the event times at which alerts fire or clear: all of the recording once it is computed ahead."""
        run, ahead = self._run, self._ahead()
        if ahead is not None:
            times = ahead.event_times_us()
        else:
            events = run.tables.events.since(None).rows
            times = sorted({time for batch in events.to_batches() for time in ints_of(batch.column("ts")).tolist()})
        closes_us = run.params.interval_us + run.params.grace_us
        return [time + closes_us for time in times]

    def alerts_stamp(self) -> object:
        """Return what is another as soon as ``alerts_us`` may return others."""
        ahead, events = self._ahead(), self._run.tables.events
        return (ahead, events.total_rows if ahead is None else ahead.event_count, self._run.state.generation)

    def _ahead(self) -> Reel | None:
        """Return what has been computed ahead, if that is further than the replay is."""
        ahead = self._run.ahead
        return ahead if ahead is not None and ahead.reached_us >= self._run.status.now_us else None

    def step(self, kind: str, direction: int) -> int:
        """Return the event time of the nearest one before or after where the replay stands.

        Parameters
        ----------
        kind
            One of ``KINDS``.
        direction
            -1 for before, 1 for after.

        Raises
        ------
        ConfigError
            If there is none in that direction, or it is not one of ``KINDS``.
        """
        recording, control = self._run.recording, self._run.control
        if recording is None or control is None or kind not in KINDS:
            raise ConfigError(f"there is no stepping by {kind!r} here; use bar, {', '.join(KINDS)} in a replay")
        here_us = control.goal_us
        if kind == "tick":
            found = _tick(recording, self._run.legs, here_us, direction)
        else:
            found = _beside(self._times(kind), here_us, direction)
        if found is None:
            where = "before this moment" if direction < 0 else self._nothing_ahead(kind)
            raise ConfigError(f"there is no {kind} {where}")
        return found

    def _times(self, kind: str) -> Sequence[int]:
        if kind == "alert":
            return self.alerts_us()
        if kind == "gap":
            return sorted({gap.start_us for gap in self._run.gaps})
        return sorted({marker.ts_us for marker in self.markers()})

    def _nothing_ahead(self, kind: str) -> str:
        is_known = kind != "alert" or (self._run.ahead is not None and self._run.ahead.is_whole)
        return "after this moment" if is_known else "known yet after this moment: they are being computed, try again"


def _beside(times: Sequence[int], here_us: int, direction: int) -> int | None:
    place = bisect_left(times, here_us) - 1 if direction < 0 else bisect_right(times, here_us)
    return times[place] if 0 <= place < len(times) else None


def _tick(recording: Recording, symbols: tuple[str, ...], here_us: int, direction: int) -> int | None:
    """Return when the nearest trade of some symbols was."""
    if direction < 0:
        before = [found[0] for symbol in symbols if (found := recording.last_trade_before(symbol, here_us))]
        return max(before, default=None)
    reach_us = FIRST_LOOK_US
    while True:
        rows = recording.trades(symbols=symbols, start_us=here_us + 1, end_us=here_us + 1 + reach_us, columns=["ts"])
        if len(rows):
            return min(int(ints_of(batch.column("ts")).min()) for batch in rows.to_batches() if batch.num_rows)
        if here_us + reach_us >= recording.end_us:
            return None
        reach_us *= 10
