"""Lines over time on the shared axis: one chart, several columns of one source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.models import ColumnDataSource, Line, Range1d, Span, TickFormatter
from bokeh.plotting import figure

from livepairs.views.charts.candleset import CandleSet
from livepairs.views.charts.timeaxis import Scale, TimeAxis
from livepairs.views.palette import MUTED

__all__ = ["Trace", "line_chart", "mark_level"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of a chart.

    Parameters
    ----------
    label, column, color
        Its name in the legend, its column in the source, its colour.
    digits
        Digits of its value there: a number, ``"compact"`` or ``"significant"``.
    width, dash
        How it is drawn; a width of 0 lets the axis make room for it without drawing it.
    is_fitted
        Whether the axis makes room for it.
    """

    label: str
    column: str
    color: str
    digits: int | str = 2
    width: float = 1.5
    dash: str = "solid"
    is_fitted: bool = True


def line_chart(  # noqa: PLR0913 - what a chart looks like, everything beyond the traces by name
    axis: TimeAxis, source: ColumnDataSource, title: str, traces: Sequence[Trace], *, weight: float = 1.0,
    formatter: TickFormatter | None = None, is_last: bool = False, wait: str = "", padding: float = 0.12,
    least: float = 0.0, candles: Callable[[figure], CandleSet] | None = None, candle_digits: int | str = 2,
    is_rebased: bool = False,
) -> figure:  # fmt: skip
    """Return the chart of some columns.

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
    padding, least
        Room around the values, as a share of their span, and the span the axis never falls below.
    candles, candle_digits
        Draws candles over the lines, whose values then come first in the legend, with these digits.
    is_rebased
        Draw each line so that it is 100 where the window begins, whatever its values are.
    """
    chart = axis.chart(weight=weight, min_height=56, is_last=is_last, formatter=formatter)
    own = {trace.column: Range1d(0, 1, syncable=False) for trace in traces if is_rebased}
    chart.extra_y_ranges = own
    for trace in traces:
        if trace.width:
            line = Line(x="ts", y=trace.column, line_color=trace.color, line_width=trace.width, line_dash=trace.dash)
            chart.add_glyph(source, line, y_range_name=trace.column if is_rebased else "default")
    fields: list[dict[str, Any]] = [
        {"label": trace.label, "field": trace.column, "digits": trace.digits, "color": trace.color}
        for trace in traces
        if trace.label
    ]
    values = [(source, trace.column) for trace in traces if trace.is_fitted]
    if candles is not None:
        drawn = candles(chart)
        values += [(rows, name) for rows in (drawn.closed, drawn.forming) for name in ("low", "high")]
        prices = [{"label": name[0].upper(), "field": name, "digits": candle_digits, "from": drawn.closed.id}
                  for name in ("open", "high", "low", "close")]  # fmt: skip
        fields = [*prices, *fields]
    scale = Scale(chart.y_range, values, padding=padding, least=least, own=list(own.values()))
    axis.describe(chart, source, title, fields, scales=[scale], wait=wait, is_last=is_last)
    return chart


def mark_level(chart: figure, level: float, *, color: str = MUTED, dash: str = "dashed") -> None:
    """Draw a horizontal line at a fixed value."""
    chart.add_layout(Span(location=level, dimension="width", line_color=color, line_dash=dash, line_width=1))
