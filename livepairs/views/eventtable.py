"""The alerts page: what fired and what cleared, newest first, and how often."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any, Final

import pandas as pd
import panel as pn
import pyarrow as pa
from panel.viewable import Viewable

from livepairs.hub import Run
from livepairs.schema import EVENTS
from livepairs.tables.ring import Cursor
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import LiveText
from livepairs.views.datatable import DataTable
from livepairs.views.pace import FIGURES_S, Pace
from livepairs.views.screen import sentence

__all__ = ["EventTable", "event_frame"]

_KEPT: Final = 2000
_MARKS: Final = {"fired": "▲ fired", "cleared": "▽ cleared"}
_HEIGHT: Final = (
    ":host { height: calc(round(down, 100vh - 232px, 30px) + 31px) !important; min-height: 331px; "
    "flex-basis: auto !important; } .pnx-tabulator.tabulator { height: 100% !important; }"
)
"""As high as the window allows, and whole rows: one that is cut looks like one that is missing."""
_COLUMNS: Final = ["Time (UTC)", "Event", "z", "Pair", "Level", "Message"]


def event_frame(events: pa.Table) -> pd.DataFrame:
    """Return EVENTS rows as the alerts table shows them, newest first."""
    rows = events.select(["ts", "subject", "kind", "value", "level", "message"]).to_pydict()
    times = [f"{ts:%Y-%m-%d %H:%M:%S}" for ts in rows["ts"]]
    kinds = [_MARKS.get(kind, kind) for kind in rows["kind"]]
    values = [numbers.fixed(value, 2, signed=True) for value in rows["value"]]
    columns = (times, kinds, values, rows["subject"], rows["level"], rows["message"])
    frame = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)), columns=_COLUMNS)
    return frame.iloc[::-1].reset_index(drop=True)


class EventTable:
    """The events of a run with their counts.

    Parameters
    ----------
    run
        The run that is watched.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._cursor: Cursor | None = None
        self._pace = Pace(FIGURES_S)
        self._rows = EVENTS.empty_table()
        entry, leave = run.params.entry, run.params.exit
        self._tiles = LiveText(
            markup=_markup(), stylesheets=[stylesheet("tiles")], sizing_mode="stretch_width", height=66, margin=0
        )
        self._empty = sentence(
            f"No alert yet. One fires when |z| of a pair reaches {entry:g} at a closed bar and clears when it is back "
            f"at {leave:g}."
        )
        self._table = DataTable(
            event_frame(self._rows), name="alerts", height=541, stylesheets=[stylesheet("datatable"), _HEIGHT],
            widths={"Time (UTC)": 150, "Event": 90, "z": 62, "Pair": 150, "Level": 90},
            text_align={"z": "right"},
        )  # fmt: skip
        self.view: Viewable = pn.Column(self._tiles, self._empty, self._table, margin=0, sizing_mode="stretch_width")

    def refresh(self) -> None:
        """Show what fired or cleared since."""
        if not self._pace.is_due(self._run):
            return
        delta = self._run.tables.events.since(self._cursor)
        is_first, self._cursor = self._cursor is None, delta.cursor
        if not (is_first or delta.is_reset or delta.rows.num_rows):
            return
        rows = delta.rows if delta.is_reset else pa.concat_tables([self._rows, delta.rows])
        self._rows = rows.slice(max(0, rows.num_rows - _KEPT))
        self._table.value = event_frame(self._rows)
        self._empty.visible = not self._rows.num_rows
        self._tiles.values = self._counts()

    def _counts(self) -> dict[str, str]:
        kinds = Counter(self._rows["kind"].to_pylist())
        last: Any = self._rows["ts"][-1].as_py() if self._rows.num_rows else None
        subjects, turns = self._rows["subject"].to_pylist(), self._rows["kind"].to_pylist()
        standing = dict(zip(subjects, turns, strict=True))  # the last one of a subject stands
        return {
            "fired": numbers.count(kinds["fired"]),
            "cleared": numbers.count(kinds["cleared"]),
            "standing": numbers.count(sum(kind == "fired" for kind in standing.values())),
            "last": f"{last:%H:%M:%S} UTC" if last else numbers.NONE,
        }


def _markup() -> str:
    tiles = {
        "fired": ("Fired", "Alerts since the replay's last jump, or since the start"),
        "cleared": ("Cleared", "Of these, how many have come back to the exit level"),
        "standing": ("Standing", "Pairs that are out now"),
        "last": ("Last event", "Bar of the newest event"),
    }
    return "".join(
        f'<div class="tile" title="{escape(tip)}"><span>{name}</span><b data-v="{key}">–</b></div>'
        for key, (name, tip) in tiles.items()
    )
