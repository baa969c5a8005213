"""Lines over time on the shared axis: one chart, several columns of one source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.models import ColumnDataSource, Line, Span, TickFormatter
from bokeh.plotting import figure

from livepairs.views.palette import MUTED
from livepairs.views.timeaxis import TimeAxis

__all__ = ["Trace", "line_chart", "mark_level"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of a chart.

    Parameters
    ----------
    label, column, color
        Its name in the readout, its column in the source, its colour.
    digits
        Digits of its readout: a number, ``"compact"`` or ``"significant"``.
    width, dash
        How it is drawn; a width of 0 lets the axis make room for it without drawing it.
    """

    label: str
    column: str
    color: str
    digits: int | str = 2
    width: float = 1.5
    dash: str = "solid"


def line_chart(  # noqa: PLR0913 - what a chart looks like, everything beyond the traces by name
    axis: TimeAxis, source: ColumnDataSource, title: str, traces: Sequence[Trace], *, weight: float = 1.0,
    formatter: TickFormatter | None = None, is_last: bool = False, wait: str = "",
) -> tuple[Any, figure]:  # fmt: skip
    """Return the readout and the chart of some columns.

    Parameters
    ----------
    axis
        The page's time axis.
    source
        Rows with ``ts`` in milliseconds and the columns of the traces.
    title
        What the chart shows.
    traces
        Its lines, drawn in this order.
    weight
        Its share of the height.
    formatter
        How its values are written.
    is_last
        Whether it is the chart that shows the times.
    wait
        What to say while it has nothing to show yet.
    """
    chart = axis.figure(weight=weight, min_height=58, is_last=is_last, formatter=formatter)
    for trace in traces:
        line = Line(x="ts", y=trace.column, line_color=trace.color, line_width=trace.width or 1, line_dash=trace.dash)
        line.line_alpha = 1.0 if trace.width else 0.0
        chart.add_glyph(source, line)
    fields = [
        {"label": trace.label, "field": trace.column, "digits": trace.digits, "color": trace.color}
        for trace in traces
        if trace.label
    ]
    return axis.readout(source, title, fields, wait=wait), chart


def mark_level(chart: figure, level: float, *, color: str = MUTED, dash: str = "dashed") -> None:
    """Draw a horizontal line at a fixed value."""
    chart.add_layout(Span(location=level, dimension="width", line_color=color, line_dash=dash, line_width=1))
