"""The backtest page: what acting on the z-score would have made of the recording so far, after costs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final

import numpy as np
import panel as pn
import panel_material_ui as pmui
from bokeh.models import CustomJSTickFormatter, NumeralTickFormatter, Scatter, VArea
from panel.viewable import Viewable

from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.views import columns
from livepairs.views.assets import stylesheet
from livepairs.views.chartstack import stack
from livepairs.views.component import LiveText
from livepairs.views.linechart import Trace, line_chart, mark_level
from livepairs.views.metrictiles import metric_markup, metric_values
from livepairs.views.palette import ACCENT, DOWN, MUTED, UP
from livepairs.views.rehearsal import Rehearsal, rehearse
from livepairs.views.timeaxis import TimeAxis
from livepairs.views.tradetable import TradeTable

__all__ = ["BacktestView", "thinned"]

_RERUN_S: Final = 4.0
_POINTS: Final = 2000
_COMPACT: Final = "return tick.toLocaleString('en-US')"


def thinned(values: np.ndarray, points: int) -> np.ndarray:
    """Return the rows to draw, at most about ``points``: of each stretch its first, lowest and highest, and the last.

    Parameters
    ----------
    values
        What is drawn, shape ``(n,)``.
    points
        How many rows are wanted.

    Returns
    -------
    rows
        Ascending row numbers; all of them if there are few enough.
    """
    rows = len(values)
    if rows <= points:
        return np.arange(rows)
    edges = np.linspace(0, rows, points // 3 + 1).astype(np.int64)[:-1]
    ends = np.append(edges[1:], rows)
    spans = list(zip(edges.tolist(), ends.tolist(), strict=True))
    lows = [start + int(np.argmin(values[start:end])) for start, end in spans]
    highs = [start + int(np.argmax(values[start:end])) for start, end in spans]
    return np.unique(np.concatenate([edges, lows, highs, [rows - 1]]))


class BacktestView:
    """Equity and drawdown, z with the trades, metrics and trades.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is traded.
    notify
        Called on the server's loop when a result is there.
    """

    def __init__(self, run: Run, pair: Pair, notify: Callable[[], None]) -> None:
        self._run, self._pair, self._notify = run, pair, notify
        self._params = BacktestParams.of(
            None, entry=run.params.entry, exit=run.params.exit, price=run.params.pair_params.price
        )
        self._pending: Future[Rehearsal] | None = None
        self._begun_s = float("-inf")
        self._done_for: tuple[int, int] | None = None
        self._equity = columns.empty_source("equity", ["ts", "equity", "drawdown", "z", "floor", "ceiling", "zero"])
        self._entries = columns.empty_source("entries", ["ts", "z", "marker", "color"])
        self._exits = columns.empty_source("exits", ["ts", "z"])
        self._metrics = LiveText(
            markup=metric_markup(self._params),
            stylesheets=[stylesheet("metrics")],
            sizing_mode="stretch_width",
            margin=0,
        )
        self._trades = TradeTable()
        again = pmui.Button(label="Run again", variant="outlined", size="small", width=104, margin=(8, 8))
        again.on_click(lambda _event: self._start())
        self._metrics.styles = {"flex": "1 1 300px"}
        head = pn.FlexBox(self._metrics, again, gap="0px", margin=0, sizing_mode="stretch_width")
        self.view: Viewable = pn.Column(head, self._charts(), self._trades.view, margin=0, sizing_mode="stretch_width")

    def refresh(self) -> None:
        """Show a result that has come, and start the next backtest once there is something new to test."""
        if self._pending is not None:
            if not self._pending.done():
                return
            pending, self._pending = self._pending, None
            self._show(pending.result())
        moment = (self._run.state.generation, self._run.tables.pairs.total_rows)
        if moment != self._done_for and (
            self._run.state.status != "playing" or monotonic() - self._begun_s >= _RERUN_S
        ):
            self._start()

    def _start(self) -> None:
        if self._pending is not None:
            return
        self._begun_s = monotonic()
        self._done_for = (self._run.state.generation, self._run.tables.pairs.total_rows)
        self._pending = rehearse(self._run, self._pair, self._params)
        loop = asyncio.get_running_loop()

        def tell(_future: Future[Rehearsal]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._notify, context=contextvars.Context())

        self._pending.add_done_callback(tell)

    def _charts(self) -> Viewable:
        axis = TimeAxis(interval_us=interval_us(self._run.params.interval), end_us=max(self._run.state.now_us, 0))
        money = CustomJSTickFormatter(code=_COMPACT)
        equity = line_chart(
            axis,
            self._equity,
            "Equity",
            [Trace(label="USDT", column="equity", color=ACCENT)],
            weight=1.6,
            formatter=money,
        )
        percent = NumeralTickFormatter(format="0.0%")
        drawdown = line_chart(
            axis, self._equity, "Drawdown", [Trace(label="", column="drawdown", color=DOWN, width=1)], weight=0.8,
            formatter=percent,
        )  # fmt: skip
        equity[1].y_range.min_interval = 0.002 * self._params.capital
        drawdown[1].y_range.min_interval = 0.002
        drawdown[1].add_glyph(self._equity, VArea(x="ts", y1="drawdown", y2="zero", fill_color=DOWN, fill_alpha=0.18))
        axis.bind(self._equity, shows_whole=True)
        return stack([*equity, *drawdown, *self._zscore(axis)], min_height=430, above=330)

    def _zscore(self, axis: TimeAxis) -> tuple[Any, Any]:  # bokeh models
        traces = [
            Trace(label="", column="floor", color=MUTED, width=0),
            Trace(label="", column="ceiling", color=MUTED, width=0),
            Trace(label="z", column="z", color=MUTED, width=1),
        ]
        readout, chart = line_chart(
            axis, self._equity, "z-score, ▲ long ▼ short ● out", traces, weight=1.4, is_last=True,
            formatter=NumeralTickFormatter(format="0.0"),
        )  # fmt: skip
        for level in (self._params.entry, -self._params.entry):
            mark_level(chart, level)
        chart.add_glyph(
            self._entries, Scatter(x="ts", y="z", marker="marker", size=9, fill_color="color", line_color=None)
        )
        chart.add_glyph(self._exits, Scatter(x="ts", y="z", size=5, fill_color=None, line_color=ACCENT, line_width=1.5))
        return readout, chart

    def _show(self, rehearsal: Rehearsal) -> None:
        result = rehearsal.result
        equity, z = columns.numbers(result.equity, "equity"), rehearsal.z.to_numpy()
        ts = columns.milliseconds(result.equity)
        rows = thinned(equity, _POINTS)
        reach = np.full(len(rows), self._params.entry + 0.6)
        self._equity.data = {
            "ts": ts[rows], "equity": equity[rows], "drawdown": columns.numbers(result.equity, "drawdown")[rows],
            "z": z[rows], "floor": -reach, "ceiling": reach, "zero": np.zeros(len(rows)),
        }  # fmt: skip
        self._mark_fills(result, ts, z)
        self._trades.show(result.trades)
        self._metrics.param.update(**metric_values(result, interval_us(self._run.params.interval)))

    def _mark_fills(self, result: BacktestResult, ts: np.ndarray, z: np.ndarray) -> None:
        entered, left = (columns.milliseconds(result.trades, name) for name in ("entry_ts", "exit_ts"))
        is_long = np.array([side == "long" for side in result.trades["side"].to_pylist()], dtype=bool)
        self._entries.data = {
            "ts": entered,
            "z": _at(entered, ts, z),
            "marker": np.where(is_long, "triangle", "inverted_triangle").tolist(),
            "color": np.where(is_long, UP, DOWN).tolist(),
        }
        self._exits.data = {"ts": left, "z": _at(left, ts, z)}


def _at(moments: np.ndarray, ts: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values[np.clip(np.searchsorted(ts, moments), 0, len(ts) - 1)] if len(ts) else np.zeros(len(moments))
