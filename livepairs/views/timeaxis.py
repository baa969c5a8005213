"""The time axis the charts of a page share: one range, one crosshair, one way of following the newest bar.

Following happens in the browser. The range never travels to the server (``syncable=False``): a server that set it would
fight the user's hand, and a browser that reported it would send a message a frame. Its tags say ``follow`` or ``free``;
the deck's button and the functions below are the only ones that change them. The user's hand is recognised by events of
the user's doing (pan, wheel, pinch), never by the range having changed: scripts run later than the change they made.
"""

from __future__ import annotations

from typing import Any

from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    CustomJS,
    DataRange1d,
    DatetimeAxis,
    DatetimeTicker,
    DatetimeTickFormatter,
    Div,
    Grid,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    Span,
    TickFormatter,
    WheelZoomTool,
)
from bokeh.plotting import figure

from livepairs.views.assets import script, stylesheet
from livepairs.views.palette import MUTED

__all__ = ["TimeAxis", "windows"]

_RELEASING = ("panstart", "wheel", "pinchstart")
_WINDOW_BARS = (120, 300, 900, 3000)
_LEAD_BARS = 6


def windows(interval_us: int) -> list[tuple[str, float]]:
    """Return the window lengths offered for an interval, as (label, milliseconds)."""
    return [(_length(bars * interval_us // 1_000_000), bars * interval_us / 1000) for bars in _WINDOW_BARS]


def _length(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds} s"


def _formatter() -> DatetimeTickFormatter:
    return DatetimeTickFormatter(
        milliseconds="%H:%M:%S.%3N", seconds="%H:%M:%S", minsec="%H:%M:%S", minutes="%H:%M", hourmin="%H:%M",
        hours="%H:%M", days="%d %b", months="%b %Y", years="%Y",
    )  # fmt: skip


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
        self._cursor = Span(
            dimension="height", line_color=MUTED, line_width=1, line_dash="dotted", syncable=False, tags=[]
        )
        self._ticker = DatetimeTicker(desired_num_ticks=6)
        self._charts: list[dict[str, Any]] = []  # as readout.js reads them
        self._figures: list[figure] = []

    def figure(
        self, *, weight: float, min_height: int, is_last: bool = False, formatter: TickFormatter | None = None
    ) -> figure:
        """Return an empty chart on this axis.

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
            x_range=self.range, y_range=DataRange1d(range_padding=0.12, default_span=1.0), window_axis="x",
            x_axis_type=None, y_axis_location="right", tools="", toolbar_location=None,
            sizing_mode="stretch_both", min_height=min_height, styles={"flex": f"{weight:g} 1 0px"},
            min_border_left=8, min_border_right=78, min_border_top=2, min_border_bottom=2 if not is_last else 24,
            outline_line_color=None, lod_threshold=None,
        )  # fmt: skip
        # One ticker for all: a datetime ticker is a dozen models, and every model costs time when a page is made.
        chart.add_layout(Grid(dimension=0, ticker=self._ticker))
        if is_last:
            chart.add_layout(DatetimeAxis(ticker=self._ticker, formatter=_formatter()), "below")
        chart.yaxis.formatter = formatter or NumeralTickFormatter(format="0,0.[0000]")
        chart.yaxis.ticker.desired_num_ticks = 3 if weight < 1 else 5
        chart.grid.grid_line_color = MUTED
        chart.grid.grid_line_alpha = 0.15
        own = Span(dimension="width", line_color=MUTED, line_width=1, line_dash="dotted", syncable=False)
        pan, wheel = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
        chart.add_tools(pan, wheel, CrosshairTool(overlay=[self._cursor, own]))
        chart.toolbar.active_drag, chart.toolbar.active_scroll = pan, wheel
        self._figures.append(chart)
        return chart

    def readout(self, source: ColumnDataSource, title: str, fields: list[dict[str, Any]], *, wait: str = "") -> Div:
        """Return the line above a chart that shows the values under the cursor, and names the lines by colour.

        Parameters
        ----------
        source
            Rows with a ``ts`` column in milliseconds.
        title
            What the chart shows.
        fields
            ``label``, ``field`` (column), ``digits`` (a number, ``"compact"`` or ``"significant"``) and ``color`` of
            each value.
        wait
            What to say while none of the values is a number; empty to show dashes.
        """
        div = Div(
            text=f"<b>{title}</b><span class=wait>waiting for the first bars</span>",
            height=22, sizing_mode="stretch_width", syncable=False, stylesheets=[stylesheet("readout")], margin=0,
            styles={"flex": "0 0 22px"},
        )  # fmt: skip
        self._charts.append({"source": source, "div": div, "title": title, "fields": fields, "wait": wait})
        return div

    def bind(self, leader: ColumnDataSource, *, shows_whole: bool = False) -> None:
        """Connect the charts made so far: cursor, readouts and following. Call it once, after the last chart.

        Parameters
        ----------
        leader
            The rows whose newest one is followed.
        shows_whole
            Follow by showing all rows instead of the newest.
        """
        read = CustomJS(args={"cursor": self._cursor, "charts": self._charts}, code=script("readout"))
        release = CustomJS(args={"axis": self.range}, code=script("release"))
        args = {"axis": self.range, "source": leader, "lead_ms": _LEAD_BARS * self.interval_ms}
        follow = CustomJS(args=args, code=script("whole" if shows_whole else "follow"))
        replaced = follow if shows_whole else CustomJS(args=args, code=script("replaced"))
        if shows_whole:
            self.range.tags = ["follow", "whole"]
        leader.js_on_change("streaming", follow, read)
        leader.js_on_change("data", replaced, read)
        self.range.js_on_change("tags", follow)
        for chart in self._figures:
            chart.js_on_event("mousemove", read)
            chart.js_on_event("mouseleave", read)
            chart.js_on_event("doubletap", replaced)
            for event in _RELEASING:
                chart.js_on_event(event, release)
