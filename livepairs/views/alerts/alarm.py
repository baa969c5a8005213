"""The bell in the header of every page: what fired while one looked elsewhere, as toasts and, if wanted, sounds.

What is shown and heard is for each visitor to choose, level by level, and remembered by the browser. An event is told
by its id, so neither a reload nor a second page tells it twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import panel as pn
import param
import pyarrow as pa
from panel.viewable import Viewable

from livepairs.hub import Run
from livepairs.schema import EVENTS
from livepairs.tables.ring import Cursor, Table
from livepairs.views import numbers
from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Lively
from livepairs.views.pace import FIGURES_S, Pace

__all__ = ["Alarm", "Bell"]

TOLD: Final = 24
"""Events handed to the browser at a time: of a storm the newest, and how many there were."""

NOTICED: Final = 4
"""Events of no run that are listed with a page's first."""

SWIFT: Final = 10.0
"""Speed of a replay above which toasts would cover the charts all the time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Bell(Lively):
    """The button, its list of recent events with the choice of what is told, and the toasts."""

    events = param.List(default=[], doc="The newest events, newest first, as Alarm.told makes them.")
    fresh = param.Integer(default=0, doc="How many of all events came since the last stamp.")
    is_swift = param.Boolean(default=False, doc="Whether alerts come too fast for toasts: the bell only counts them.")
    stamp = param.Integer(default=0, doc="Goes up with each change.")
    link = param.String(default="./alerts", doc="The alerts page of this run.")

    _esm: ClassVar[str] = script("make") + script("alarm")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("alarm")]


class Alarm:
    """Tells the browser of a run's events as they come.

    What was there when the page came, and what a jump in time brought along, is listed and not told.

    Parameters
    ----------
    run
        The run that is watched.
    query
        Query string that finds the run again.
    notices
        EVENTS rows of no run, as that a recording's replay is not what was live.
    """

    def __init__(self, run: Run, query: str = "", notices: Table | None = None) -> None:
        self._run = run
        self._notices = Table(EVENTS, limit_rows=1) if notices is None else notices
        self._cursor: Cursor | None = None
        self._noticed: Cursor | None = None
        self._pace = Pace(FIGURES_S)
        link = f"./alerts?{query}" if query else "./alerts"
        self.bell = Bell(name="bell", link=link, margin=(0, 2), align="center")
        # The bell hangs in the header; what is placed among the panels takes no room.
        self.view: Viewable = pn.Spacer(width=0, height=0, margin=0)

    def refresh(self) -> None:
        """Tell what fired or cleared since, and what has come of no run."""
        self._tell_notices()
        if not self._pace.is_due(self._run):
            return
        delta = self._run.tables.events.since(self._cursor)
        is_news, self._cursor = self._cursor is not None and not delta.is_reset, delta.cursor
        if not delta.rows.num_rows and not delta.is_reset:
            return
        told, earlier = _told(delta.rows), self.bell.events
        if delta.is_reset:
            told, earlier = _told(self._notices.tail(NOTICED)), told
        self.bell.show(
            events=[*told, *earlier][:TOLD],
            fresh=delta.rows.num_rows if is_news else 0,
            is_swift=self._run.state.speed > SWIFT,
            stamp=self.bell.stamp + 1,
        )

    def _tell_notices(self) -> None:
        delta = self._notices.since(self._noticed)
        is_news, self._noticed = self._noticed is not None and not delta.is_reset, delta.cursor
        if delta.rows.num_rows:
            told = _told(delta.rows)
            self.bell.show(
                events=[*told, *self.bell.events][:TOLD],
                fresh=len(told) if is_news else 0,
                is_swift=False,  # seldom, and of no replay's pace
                stamp=self.bell.stamp + 1,
            )


def _told(rows: pa.Table) -> list[dict[str, str]]:
    """Return the newest rows as the bell takes them, newest first."""
    newest = rows.slice(max(0, rows.num_rows - TOLD))
    # Not the times as they are: Arrow would import pandas to make Python's of them, half a second of a first page.
    times = newest["ts"].cast(pa.int64()).to_pylist()
    told = zip(newest.drop_columns("ts").to_pylist(), times, strict=True)
    return [told_event(row | {"ts": _EPOCH + timedelta(microseconds=time_us)}) for row, time_us in told][::-1]


def told_event(row: dict[str, Any]) -> dict[str, str]:
    """Return one row of EVENTS as the bell takes it: finished texts."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "level": row["level"],
        "rule": row["rule"],
        "subject": row["subject"],
        "message": row["message"],
        "time": f"{row['ts']:%H:%M:%S}",
        "day": f"{row['ts']:%Y-%m-%d %H:%M:%S} UTC",
        "value": numbers.fixed(row["value"], 2, signed=True),
    }
