"""The sweep on the backtest page: its form, its map and what is left of the best after selection.

The map is drawn anew for each sweep into a column that is always on the page: a plot put into a tab that is not shown
measures itself too early.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import panel as pn
from panel.viewable import Viewable

from livepairs.errors import LivepairsError
from livepairs.hub import Run
from livepairs.schema import Pair
from livepairs.views.actiontext import ActionText
from livepairs.views.assets import stylesheet
from livepairs.views.backtest.backtestform import BacktestForm
from livepairs.views.backtest.backtestplan import Plan
from livepairs.views.backtest.sweepheat import HEIGHT, MEASURES, MapAxes, draw, widest
from livepairs.views.backtest.sweepjob import SweepJob, Swept, start_sweep
from livepairs.views.backtest.sweepplan import DIMENSIONS, fields, first_texts, read_grid
from livepairs.views.backtest.sweeptext import EMPTY, UNDER_WAY, verdict_markup

__all__ = ["SweepActs", "SweepBoard"]

_log = logging.getLogger(__name__)
_PREFIX: Final = "sweep_"


@dataclass(frozen=True, slots=True)
class SweepActs:
    """What the board may ask for: ``load`` runs a plan, ``notify`` has it refreshed on the server's loop."""

    load: Callable[[Plan], None]
    notify: Callable[[], None]


class SweepBoard:
    """The form beside the map.

    Parameters
    ----------
    run, pair
        What is swept.
    plan
        Returns the plan of the form above: costs, size, fill and data.
    asked
        What the address says, text by field.
    acts
        What it may ask for.
    """

    def __init__(
        self, run: Run, pair: Pair, plan: Callable[[], Plan], asked: Mapping[str, str], acts: SweepActs
    ) -> None:
        self._run, self._pair, self._plan, self._acts = run, pair, plan, acts
        self._job: SweepJob | None = None
        self._swept: Swept | None = None
        self._axes: MapAxes | None = None
        given = {name: text for name, text in asked.items() if name.startswith(_PREFIX)}
        texts = {**first_texts(plan()), **given}
        self.form = BacktestForm(
            self._order, fields=fields(), values=texts, errors=read_grid(texts)[1] if given else {}, verb="Sweep",
            title="Sweep", margin=0,
        )  # fmt: skip
        self._text = ActionText(
            self._act, html=EMPTY, stylesheets=[stylesheet("sweep")], sizing_mode="stretch_width", margin=0
        )
        self._map = pn.Column(sizing_mode="stretch_width", margin=0, height=HEIGHT, visible=False)
        self.view: Viewable = pn.Column(
            self._text, self._map, sizing_mode="stretch_width", margin=0, styles={"min-width": "0"},
            stylesheets=[stylesheet("bench")],
        )  # fmt: skip

    def refresh(self) -> None:
        """Show how far the sweep is, or its result."""
        job = self._job
        if job is None:
            return
        if not job.future.done():
            self.form.param.update(progress=job.progress, stage=job.stage)
            return
        self._job = None
        self.form.param.update(busy=False, progress=0.0, stage="")
        if self._swept is None:
            self._text.html = EMPTY
        if job.future.cancelled():
            return
        error = job.future.exception()
        if error is None:
            self._show(job.future.result())
        else:
            self._fail(error)

    def close(self) -> None:
        """Stop what is under way; the page is gone."""
        if self._job is not None:
            self._job.cancel()

    def _order(self, name: str, texts: dict[str, Any]) -> None:
        """Do what the form says."""
        if name == "run":
            grid, wrong = read_grid(texts)
            self.form.errors = wrong
            if grid is None or self._job is not None:
                return
            known = {key: str(texts.get(key, "")) for key in self.form.values}
            self.form.param.update(values=known, query=known)
            self._job = start_sweep(self._run, self._pair, self._plan(), grid, self._teller())
            self.form.param.update(busy=True, progress=0.0, stage=self._job.stage)
            if self._swept is None:
                self._text.html = UNDER_WAY
        elif name == "cancel" and self._job is not None:
            self._job.cancel()
        elif name == "defaults":
            self.form.param.update(values=first_texts(self._plan()), errors={}, query={})

    def _teller(self) -> Callable[[], None]:
        loop = asyncio.get_running_loop()

        def tell() -> None:
            if not loop.is_closed():
                # An empty context, as the publisher's: see hub.publisher.
                loop.call_soon_threadsafe(self._acts.notify, context=contextvars.Context())

        return tell

    def _act(self, name: str, value: str | None) -> None:
        """Show another side of the sweep."""
        if self._axes is None or value is None:
            return
        if name == "measure" and value in MEASURES:
            self._axes = replace(self._axes, measure=value)
        elif name == "across" and value in DIMENSIONS and value != self._axes.up:
            self._axes = replace(self._axes, across=value)
        elif name == "up" and value in DIMENSIONS and value != self._axes.across:
            self._axes = replace(self._axes, up=value)
        else:
            return
        self._draw()

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, LivepairsError):
            _log.error("a sweep failed", exc_info=error)
        said = str(error) if isinstance(error, LivepairsError) else f"{type(error).__name__}: {error}"
        self.form.errors = {f"{_PREFIX}entry": f"{said[:1].upper()}{said[1:]}."}

    def _show(self, swept: Swept) -> None:
        self._swept = swept
        self._axes = MapAxes(*widest(swept.result.tried), self._axes.measure if self._axes else "sharpe")
        self._draw()

    def _draw(self) -> None:
        swept, axes = self._swept, self._axes
        assert swept is not None
        assert axes is not None
        self._text.html = verdict_markup(swept) + _choices(swept, axes)
        drawn = draw(swept.result.tried, axes, self._pick)
        self._map.objects = [pn.pane.Bokeh(drawn, sizing_mode="stretch_width", height=HEIGHT, margin=0)]
        self._map.visible = True

    def _pick(self, row: int) -> None:
        """Run the backtest of a set of the map, with everything else as it was swept."""
        swept = self._swept
        assert swept is not None
        found = swept.result.tried.slice(row, 1).to_pylist()[0]
        rules = replace(swept.plan.rules, **{name: found[name] for name in ("entry", "exit", "stop")})
        windows = replace(swept.plan.windows, z_window=found["z_window"], hedge_window=found["hedge_window"])
        self._acts.load(replace(swept.plan, rules=rules, windows=windows))


def _choices(swept: Swept, axes: MapAxes) -> str:
    """Return buttons for what the map shows."""
    tried = swept.result.tried
    several = [name for name in DIMENSIONS if len(tried[name].unique()) > 1]
    groups = [_group("Colour", "measure", MEASURES, axes.measure)]
    if len(several) > 2:
        names = {name: DIMENSIONS[name] for name in several}
        groups += [_group("Across", "across", names, axes.across), _group("Up", "up", names, axes.up)]
    return f'<div class="choices">{"".join(groups)}<span class="quiet">a click on a cell runs its backtest</span></div>'


def _group(title: str, act: str, names: Mapping[str, str], chosen: str) -> str:
    buttons = "".join(
        f'<button data-act="{act}" data-value="{name}" aria-pressed="{str(name == chosen).lower()}">{label}</button>'
        for name, label in names.items()
    )
    return f'<span class="choice" role="group" aria-label="{title}"><small>{title}</small>{buttons}</span>'
