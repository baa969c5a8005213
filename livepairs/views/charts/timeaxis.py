"""The time axis the charts of a page share: one range, one set of ticks, one face in the browser.

Following happens in the browser. The range never travels to the server (``syncable=False``): a server that set it would
fight the user's hand, and a browser that reported it would send a message a frame. Its tags say ``follow`` or ``free``;
``["follow", ...]`` is all that whoever wants the charts to follow has to write there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    FixedTicker,
    Grid,
    LinearAxis,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    TickFormatter,
    WheelZoomTool,
)
from bokeh.plotting import figure

from livepairs.views.assets import stylesheet
from livepairs.views.charts.chartface import ChartFace
from livepairs.views.palette import MUTED

__all__ = ["LEGEND_HEIGHT", "Origin", "Scale", "TimeAxis", "windows"]

LEGEND_HEIGHT: Final = 24
"""Pixels above each chart in which its title and values stand."""

_WINDOW_BARS: Final = (120, 300, 900, 3000, 14_400, 86_400, 604_800)
_LEAD_BARS: Final = 6
_LONGEST_BARS: Final = 1_300_000
"""A fortnight of 1-s bars: no window is wider."""


def windows(interval_us: int) -> list[tuple[str, float]]:
    """Return the window lengths offered for an interval, as (label, milliseconds)."""
    return [(_length(bars * interval_us // 1_000_000), bars * interval_us / 1000) for bars in _WINDOW_BARS]


def _length(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class Scale:
    """How a value axis is fitted to what is in the window.

    Parameters
    ----------
    range
        The axis's range.
    values
        Columns it makes room for, as (source, column).
    padding
        Room around them, as a share of their span.
    least
        Span it never falls below.
    floor
        Where it begins, whatever the values are.
    share
        Share of the height that the highest value takes; then ``floor`` and no padding hold.
    own
        A range for each of ``values``, in which it is drawn: such that each is 100 where the window begins.
    """

    range: Range1d
    values: Sequence[tuple[ColumnDataSource, str]]
    padding: float = 0.12
    least: float = 0.0
    floor: float | None = None
    share: float | None = None
    own: Sequence[Range1d] = ()

    def as_spec(self) -> dict[str, Any]:
        """Return it as the browser reads it."""
        values = [(source.id, column) for source, column in self.values]
        parts = {"padding": self.padding, "least": self.least, "floor": self.floor, "share": self.share}
        return {"range": self.range.id, "values": values, "own": [one.id for one in self.own], **parts}


@dataclass(frozen=True, slots=True)
class Origin:
    """What the charts show, for titles of pictures and names of files.

    Parameters
    ----------
    title
        The pair.
    source
        Recording or feed, in words.
    files
        Key and label of each file that can be had of the rows.
    """

    title: str
    source: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Plot:
    chart: figure
    source: ColumnDataSource
    title: str
    fields: list[dict[str, Any]]
    wait: str
    is_last: bool
    scales: list[Scale] = field(default_factory=list)

    def as_spec(self) -> dict[str, Any]:
        return {
            "figure": self.chart.id, "source": self.source.id, "title": self.title, "fields": self.fields,
            "wait": self.wait, "isLast": self.is_last, "scales": [scale.as_spec() for scale in self.scales],
        }  # fmt: skip


class TimeAxis:
    """One time axis for all charts of a page.

    Parameters
    ----------
    interval_us
        Length of a bar.
    end_us
        Where the axis ends at first: the run's event time.
    visible_bars
        How many bars are in view at first.
    """

    def __init__(self, *, interval_us: int, end_us: int, visible_bars: int = 300) -> None:
        self.interval_ms = interval_us / 1000
        end = end_us / 1000 + _LEAD_BARS * self.interval_ms
        width = visible_bars * self.interval_ms
        self.range = Range1d(end - width, end, name="time-axis", tags=["follow"], syncable=False)
        self.range.min_interval = 10 * self.interval_ms
        self.range.max_interval = _LONGEST_BARS * self.interval_ms
        # The browser sets the ticks, on round times of the zone that is shown.
        self._ticker = FixedTicker(ticks=[], syncable=False)
        self._plots: list[_Plot] = []

    def chart(
        self, *, weight: float, min_height: int, is_last: bool = False, formatter: TickFormatter | None = None
    ) -> figure:
        """Return an empty chart on this axis; ``describe`` says what it shows.

        Parameters
        ----------
        weight
            Its share of the height that is left, against the other charts of the page.
        min_height
            Height in pixels it never falls below.
        is_last
            Whether it is the one that shows the times.
        formatter
            How the values are written on the right.
        """
        chart = figure(
            x_range=self.range, y_range=Range1d(0, 1, syncable=False), x_axis_type=None, y_axis_location="right",
            title=None, tools="", toolbar_location=None, sizing_mode="stretch_both",
            min_height=min_height + LEGEND_HEIGHT, styles={"flex": f"{weight:g} 1 0px"},
            min_border_left=8, min_border_right=78,
            min_border_top=LEGEND_HEIGHT, min_border_bottom=2 if not is_last else 24,
            outline_line_color=None, lod_threshold=None,
        )  # fmt: skip
        chart.add_layout(Grid(dimension=0, ticker=self._ticker))
        if is_last:
            label = "return globalThis.livepairsTick?.(tick, index, ticks) ?? ''"
            chart.add_layout(LinearAxis(ticker=self._ticker, formatter=CustomJSTickFormatter(code=label)), "below")
        chart.yaxis.formatter = formatter or NumeralTickFormatter(format="0,0.[0000]")
        chart.yaxis.ticker.desired_num_ticks = 3 if min_height < 100 else 5
        chart.grid.grid_line_color = MUTED
        chart.grid.grid_line_alpha = 0.15
        pan, wheel = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
        chart.add_tools(pan, wheel)
        chart.toolbar.active_drag, chart.toolbar.active_scroll = pan, wheel
        return chart

    def describe(  # noqa: PLR0913 - what stands above a chart, everything beyond the first four by name
        self, chart: figure, source: ColumnDataSource, title: str, fields: list[dict[str, Any]], *,
        scales: Sequence[Scale], wait: str = "", is_last: bool = False,
    ) -> None:  # fmt: skip
        """Say what a chart shows: the line above it with the values under the cursor, and how its values are fitted.

        Parameters
        ----------
        chart
            A chart of this axis.
        source
            Rows with a ``ts`` column in milliseconds.
        title
            What the chart shows.
        fields
            ``label``, ``field`` (column), ``digits`` (a number, ``"price"``, ``"compact"``, ``"bps"`` or
            ``"significant"``) and ``color`` of each value.
        scales
            Its value axes.
        wait
            What to say while none of the values is a number; empty to show dashes.
        is_last
            Whether it is the chart that shows the times.
        """
        self._plots.append(_Plot(chart, source, title, fields, wait, is_last, list(scales)))

    def stand(self, start_us: int, end_us: int) -> None:
        """Show this window, and follow nothing."""
        self.range.update(start=start_us / 1000, end=end_us / 1000, tags=["free"])

    def face(
        self, leader: ColumnDataSource, origin: Origin, *, act: Callable[[str, Mapping[str, Any]], None] | None = None,
        asks: bool = False, shows_whole: bool = False,
    ) -> ChartFace:  # fmt: skip
        """Return what brings the charts made so far to life. Call it once, after the last chart.

        Parameters
        ----------
        leader
            The rows whose newest one is followed.
        origin
            What is shown.
        act
            Called with what the browser asks for; see ``ChartFace``.
        asks
            Whether it asks for the rows of the window it shows.
        shows_whole
            Follow by showing all rows instead of the newest.
        """
        if shows_whole:
            self.range.tags = ["follow", "whole"]
        spec = {
            "axis": self.range.id, "ticker": self._ticker.id, "leader": leader.id, "asks": asks,
            "lead_ms": _LEAD_BARS * self.interval_ms, "plots": [plot.as_spec() for plot in self._plots],
            "style": stylesheet("chartface"), "title": origin.title, "origin": origin.source,
            "files": [list(file) for file in origin.files],
        }  # fmt: skip
        return ChartFace(act or (lambda _name, _message: None), spec=spec, sizing_mode="stretch_width", margin=0)
