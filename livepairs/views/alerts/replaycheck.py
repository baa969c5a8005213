"""Whether an alert that is replayed comes again: on the same bar, with the same values.

The id of an event is computed from all it says, value and message included, so an event with the same id is the same to
the last bit. What is shown is read from the run's events each time, so a jump back begins the wait anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

import param
import pyarrow as pa
import pyarrow.compute as pc
from panel.viewable import Viewable

from livepairs.errors import LivepairsError
from livepairs.hub import Hub, Run
from livepairs.schema import interval_us
from livepairs.stores.history_rows import HistoryRow
from livepairs.views import numbers
from livepairs.views.aside import Aside
from livepairs.views.assets import module, stylesheet
from livepairs.views.component import Lively
from livepairs.views.pace import FIGURES_S, Pace

__all__ = ["ReplayCheck", "Verdict", "verdict"]

LOOKED_AT: Final = 20_000
"""Newest events of the run among which the alert is looked for."""

State = Literal["waiting", "same", "other", "absent"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of an alert in a replay.

    Parameters
    ----------
    state
        ``waiting`` for its bar, ``same`` to the last bit, ``other`` (the rule spoke at that bar, but said something
        else) or ``absent``.
    words
        The same in a sentence.
    """

    state: State
    words: str


def verdict(expected: HistoryRow, events: pa.Table, *, now_us: int, close_us: int) -> Verdict:
    """Say whether an alert has come again.

    Parameters
    ----------
    expected
        The event as it is kept.
    events
        EVENTS of the replay so far.
    now_us
        Event time the replay is at.
    close_us
        When its bar closes, grace included.
    """
    verb = "Fired" if expected.kind == "fired" else "Cleared"
    if expected.id in events["id"].to_pylist():
        value = f": {numbers.fixed(expected.value, 4, signed=True)}" if expected.has_value else ""
        return Verdict("same", f"{verb} again on the same bar with the same values{value}, id {expected.id}")
    if now_us < close_us:
        left_s = (close_us - now_us) / 1e6
        return Verdict("waiting", f"Its bar closes in {numbers.duration(left_s)} of event time")
    at_bar = pc.and_(
        pc.equal(events["ts"].cast(pa.int64()), expected.ts_us),
        pc.and_(pc.equal(events["rule"], expected.rule), pc.equal(events["subject"], expected.subject)),
    )
    said = events.filter(at_bar)["message"].to_pylist()
    if said:
        return Verdict("other", f"The rule spoke at this bar and said something else: {said[0]}")
    return Verdict("absent", "It did not come again at its bar: windows, rules or rows are not those of then")


class CheckStrip(Lively):
    """One line: which alert is replayed, and whether it came again."""

    state = param.String(default="waiting", doc="waiting, same, other, absent or unknown.")
    title = param.String(default="", doc="What the alert said, and when.")
    words = param.String(default="", doc="What has become of it.")
    level = param.String(default="warning", doc="How loud it is.")

    _esm: ClassVar[Path] = module("replaycheck")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("replaycheck")]


class ReplayCheck:
    """Watches a run for an event it is to make again.

    Parameters
    ----------
    hub
        Has the history.
    run
        The replay.
    event_id
        The event, from the address, so anything.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, run: Run, event_id: str, notify: Callable[[], None]) -> None:
        self._hub, self._run, self._id = hub, run, event_id
        self._looking: Aside[HistoryRow | None] = Aside(notify)
        self._expected: HistoryRow | None = None
        self._is_asked = False
        self._pace = Pace(FIGURES_S)
        self.strip = CheckStrip(name="replay-check", sizing_mode="stretch_width", margin=0)
        self.view: Viewable = self.strip

    def begin(self) -> None:
        """Look the event up; the browser has connected."""
        chronicle, event_id = self._hub.chronicle, self._id
        self._looking.ask(lambda: chronicle.history.find(event_id))
        self._is_asked = True

    def refresh(self) -> None:
        """Show what has become of it."""
        if not self._is_asked:
            return
        found = self._looking.take()
        if isinstance(found, LivepairsError):
            self.strip.param.update(state="unknown", words=str(found))
        elif found is not None:
            self._show_event(found)
        elif self._expected is None and not self._looking.is_busy:
            self.strip.param.update(state="unknown", words=f"No event {self._id[:40]} is kept here.")
        if self._expected is not None and self._pace.is_due(self._run):
            self._judge(self._expected)

    def close(self) -> None:
        """Let go; the page is gone."""
        self._looking.close()

    def _show_event(self, event: HistoryRow) -> None:
        self._expected = event
        at = numbers.day_clock(event.ts_us)
        self.strip.param.update(title=f"{event.message} · {event.rule} · {at}", level=event.level)
        self._judge(event)

    def _judge(self, event: HistoryRow) -> None:
        params = self._run.params
        close_us = event.ts_us + interval_us(params.interval) + params.grace_us
        found = verdict(
            event, self._run.tables.events.tail(LOOKED_AT), now_us=self._run.status.now_us, close_us=close_us
        )
        self.strip.param.update(state=found.state, words=found.words)
