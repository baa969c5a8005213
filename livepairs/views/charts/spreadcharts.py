"""The spread page's charts: the legs, their spread with its bands, z with its levels, hedge ratio and correlation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from bokeh.models import BoxAnnotation, CustomJSTickFormatter, NumeralTickFormatter, Scatter, VArea
from bokeh.plotting import figure
from panel.viewable import Viewable

from livepairs.backtest.outlook import round_trip_bps
from livepairs.hub import Run
from livepairs.hub.paper import paper_rules
from livepairs.schema import Pair, interval_us
from livepairs.views.charts.addedchart import AddedChart
from livepairs.views.charts.chartorigin import origin_of
from livepairs.views.charts.chartstack import stack
from livepairs.views.charts.chartwindow import ChartWindow
from livepairs.views.charts.gapstrips import GapStrips
from livepairs.views.charts.linechart import Trace, line_chart, mark_level
from livepairs.views.charts.pairrows import PairRows
from livepairs.views.charts.rowfile import ROW_FILES, RowsAsked
from livepairs.views.charts.timeaxis import TimeAxis
from livepairs.views.charts.windowrows import PRICES
from livepairs.views.figures.paperrow import PAPER_HEIGHT
from livepairs.views.figures.papertrades import PaperTrades
from livepairs.views.pace import CHARTS_S, Pace
from livepairs.views.palette import ACCENT, DOWN, LEG_X, LEG_Y, MUTED, SECOND, UP

__all__ = ["SpreadCharts"]

_SIGNIFICANT = """
if (tick === 0) return "0"
const size = Math.abs(tick)
return (size < 0.01 || size >= 1e5 ? tick.toExponential(1) : `${+tick.toPrecision(4)}`).replace("-", "−")
"""
_Z_AND_BPS = """
const label = tick.toFixed(1).replace("-", "−"), sigma = rows.data.sigma
const worth = sigma.length ? sigma[sigma.length - 1] : NaN
if (!Number.isFinite(worth)) return label
const net = Math.round(Math.max(Math.abs(tick) - exit, 0) * worth - cost)
return `${label} │ ${net > 0 ? "+" : ""}${net} bp`.replace("-", "−")
"""
_BPS = 'return `${+(1e4 * tick).toFixed(2)}`.replace("-", "−")'


class SpreadCharts:
    """Five charts on one time axis, and one more of any column that is picked.

    The right axis of z says what each z would pay after costs, in basis points of the gross notional.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is shown.
    notify
        Has the page refreshed soon.
    """

    def __init__(self, run: Run, pair: Pair, notify: Callable[[], None] = lambda: None) -> None:
        self._run = run
        self._pair = pair
        self._rules = paper_rules(run.params)
        self._window = ChartWindow(run, notify)
        self._rows = PairRows(run, pair, self._window)
        self._paper = PaperTrades(self._rows.zscore, interval_ms=interval_us(run.params.interval) / 1000)
        self._is_placed = False
        self._given = -1
        windows = run.params.pair_params
        self._waits = {
            "hedge": f"warming up: shows after {windows.hedge_window} bars",
            "z": f"warming up: shows after {windows.hedge_window + windows.z_window - 1} bars",
            "corr": f"warming up: shows after {windows.corr_window + 1} bars",
        }
        self._pace = Pace(CHARTS_S, heeds_bars=True)
        self._axis = TimeAxis(interval_us=interval_us(run.params.interval), end_us=run.shown_us, visible_bars=900)
        self._gaps = GapStrips(run, [pair.y, pair.x], "holes")
        shown = [self._legs(pair), self._spread(), self._zscore()]
        for chart in shown:
            self._gaps.draw_on(chart)
        self._added = AddedChart(run, pair, self._axis, CustomJSTickFormatter(code=_SIGNIFICANT))
        self._added.pick.on_change("value", lambda _name, _old, _new: self._give_added())
        models = [*shown, self._added.chart, *self._beta_and_correlation(), self._added.pick]
        files = tuple((key, label.format("Pair rows")) for key, label in ROW_FILES.items())
        self._face = self._axis.face(self._rows.spread, origin_of(run, pair, files), act=self._act, asks=True)
        self._window.show_on(self._face)
        self.view: Viewable = stack(self._face, models, min_height=510, above=82 + PAPER_HEIGHT)

    def hold(self, start_us: int, end_us: int) -> None:
        """Show a slice for good, as in a file that has no server to ask for more."""
        self._window.keep(start_us, end_us)
        self._axis.stand(start_us, end_us)
        self._face.stand_alone()
        self._added.pick.visible = False

    def close(self) -> None:
        """Let go of what is under way."""
        self._window.close()

    def refresh(self) -> None:
        """Bring the charts up to date."""
        if not self._pace.is_due(self._run) and self._given == self._window.version:
            return
        self._given = self._window.version
        self._window.speak()
        is_anew = self._rows.refresh()
        if self._rows.given is None:
            self._added.refresh()
        elif is_anew:
            self._added.give(self._rows.given)
        if self._rows.jumps != self._face.epoch:
            self._face.epoch = self._rows.jumps
        self._gaps.refresh()
        if self._is_placed:  # trading the rows so far is not on the way to the first paint
            self._paper.show(self._run.paper.look(self._pair), is_anew=is_anew)
        self._is_placed = True

    def _give_added(self) -> None:
        if self._rows.given is not None:
            self._added.give(self._rows.given)

    def _act(self, name: str, message: Mapping[str, Any]) -> None:
        if name == "look":
            self._window.heard(message)
            return
        asked = RowsAsked.of(message)
        if asked is not None:
            self._window.ask(asked.span_us, lambda: self._save(asked))

    def _save(self, asked: RowsAsked) -> None:
        rows, within = self._window.rows.pairs(self._pair, *asked.span_us)
        for price, values in zip(PRICES, within, strict=True):
            rows = rows.append_column(f"spread_{price}", pa.array(values))
        self._face.save(asked.export(rows, f"{self._pair.y}-{self._pair.x}-pairs"))

    def _legs(self, pair: Pair) -> figure:
        traces = [
            Trace(label=pair.x, column="x", color=LEG_X, digits=3),
            Trace(label=pair.y, column="y", color=LEG_Y, digits=3),
        ]
        return line_chart(
            self._axis,
            self._rows.spread,
            "Legs, left edge = 100",
            traces,
            formatter=NumeralTickFormatter(format="0.00"),
            is_rebased=True,
        )

    def _spread(self) -> figure:
        entry, is_log = f"{self._run.params.entry:g}", self._run.params.pair_params.price == "log"
        digits, title = ("bps", "Spread, basis points") if is_log else ("significant", "Spread")
        traces = [
            Trace(label=f"+{entry}σ", column="upper", color=MUTED, digits=digits, width=1),
            Trace(label=f"−{entry}σ", column="lower", color=MUTED, digits=digits, width=1),
            Trace(label="mean", column="mean", color=SECOND, digits=digits, width=1.2),
        ]
        formatter = CustomJSTickFormatter(code=_BPS if is_log else _SIGNIFICANT)
        chart = line_chart(
            self._axis, self._rows.spread, title, traces, weight=1.4, formatter=formatter, wait=self._waits["hedge"],
            candles=self._rows.draw_candles, candle_digits=digits,
        )  # fmt: skip
        band = VArea(x="ts", y1="lower", y2="upper", fill_color=MUTED, fill_alpha=0.10)
        chart.renderers.insert(0, chart.add_glyph(self._rows.spread, band))
        chart.renderers.pop()
        return chart

    def _zscore(self) -> figure:
        params, rules, rows = self._run.params, self._rules, self._rows.zscore
        traces = [
            Trace(label="", column="floor", color=MUTED, width=0),
            Trace(label="", column="ceiling", color=MUTED, width=0),
            Trace(label="z", column="z", color=ACCENT),
            # Break-even may be far out of what z ever reaches; it is shown where it is near and stretches nothing.
            Trace(label="", column="even_below", color=SECOND, width=1, dash="dashed", is_fitted=False),
            Trace(label="break-even ±", column="even_above", color=SECOND, width=1, dash="dashed", is_fitted=False),
        ]
        formatter = CustomJSTickFormatter(
            code=_Z_AND_BPS, args={"rows": rows, "exit": rules.exit, "cost": round_trip_bps(rules)}
        )
        title = f"z-score, entry ±{params.entry:g}, exit ±{params.exit:g}"
        chart = line_chart(
            self._axis, rows, title, traces, weight=1.5, formatter=formatter, wait=self._waits["z"], padding=0.04
        )
        self._paper.draw_on(chart)
        self._mark_levels(chart)
        chart.add_glyph(self._rows.now, Scatter(x="ts", y="z", size=7, fill_color=ACCENT, line_color=None))
        return chart

    def _mark_levels(self, chart: figure) -> None:
        params = self._run.params
        for sign, color in ((1, DOWN), (-1, UP)):
            mark_level(chart, sign * params.entry, color=color)
            mark_level(chart, sign * params.exit, dash="dotted")
            if self._rules.stop is not None:
                mark_level(chart, sign * self._rules.stop, color=color, dash="dotdash")
        mark_level(chart, 0.0, dash="solid")
        chart.add_layout(BoxAnnotation(bottom=params.entry, fill_color=DOWN, fill_alpha=0.07, line_color=None))
        chart.add_layout(BoxAnnotation(top=-params.entry, fill_color=UP, fill_alpha=0.07, line_color=None))

    def _beta_and_correlation(self) -> list[figure]:
        beta = [Trace(label="β", column="beta", color=LEG_Y, digits=4)]
        corr = [Trace(label="ρ", column="corr", color=LEG_X, digits=3)]
        return [
            line_chart(
                self._axis, self._rows.spread, "Hedge ratio", beta, weight=0.75,
                formatter=NumeralTickFormatter(format="0.000"), wait=self._waits["hedge"],
            ),
            line_chart(
                self._axis, self._rows.spread, "Correlation of changes", corr, weight=0.75, is_last=True,
                wait=self._waits["corr"],
                formatter=NumeralTickFormatter(format="0.00"),
            ),
        ]  # fmt: skip
