"""The last few backtests that were run, side by side: equity on one chart, parameters and metrics in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final

import panel as pn
from bokeh.models import DataRange1d, DatetimeAxis, Grid, MultiLine, NumeralTickFormatter
from bokeh.plotting import figure
from panel.viewable import Viewable

from livepairs.views import columns, metrictable
from livepairs.views.actiontext import ActionText
from livepairs.views.assets import stylesheet
from livepairs.views.backtestplan import FIELDS, Plan, as_texts
from livepairs.views.drawnrows import thinned
from livepairs.views.palette import DOWN, LEG_X, LEG_Y, MUTED, SECOND, UP
from livepairs.views.rehearsal import Rehearsal

__all__ = ["KEPT", "Comparison", "Kept", "compare_markup"]

KEPT: Final = 5
_COLORS: Final = (LEG_Y, LEG_X, UP, SECOND, DOWN)
_POINTS: Final = 600
_EMPTY: Final = (
    '<p class="quiet">Nothing to compare yet. Each backtest started with Run is kept here, the last '
    f"{KEPT} of them, with its equity, its parameters and its metrics side by side.</p>"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A backtest that is kept.

    Parameters
    ----------
    number, color
        Its name and colour.
    rehearsal
        The backtest.
    """

    number: int
    color: str
    rehearsal: Rehearsal


class Comparison:
    """The chart and the table.

    Parameters
    ----------
    load
        Called with the plan of a backtest that is to be run again.
    """

    def __init__(self, load: Callable[[Plan], None]) -> None:
        self._load = load
        self._kept: list[Kept] = []
        self._count = 0
        self._lines = columns.empty_source("compare", ["xs", "ys", "color"])
        self._table = ActionText(self._act, html=_EMPTY, sizing_mode="stretch_width", margin=0)
        chart = pn.pane.Bokeh(self._chart(), height=322, sizing_mode="stretch_width", margin=0)
        self.view: Viewable = pn.Column(
            chart, self._table, css_classes=["lp-compare"], stylesheets=[stylesheet("bench")], margin=0,
            sizing_mode="stretch_width",
        )  # fmt: skip

    def keep(self, rehearsal: Rehearsal) -> None:
        """Add a backtest; the oldest one goes when there are too many."""
        taken = {kept.color for kept in self._kept[-(KEPT - 1) :]}
        color = next(color for color in _COLORS if color not in taken)
        self._count += 1
        self._kept = [*self._kept, Kept(self._count, color, rehearsal)][-KEPT:]
        self._show()

    def _act(self, name: str, value: str | None) -> None:
        if name == "clear":
            self._kept = []
            self._show()
        chosen = next((kept for kept in self._kept if str(kept.number) == value), None)
        if name == "load" and chosen is not None:
            self._load(chosen.rehearsal.plan)

    def _show(self) -> None:
        drawn = [_line(kept.rehearsal) for kept in self._kept]
        self._lines.data = {
            "xs": [xs for xs, _ in drawn], "ys": [ys for _, ys in drawn], "color": [k.color for k in self._kept]
        }  # fmt: skip
        self._table.html = compare_markup(self._kept)

    def _chart(self) -> figure:
        chart = figure(
            x_range=DataRange1d(range_padding=0.02), y_range=DataRange1d(range_padding=0.1, default_span=0.01),
            x_axis_type=None, y_axis_location="right", tools="", toolbar_location=None, height=322,
            sizing_mode="stretch_width", outline_line_color=None, title="Return on capital", min_border_right=66,
        )  # fmt: skip
        axis = DatetimeAxis()
        chart.add_layout(axis, "below")
        chart.add_layout(Grid(dimension=0, ticker=axis.ticker))
        chart.yaxis.formatter = NumeralTickFormatter(format="0.0[0]%")
        chart.grid.grid_line_color, chart.grid.grid_line_alpha = MUTED, 0.15
        chart.add_glyph(self._lines, MultiLine(xs="xs", ys="ys", line_color="color", line_width=1.6))
        return chart


def compare_markup(kept: list[Kept]) -> str:
    """Return the table: parameters in which the backtests differ, then every metric."""
    if not kept:
        return _EMPTY
    heads = "".join(
        f'<th><i style="background:{k.color}"></i>Run {k.number}'
        f'<button data-act="load" data-value="{k.number}" title="Run it again with these parameters">load</button></th>'
        for k in kept
    )
    texts = [as_texts(k.rehearsal.plan) for k in kept]
    differing = [field for field in FIELDS if len({text[field.key] for text in texts}) > 1]
    rows = [
        _row(f"{field.label} {field.unit}".strip(), [text[field.key] for text in texts], "changed")
        for field in differing
    ]
    values = [metrictable.table_values(k.rehearsal.result) for k in kept]
    rows += [_row(line.name, [value[line.key] for value in values], "") for line in metrictable.lines()]
    clear = '<button data-act="clear" title="Forget these backtests">clear</button>'
    return f"<table><thead><tr><th>Kept{clear}</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(name: str, texts: list[str], kind: str) -> str:
    cells = "".join(f'<td class="{kind}">{escape(text)}</td>' for text in texts)
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _line(rehearsal: Rehearsal) -> tuple[list[float], list[float]]:
    ts, equity = columns.milliseconds(rehearsal.result.equity), columns.numbers(rehearsal.result.equity, "equity")
    if not len(ts):
        return [], []
    rows = thinned([equity], _POINTS)
    return ts[rows].tolist(), (equity[rows] / rehearsal.plan.rules.capital - 1.0).tolist()
