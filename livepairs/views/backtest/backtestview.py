"""The backtest page: a form, and what acting on the z-score would have made, after costs.

Until Run is pressed the result follows the replay: it is that of the recording so far, made again every few seconds.
Run holds the result, so that what is being read stays; Follow lets go of it. Only a backtest of the whole recording
knows what comes after the replay's moment, and it says so.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.errors import LivepairsError
from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.backtest import metrictable
from livepairs.views.backtest.backtestcharts import BacktestCharts
from livepairs.views.backtest.backtestform import backtest_form
from livepairs.views.backtest.backtestplan import SO_FAR, WHOLE, Plan, as_texts, first_plan, read_plan
from livepairs.views.backtest.comparison import Comparison
from livepairs.views.backtest.drawnrows import DrawnRows
from livepairs.views.backtest.export import EXPORTS, Export, export
from livepairs.views.backtest.metrictiles import metric_markup, metric_values
from livepairs.views.backtest.rehearsal import Job, Rehearsal, rehearse
from livepairs.views.backtest.resultbar import ResultBar
from livepairs.views.backtest.sweepboard import SweepActs, SweepBoard
from livepairs.views.backtest.tradetable import TradeTable
from livepairs.views.component import LiveText

__all__ = ["BacktestView"]

_log = logging.getLogger(__name__)
_RERUN_S: Final = 4.0
_RERUN_SHARE: Final = 10.0
"""While it follows, a backtest is made again after that many times as long as the last one took."""
_TABS_HEIGHT: Final = 376
_TIPS: Final = {
    SO_FAR: "Made of what the replay has shown. It knows nothing of what comes after.",
    WHOLE: "Made of the whole recording, what comes after the replay's moment included.",
}


class BacktestView:
    """The form and the result of its backtests.

    Parameters
    ----------
    run, pair
        What is tested.
    asked
        What the address says, text by field.
    notify
        Called on the server's loop when there is something to show.
    is_healed
        Whether the run's late trades are in their bars.
    """

    def __init__(
        self, run: Run, pair: Pair, asked: Mapping[str, str], notify: Callable[[], None], *, is_healed: bool = False
    ) -> None:
        self._run, self._pair, self._notify = run, pair, notify
        self._first = first_plan(run.params, is_healed=is_healed)
        plan, wrong = read_plan(asked, self._first)
        self._plan = plan or self._first
        self._is_held = self._plan.span == WHOLE and run.recording is not None
        self._job: Job | None = None
        self._is_asked = False  # whether the job under way was asked for, rather than following
        self._shown: Rehearsal | None = None
        self._drawn: DrawnRows | None = None
        self._begun_s = self._pause_s = float("-inf")
        self._done_for: tuple[int, int] | None = None
        self._exports: list[asyncio.Future[Export]] = []
        self._form = backtest_form(self._order, self._plan, is_live=run.recording is None, errors=wrong)
        self._bar = ResultBar(self._act, sizing_mode="stretch_width", margin=0)
        self._tiles = LiveText(
            markup=metric_markup(), stylesheets=[stylesheet("metrics")], sizing_mode="stretch_width", margin=0
        )
        self._charts = BacktestCharts(run, pair, self._plan.rules)
        self._trades = TradeTable(self._go)
        self._metrics = LiveText(
            markup=metrictable.table_markup(), stylesheets=[stylesheet("metrictable")], sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip
        self._comparison = Comparison(self._rerun)
        self._sweep = SweepBoard(run, pair, lambda: self._plan, asked, SweepActs(self._rerun, notify))
        self.view: Viewable = self._layout()
        if self._is_held:
            self._start(self._plan, is_asked=True)

    def refresh(self) -> None:
        """Show what has come, and while following start the next backtest once there is something new to test."""
        self._watch()
        self._sweep.refresh()
        self._send_exports()
        if self._is_held or self._job is not None:
            return
        state = self._run.state
        is_due = state.status != "playing" or monotonic() - self._begun_s >= max(_RERUN_S, self._pause_s)
        if self._moment() != self._done_for and is_due:
            self._start(self._plan, is_asked=False)

    def close(self) -> None:
        """Stop what is under way; the page is gone."""
        self._sweep.close()
        if self._job is not None:
            self._job.cancel()

    def _moment(self) -> tuple[int, int]:
        return self._run.state.generation, self._run.tables.pairs.total_rows

    def _order(self, name: str, texts: dict[str, Any]) -> None:
        """Do what the form says."""
        if name == "run":
            plan, wrong = read_plan(texts, self._first)
            self._form.errors = wrong
            if plan is not None:
                self._rerun(plan)
        elif name == "cancel" and self._job is not None and self._is_asked:
            self._job.cancel()
        elif name == "defaults":
            self._follow(self._first)
            self._form.query = {}

    def _rerun(self, plan: Plan) -> None:
        """Run a plan and hold its result."""
        if self._run.recording is None:
            plan = replace(plan, span=SO_FAR)
        self._form.param.update(values=as_texts(plan), errors={}, query=as_texts(plan))
        self._is_held = True
        self._start(plan, is_asked=True)

    def _follow(self, plan: Plan) -> None:
        """Test the recording so far again and again as the replay goes on."""
        self._plan, self._is_held, self._done_for = replace(plan, span=SO_FAR), False, None
        self._form.param.update(values=as_texts(self._plan), errors={}, query=as_texts(self._plan))
        if self._job is not None:
            self._job.cancel()
        self._begun_s = float("-inf")
        self.refresh()

    def _start(self, plan: Plan, *, is_asked: bool) -> None:
        if self._job is not None:
            self._job.cancel()
        self._plan, self._is_asked, self._begun_s, self._done_for = plan, is_asked, monotonic(), self._moment()
        loop = asyncio.get_running_loop()

        def tell() -> None:
            if not loop.is_closed():
                # An empty context, as the publisher's: see hub.publisher.
                loop.call_soon_threadsafe(self._notify, context=contextvars.Context())

        self._job = rehearse(self._run, self._pair, plan, tell)
        self._form.param.update(busy=is_asked, progress=0.0, stage=self._job.stage)

    def _watch(self) -> None:
        """Show how far the job is, or its result."""
        job = self._job
        if job is None:
            return
        if not job.future.done():
            if self._is_asked:
                self._form.param.update(progress=job.progress, stage=job.stage)
            return
        self._job = None
        self._form.param.update(busy=False, progress=0.0, stage="")
        if job.future.cancelled():
            self._give_up()
            return
        error = job.future.exception()
        if error is None:
            if self._is_asked:
                self._bar.trade = -1
            self._show(job.future.result())
            if self._is_asked:
                self._comparison.keep(job.future.result())
        else:
            self._fail(error)

    def _give_up(self) -> None:
        """Go on from what is shown, as if the cancelled backtest had never been asked for."""
        if self._shown is not None:
            self._plan = self._shown.plan
        else:
            self._bar.param.update(text="cancelled; press Run, or Follow", is_held=True)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, LivepairsError):
            _log.error("a backtest failed", exc_info=error)
        self._is_held = True
        said = str(error) if isinstance(error, LivepairsError) else f"{type(error).__name__}: {error}"
        self._bar.param.update(look="failed", word="STOPPED", text=said, tip=said, is_held=True)

    def _show(self, rehearsal: Rehearsal) -> None:
        result = rehearsal.result
        self._shown, self._drawn, self._pause_s = rehearsal, DrawnRows(rehearsal), _RERUN_SHARE * rehearsal.seconds
        self._charts.show(self._drawn, rehearsal.plan.rules)
        self._trades.show(result.trades, result.notes)
        self._tiles.param.update(**metric_values(result, interval_us(self._run.params.interval)))
        self._metrics.values = {
            **metrictable.table_values(result), "notes": metrictable.sentences(result.notes)
        }  # fmt: skip
        word = {SO_FAR: "SO FAR, HELD" if self._is_held else "SO FAR", WHOLE: "WHOLE RECORDING"}[rehearsal.plan.span]
        future = "knows what comes after the replay's moment · " if rehearsal.plan.span == WHOLE else ""
        self._bar.param.update(
            look=rehearsal.plan.span, word=word, tip=_TIPS[rehearsal.plan.span], is_held=self._is_held, has_result=True,
            text=f"{future}to {numbers.day_clock(rehearsal.until_us)} · {numbers.count(result.equity.num_rows)} bars · "
            f"{rehearsal.seconds:.2f} s",
            trades=result.trades.num_rows, trade=min(self._bar.trade, result.trades.num_rows - 1),
        )  # fmt: skip

    def _act(self, name: str, value: Any) -> None:  # whatever the browser sent
        """Do what the bar says."""
        if name == "follow":
            self._follow(self._plan)
        elif name == "all":
            self._bar.trade = -1
            self._trades.select(-1)
            self._charts.show_all()
        elif name == "step" and value in (-1, 1) and self._bar.trades:
            at = self._bar.trade + value if self._bar.trade >= 0 else (0 if value > 0 else self._bar.trades - 1)
            self._go(at)
        elif name == "export" and value in EXPORTS and self._shown is not None:
            self._export(value)

    def _go(self, trade: int) -> None:
        if 0 <= trade < self._bar.trades:
            self._bar.trade = trade
            self._trades.select(trade)
            self._charts.jump(trade)

    def _export(self, kind: str) -> None:
        shown, recording = self._shown, self._run.recording
        assert shown is not None
        made = "a live feed" if recording is None else f"the recording {recording.name}"
        kind_of = ", synthetic data" if self._run.is_synthetic else ""
        about = f"{self._pair} on {made}{kind_of}, bars of {self._run.params.interval}."
        future = asyncio.get_running_loop().run_in_executor(None, export, shown, kind, about)
        future.add_done_callback(lambda _future: self._notify(), context=contextvars.Context())
        self._exports.append(future)

    def _send_exports(self) -> None:
        done = [future for future in self._exports if future.done()]
        self._exports = [future for future in self._exports if not future.done()]
        for future in done:
            error = future.exception()
            if error is None:
                self._bar.save(future.result())
            else:
                _log.error("an export failed", exc_info=error)
                self._bar.text = f"the export failed: {error}"

    def _layout(self) -> Viewable:
        tabs = pmui.Tabs(
            ("Trades", self._trades.view), ("Metrics", self._metrics), ("Compare", self._comparison.view),
            dynamic=True, height=_TABS_HEIGHT, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        result = pn.Column(
            self._bar, self._tiles, self._charts.view, tabs, margin=0, sizing_mode="stretch_width",
            styles={"min-width": "0"},
        )  # fmt: skip
        return pn.Column(
            self._form, result, self._sweep.form, self._sweep.view, css_classes=["lp-bench"],
            stylesheets=[stylesheet("bench")], margin=0, sizing_mode="stretch_width",
        )  # fmt: skip
