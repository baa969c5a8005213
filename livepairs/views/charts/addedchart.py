"""One more chart on the spread page: any column of PAIRS that a viewer wants to see beside the others."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
from bokeh.models import Select, TickFormatter

from livepairs.hub import Run
from livepairs.schema import PAIRS, Pair
from livepairs.tables.ring import Cursor
from livepairs.views import columns
from livepairs.views.assets import stylesheet
from livepairs.views.charts.chartwindow import MOST_ROWS
from livepairs.views.charts.linechart import Trace, line_chart
from livepairs.views.charts.timeaxis import TimeAxis
from livepairs.views.palette import ACCENT

__all__ = ["ADDED", "AddedChart"]

_PICK_HEIGHT: Final = 38

_WORDS: Final = {
    "y_close": "close of Y",
    "x_close": "close of X",
    "beta": "hedge ratio β",
    "alpha": "intercept α",
    "spread": "spread",
    "mean": "mean of the spread",
    "std": "standard deviation of the spread",
    "z": "z-score",
    "corr": "correlation of changes",
    "coint_stat": "cointegration statistic",
    "coint_p": "cointegration p-value",
    "half_life": "half-life, bars",
}

ADDED: Final = {field.name: _WORDS.get(field.name, field.name) for field in PAIRS if pa.types.is_floating(field.type)}
"""Columns that can be added, and how they are called; one that is new in PAIRS goes by its own name."""


class AddedChart:
    """A chart that is not there until a column is picked, and the list it is picked from.

    Parameters
    ----------
    run, pair
        What is watched.
    axis
        The page's time axis.
    formatter
        How values are written on the right.
    """

    def __init__(self, run: Run, pair: Pair, axis: TimeAxis, formatter: TickFormatter) -> None:
        self._run = run
        self._pair = pair
        self._column = ""
        self._cursor: Cursor | None = None
        self.source = columns.empty_source("added", ["ts", "value"])
        trace = Trace(label="value", column="value", color=ACCENT, digits="significant")
        # The title travels with the rows: which column they are is not known before one is picked.
        self.chart = line_chart(axis, self.source, "Added", [trace], weight=1, formatter=formatter)
        self.chart.visible = False
        self.pick = Select(
            name="added-column", title="Chart to add", value="", options=[("", "Add a chart of …"), *ADDED.items()],
            height=_PICK_HEIGHT - 4, width=230, margin=0, styles={"flex": f"0 0 {_PICK_HEIGHT}px"},
            stylesheets=[stylesheet("chrome"), stylesheet("pick")],
        )  # fmt: skip
        self.pick.on_change("value", lambda _name, _old, new: self.show(new))

    def show(self, column: str) -> None:
        """Draw a column of PAIRS from the oldest row there is; none, or one that is not known, takes the chart away."""
        self._column = column if column in ADDED else ""
        self._cursor = None
        self.source.tags = [ADDED[self._column][:1].upper() + ADDED[self._column][1:]] if self._column else []
        self.refresh()
        self.chart.visible = bool(self._column)

    def give(self, rows: pa.Table) -> None:
        """Draw these PAIRS rows of the pair and no others, until ``refresh`` draws the newest again."""
        if self._column:
            self._cursor = None
            shown = {"ts": columns.milliseconds(rows), "value": columns.numbers(rows, self._column)}
            columns.grow(self.source, shown, is_reset=True, rollover=MOST_ROWS)

    def refresh(self) -> None:
        """Append the rows of the bars that closed, if a column is shown."""
        if not self._column:
            return
        is_first = self._cursor is None
        delta = self._run.tables.pairs.since(self._cursor)
        self._cursor = delta.cursor
        rows = columns.of(delta.rows, "pair", str(self._pair))
        if is_first or delta.is_reset or rows.num_rows:
            grown = {"ts": columns.milliseconds(rows), "value": columns.numbers(rows, self._column)}
            columns.grow(self.source, grown, is_reset=is_first or delta.is_reset)
