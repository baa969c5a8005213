"""The backtest page's charts: both legs with their fills, z with its levels, equity and drawdown, on one time axis.

The browser holds no more rows than it can draw. Once the user has taken hold of the axis, it tells which window it
shows, and gets the rows of that window; the deck's follow button goes back to all of them.
"""

from __future__ import annotations

from typing import Any, Final

from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    Div,
    NumeralTickFormatter,
    Scatter,
    Span,
    VArea,
)
from bokeh.plotting import figure
from panel.viewable import Viewable

from livepairs.backtest.params import BacktestParams
from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.views import columns
from livepairs.views.assets import script
from livepairs.views.backtest.drawnrows import COLUMNS, ENTRIES, EXITS, FILLS, DrawnRows, trade_window
from livepairs.views.charts.chartorigin import origin_of
from livepairs.views.charts.chartstack import stack
from livepairs.views.charts.gapstrips import GapStrips
from livepairs.views.charts.linechart import Trace, line_chart
from livepairs.views.charts.timeaxis import Scale, TimeAxis
from livepairs.views.palette import ACCENT, DOWN, LEG_X, LEG_Y, MUTED, UP

__all__ = ["BacktestCharts"]

_ABOVE: Final = 250
"""Pixels of the window that the bar and the figures above take, and the head of the tables below."""
_COMPACT: Final = "return tick.toLocaleString('en-US')"


class BacktestCharts:
    """Four charts on one time axis.

    Parameters
    ----------
    run, pair
        What is tested.
    rules
        The levels drawn at first.
    """

    def __init__(self, run: Run, pair: Pair, rules: BacktestParams) -> None:
        self._bar_ms = interval_us(run.params.interval) / 1000
        self._rows: DrawnRows | None = None
        self._window: tuple[float, float] | None = None
        self._jumps = 0
        self._lines = columns.empty_source("equity", list(COLUMNS))
        self._entries = columns.empty_source("entries", list(ENTRIES))
        self._exits = columns.empty_source("exits", list(EXITS))
        self._fills = columns.empty_source("fills", list(FILLS))
        self._extent = columns.empty_source("backtest-extent", ["ts"])
        self._order = Div(name="backtest-jump", visible=False, tags=[], syncable=False)
        self._seen = Div(name="backtest-window", visible=False, tags=[])
        self._levels: dict[str, list[Span]] = {}
        self._axis = TimeAxis(interval_us=interval_us(run.params.interval), end_us=max(run.state.now_us, 0))
        charts = [self._legs(pair), self._zscore(), *self._money(rules)]
        self._gaps = GapStrips(run, [pair.y, pair.x], "holes")
        for chart in charts:
            self._gaps.draw_on(chart)
        face = self._axis.face(self._extent, origin_of(run, pair), shows_whole=True)
        self._connect()
        self._draw_levels(rules)
        self.view: Viewable = stack(face, [*charts, self._order, self._seen], min_height=520, above=_ABOVE)

    def show(self, rows: DrawnRows, rules: BacktestParams) -> None:
        """Draw another backtest, in the window that is shown."""
        self._rows = rows
        self._draw_levels(rules)
        if rows.extent:
            self._gaps.refresh(until_us=int(1000 * (rows.extent[-1] + self._bar_ms)))
        self._draw()

    def jump(self, trade: int) -> None:
        """Go to a trade, counted from 0."""
        if self._rows is None or not 0 <= trade < len(self._rows.entered):
            return
        window = trade_window(self._rows.entered[trade], self._rows.left[trade], self._bar_ms)
        self._jumps += 1
        self._window = window
        self._draw()
        # The number makes every order a new one: the user may have left the window, and asks for it again.
        self._order.tags = [*window, self._jumps]

    def show_all(self) -> None:
        """Show all rows again, and follow."""
        self._jumps += 1
        self._window = None
        self._draw()
        self._order.tags = [None, None, self._jumps]

    def _draw(self) -> None:
        if self._rows is None:
            return
        self._lines.data = self._rows.lines(self._window)
        for source, data in zip((self._entries, self._exits, self._fills), self._rows.marks(self._window), strict=True):
            # Texts travel as lists, numbers as arrays.
            source.data = {name: v.tolist() if v.dtype.kind == "U" else v for name, v in data.items()}
        self._extent.data = {"ts": self._rows.extent}

    def _connect(self) -> None:
        args = {"axis": self._axis.range, "seen": self._seen, "order": self._order, "extent": self._extent}
        tell = CustomJS(args=args, code=script("window"))
        for change in ("start", "end", "tags"):
            self._axis.range.js_on_change(change, tell)
        self._order.js_on_change("tags", CustomJS(args=args, code=script("jump")))
        self._seen.on_change("tags", lambda _name, _old, new: self._look(new))

    def _look(self, tags: Any) -> None:  # whatever the browser sent
        """Draw the window the browser says it shows."""
        is_window = isinstance(tags, list) and len(tags) == 2 and all(isinstance(t, int | float) for t in tags)
        self._window = (float(tags[0]), float(tags[1])) if is_window and tags[0] < tags[1] else None
        self._draw()

    def _legs(self, pair: Pair) -> figure:
        chart = self._axis.chart(weight=1.25, min_height=58, formatter=NumeralTickFormatter(format="0.00"))
        for column, color in (("x100", LEG_X), ("y100", LEG_Y)):
            chart.line(x="ts", y=column, source=self._lines, line_color=color, line_width=1.3)
        fields = [
            {"label": pair.x, "field": "x", "digits": "price", "color": LEG_X},
            {"label": pair.y, "field": "y", "digits": "price", "color": LEG_Y},
        ]
        _scatter(chart, self._fills, y="value", marker="marker", size=8, fill_color="color", line_color="color",
                 fill_alpha="fill", line_width=1.3)  # fmt: skip
        title = "Legs, first bar = 100; ▲ bought ▼ sold, filled: in, hollow: out"
        values = [(self._lines, column) for column in ("x100", "y100")]
        self._axis.describe(chart, self._lines, title, fields, scales=[Scale(chart.y_range, values)])
        return chart

    def _zscore(self) -> figure:
        traces = [
            Trace(label="", column="floor", color=MUTED, width=0),
            Trace(label="", column="ceiling", color=MUTED, width=0),
            Trace(label="z", column="z", color=ACCENT, width=1.2),
        ]
        chart = line_chart(
            self._axis, self._lines, "z-score, ▲ long ▼ short ○ out", traces, weight=1.25,
            formatter=NumeralTickFormatter(format="0.0"), wait="warming up",
        )  # fmt: skip
        styles = {"entry": ("dashed", MUTED), "exit": ("dotted", MUTED), "stop": ("solid", DOWN)}
        for name, (dash, color) in styles.items():
            self._levels[name] = [
                Span(dimension="width", line_color=color, line_dash=dash, line_width=1, line_alpha=0.8)
                for _ in range(2)
            ]
            for span in self._levels[name]:
                chart.add_layout(span)
        _scatter(chart, self._entries, y="z", marker="marker", size=9, fill_color="color", line_color=None)
        _scatter(chart, self._exits, y="z", size=6, fill_color=None, line_color=ACCENT, line_width=1.5)
        return chart

    def _money(self, rules: BacktestParams) -> list[figure]:
        equity = line_chart(
            self._axis, self._lines, "Equity", [Trace(label="quote", column="equity", color=UP)], weight=1.15,
            formatter=CustomJSTickFormatter(code=_COMPACT), least=0.002 * rules.capital,
        )  # fmt: skip
        drawdown = line_chart(
            self._axis, self._lines, "Drawdown", [Trace(label="", column="drawdown", color=DOWN, width=1, digits=4)],
            weight=0.75, formatter=NumeralTickFormatter(format="0.0[0]%"), is_last=True, least=0.002,
        )  # fmt: skip
        drawdown.yaxis.ticker.desired_num_ticks = 2
        drawdown.add_glyph(self._lines, VArea(x="ts", y1="drawdown", y2="zero", fill_color=DOWN, fill_alpha=0.18))
        return [equity, drawdown]

    def _draw_levels(self, rules: BacktestParams) -> None:
        for name, spans in self._levels.items():
            level = getattr(rules, name)
            for span, sign in zip(spans, (1, -1), strict=True):
                span.update(location=sign * (level or 0.0), visible=level is not None)


def _scatter(chart: figure, source: ColumnDataSource, **looks: Any) -> None:  # Bokeh's own keywords
    chart.add_glyph(source, Scatter(x="ts", **looks))
