"""A sweep of a recording: its replay, the windows, the parameter sets, and what is left after selection.

Above the engine and the pairs, because it joins them: z of each window is computed where the sets are run. Work is cut
into jobs that may run on threads or on a Dask cluster, in any order, to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest import sweep_slots as slots
from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import Funding, known_funding
from livepairs.backtest.grid import Grid
from livepairs.backtest.market import Market, lay_out, score
from livepairs.backtest.metrics import equity_returns
from livepairs.backtest.overfit import Overfit, Paths, Plan, cross_paths, overfitting
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.backtest.rows import Floats
from livepairs.backtest.selection import deflated_sharpe, expected_best_sharpe
from livepairs.backtest.sweep import (
    Axis,
    Course,
    Outcome,
    axis_of,
    bar_edges,
    moments_of,
    run_sets,
    sharpe_ratios,
    tried_table,
)
from livepairs.backtest.walkforward import FOLDS, folds_of
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.pairs.rescore import Spreads, z_of
from livepairs.schema import Pair
from livepairs.stats import compiled
from livepairs.workers import aligned, on_cluster, on_threads

__all__ = ["Asked", "Bench", "Study", "SweepResult", "pieces_of", "sweep", "try_all"]

SETS_A_JOB: Final = 256
"""Sets of one window that run together: tens of milliseconds for 100,000 bars."""

WORTH_COMPILING: Final = 10_000_000
"""Bars times sets from which a sweep is quicker if it waits for the compiler first."""

PAIR_BAR: Final = 200
"""Interpreted, a bar of a hedge window takes as long as that many sets."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Study:
    """What to do beside trying every set.

    Parameters
    ----------
    folds
        Folds of the walk-forward; 0 for none.
    purge, embargo
        Bars; None takes the longest z window, and none.
    prior_trials
        Sets tried before this sweep, which count as well.
    """

    folds: int = 5
    purge: int | None = None
    embargo: int = 0
    prior_trials: int = 0


@dataclass(frozen=True, slots=True)
class SweepResult:
    """A finished sweep.

    Parameters
    ----------
    tried
        A TRIED table in the order of the grid: hedge windows, z windows, entries, exits, stops.
    best
        The backtest of the set with the highest Sharpe ratio, with ``deflated_sharpe`` and ``trials`` after selection;
        None if no set traded.
    overfit, paths
        See ``livepairs.backtest.overfit``; None where they do not exist.
    folds
        A FOLDS table.
    summary
        What is left after selection, by name; None where it does not exist.
    """

    tried: pa.Table
    best: BacktestResult | None
    overfit: Overfit | None
    paths: Paths | None
    folds: pa.Table
    summary: dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """What every job reads: the market and the spreads of each hedge window, and the levels of the grid."""

    hedged: dict[int, tuple[Market, Spreads]]
    levels: Floats
    max_hold: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """Sets from ``first`` to before ``last`` of one hedge and z window, and what they go through."""

    hedge_window: int
    z_window: int
    first: int
    last: int
    course: Course


def run_job(ground: Ground, job: Job) -> Outcome:
    """Run a job: here or on another machine, to the same bits."""
    market, spreads = ground.hedged[job.hedge_window]
    market, spreads = aligned(market), aligned(spreads)
    if len(market) * (job.last - job.first) >= WORTH_COMPILING:
        compiled.prepare()  # which is done already, unless this is another machine
    z, is_ready = z_of(spreads, job.z_window)
    levels, course = np.require(ground.levels[job.first : job.last], requirements="A"), aligned(job.course)
    return run_sets(market, score(z, spreads.beta, is_ready), levels, course)


def _look_away() -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is swept; ``watch`` is called, on whatever thread, before each piece of work that is done here."""

    bars: pa.Table
    pair: Pair
    grid: Grid
    params: BacktestParams
    interval_us: int
    scheduler: str | None
    watch: Callable[[], None] = _look_away


class Bench:
    """The markets and spreads of every hedge window, and the jobs on them."""

    def __init__(self, asked: Asked, pair_params: PairParams, funding: Funding | None) -> None:
        grid, params, bars, pair, interval_us = asked.grid, asked.params, asked.bars, asked.pair, asked.interval_us
        self.grid, self.params, self.bars, self.pair = grid, params, bars, pair
        self.interval_us, self.pair_params = interval_us, pair_params
        hedged: dict[int, tuple[Market, Spreads]] = {}
        for window in grid.hedge_window:
            asked.watch()
            ways = replace(pair_params, hedge_window=window, z_window=grid.z_window[0])
            rows = self.rows(ways)
            if not rows.num_rows:
                raise ConfigError(f"{pair} has no closed bar; a sweep needs a longer recording")
            market = lay_out(rows, bars, params, pair=pair, interval_us=interval_us, funding=funding)
            hedged[window] = market, Spreads.of(rows, ways, interval_us=interval_us)
        self.ground = Ground(hedged, grid.levels, params.max_hold)
        self.scheduler, self.watch = asked.scheduler, asked.watch

    def rows(self, asked: PairParams) -> pa.Table:
        machine = PairMachine([self.pair], asked, interval_us=self.interval_us)
        return pa.Table.from_batches([machine.update(self.bars.combine_chunks().to_batches()[0])])

    @property
    def market(self) -> Market:
        """The market of the first hedge window; times and prices are the same in all."""
        return self.ground.hedged[self.grid.hedge_window[0]][0]

    @property
    def windows(self) -> Any:  # an integer array, (sets, 2)
        pairs = [(h, z) for h in self.grid.hedge_window for z in self.grid.z_window]
        return np.repeat(np.array(pairs, dtype=np.int64), len(self.grid.levels), axis=0)

    @property
    def levels(self) -> Floats:
        return np.tile(self.grid.levels, (len(self.grid.hedge_window) * len(self.grid.z_window), 1))

    @property
    def first_ready(self) -> int:
        """The bar from which every set may trade."""
        asked = (replace(self.pair_params, hedge_window=h, z_window=z) for h, z in np.unique(self.windows, axis=0))
        return max(params.warmup_bars for params in asked) - 1

    def course(self, axis: Axis, edges: Counts) -> Course:
        return Course(edges, is_daily=axis.is_daily, max_hold=self.params.max_hold)

    def run(self, course: Course) -> Outcome:
        """Run every set of the grid through the same bars."""
        jobs = [
            Job(h, z, at, at + SETS_A_JOB, course)
            for h in self.grid.hedge_window
            for z in self.grid.z_window
            for at in range(0, len(self.grid.levels), SETS_A_JOB)
        ]
        if self.scheduler is None:
            done = on_threads(self._watched, self.ground, jobs)
        else:
            done = on_cluster(run_job, self.ground, jobs, scheduler=self.scheduler)
        return Outcome(np.concatenate([made.results for made in done]), np.concatenate([made.spans for made in done]))

    def _watched(self, ground: Ground, job: Job) -> Outcome:
        self.watch()
        return run_job(ground, job)


def sweep(  # noqa: PLR0913 - the public form of value objects; everything is by name
    bars: pa.Table,
    *,
    pair: Pair | str,
    grid: Grid,
    params: BacktestParams | None = None,
    pair_params: PairParams | None = None,
    interval_us: int,
    marks: pa.Table | None = None,
    funding: Funding | None = None,
    study: Study | None = None,
    scheduler: str | None = None,
    watch: Callable[[], None] | None = None,
) -> SweepResult:
    """Try every set of a grid on closed bars, and say what is left of the best after selection.

    Parameters
    ----------
    bars
        BARS rows, as ``livepairs.replay`` returns them.
    pair
        The pair to trade.
    grid
        What to try.
    params
        Costs and all else that is the same for all; its levels are of no account.
    pair_params
        Price, correlation window and lags; its other windows are of no account.
    interval_us
        Length of a bar.
    marks, funding
        As ``run_backtest`` takes them.
    study
        Walk-forward, gaps and earlier trials.
    scheduler
        Address of a Dask scheduler; None works here, on every core. The result is the same to the bit.
    watch
        Called before each piece of work done here, on the thread that does it; there are ``pieces_of`` of them. What
        it raises ends the sweep.

    Raises
    ------
    ConfigError
        If a window, a level or the study cannot be used, or there are too few bars.
    """
    asked, study = Pair.parse(str(pair)), study or Study()
    params = params or BacktestParams()
    known = known_funding(funding, marks)
    ways = replace(pair_params or PairParams(), price=params.price)
    if bars.num_rows * (len(grid) + PAIR_BAR * len(grid.hedge_window)) >= WORTH_COMPILING:
        compiled.prepare()
    what = Asked(bars, asked, grid, params, interval_us, scheduler, watch or _look_away)
    bench = Bench(what, ways, known)
    return _study(bench, study, known)


def pieces_of(grid: Grid, study: Study) -> int:
    """Return how many pieces of work a sweep has at most; folds without a training set leave some out."""
    windows = len(grid.hedge_window) * len(grid.z_window)
    return len(grid.hedge_window) + windows * -(-len(grid.levels) // SETS_A_JOB) * (1 + study.folds)


def try_all(bench: Bench) -> pa.Table:
    """Run every set over all bars and return the TRIED table, without any validation."""
    axis = axis_of(bench.market)
    outcome = bench.run(bench.course(axis, bar_edges(axis, np.array([0, len(axis)]), 0, len(bench.market))))
    return tried_table(bench.windows, bench.levels, outcome, axis, bench.market)


def _study(bench: Bench, study: Study, known: Funding | None) -> SweepResult:
    market = bench.market
    axis = axis_of(market)
    plan = _plan(bench, study, axis, market)
    edges = plan.edges() if plan else np.array([0, len(axis)])
    outcome = bench.run(bench.course(axis, bar_edges(axis, edges, 0, len(market))))
    moments = moments_of(axis, edges, outcome, market.capital)
    tried = tried_table(bench.windows, bench.levels, outcome, axis, market)
    overfit = overfitting(moments, plan) if plan else None
    paths = cross_paths(moments, plan) if plan and overfit else None
    folds = _walk(bench, study)
    summary = _selection(bench, tried, axis, study, known)
    best = summary.pop("best")
    summary |= {
        "overfit_probability": overfit.probability if overfit else None,
        "overfit_loss": overfit.loss if overfit else None,
        "path_sharpe_median": _finite(float(np.median(paths.sharpe)) * sqrt(axis.per_year)) if paths else None,
        "walk_forward_return": _sum(folds, "test_return"),
        "walk_forward_trades": _sum(folds, "test_trades"),
    }
    return SweepResult(tried, best, overfit, paths, folds, summary)


def _plan(bench: Bench, study: Study, axis: Axis, market: Market) -> Plan | None:
    per = max(1, round(len(market) / max(1, len(axis)))) if axis.is_daily else 1
    first = int(np.searchsorted(axis.ends, bench.first_ready + 1))
    purge = _purge(bench, study)
    plan = Plan(first, len(axis), -(-purge // per), -(-study.embargo // per))
    # Each block needs some returns, or its ratios mean nothing.
    return plan if len(axis) - first >= 64 else None


def _purge(bench: Bench, study: Study) -> int:
    return max(bench.grid.z_window) if study.purge is None else study.purge


def _selection(bench: Bench, tried: pa.Table, axis: Axis, study: Study, known: Funding | None) -> dict[str, Any]:
    trials = len(bench.grid) + study.prior_trials
    summary: dict[str, Any] = {"sets": len(bench.grid), "trials": trials, "best": None}
    sharpe = tried.column("sharpe").to_numpy()
    summary["traded"] = int((tried.column("trades").to_numpy() > 0).sum())
    summary |= dict.fromkeys(("best_sharpe", "expected_best_sharpe", "deflated_sharpe"))
    if not np.isfinite(sharpe).any():
        return summary
    row = tried.slice(int(np.nanargmax(sharpe)), 1).to_pylist()[0]
    found = sharpe[np.isfinite(sharpe)] / sqrt(axis.per_year)
    benchmark = expected_best_sharpe(trials, float(np.var(found, ddof=1)) if len(found) > 1 else 0.0)
    rules = replace(bench.params, **{name: row[name] for name in ("entry", "exit", "stop")})
    ways = replace(bench.pair_params, hedge_window=row["hedge_window"], z_window=row["z_window"])
    best = run_backtest(bench.rows(ways), bench.bars, rules, pair=bench.pair, funding=known)
    returns, _, _ = equity_returns(best.equity, capital=rules.capital, interval_us=bench.interval_us)
    centred = returns - returns.mean()
    variance = float((centred**2).mean())
    deflated = deflated_sharpe(
        float(returns.mean() / returns.std(ddof=1)),
        len(returns),
        skew=float((centred**3).mean()) / variance**1.5,
        kurtosis=float((centred**4).mean()) / variance**2,
        benchmark=benchmark,
    )
    metrics = {**best.metrics, "deflated_sharpe": deflated, "trials": trials}
    summary["best"] = replace(best, metrics=metrics)
    summary["best_sharpe"] = row["sharpe"]
    summary["expected_best_sharpe"] = benchmark * sqrt(axis.per_year)
    summary["deflated_sharpe"] = deflated
    return summary


def _walk(bench: Bench, study: Study) -> pa.Table:
    if not study.folds:
        return FOLDS.empty_table()
    market = bench.market
    rows = []
    for fold in folds_of(
        bench.first_ready, len(market), folds=study.folds, purge=_purge(bench, study), embargo=study.embargo
    ):
        axis = axis_of(market, fold.train_start, fold.train_end)
        edges = bar_edges(axis, np.array([0, len(axis)]), fold.train_start, fold.train_end)
        outcome = bench.run(bench.course(axis, edges))
        sharpe = sharpe_ratios(axis, outcome, market.capital)
        if not np.isfinite(sharpe).any():
            continue
        best = int(np.nanargmax(sharpe))
        hedge, z = bench.windows[best].tolist()
        entry, leave, stop = bench.levels[best].tolist()
        test = np.array([fold.test_start, fold.test_end])
        place = best % len(bench.grid.levels)
        results = run_job(bench.ground, Job(hedge, z, place, place + 1, bench.course(axis, test))).results
        ends = np.array([fold.train_start, fold.train_end - 1, fold.test_start, fold.test_end - 1])
        start, last, begin, end = market.ts[ends].tolist()
        made = float(results[0, slots.EQUITY]) / market.capital - 1.0
        spans = (start, last + market.interval_us, begin, end + market.interval_us)
        chosen = (hedge, z, entry, leave, stop if isfinite(stop) else None, float(sharpe[best]))
        rows.append((*spans, *chosen, made, int(results[0, slots.TRADES])))
    return pa.table([pa.array(column, field.type) for column, field in zip(_columns(rows), FOLDS, strict=True)], FOLDS)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in FOLDS]


def _sum(folds: pa.Table, column: str) -> float | int | None:
    value: float | int | None = pc.sum(folds.column(column)).as_py()
    return value


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
