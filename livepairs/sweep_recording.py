"""A sweep of a recording: every set of a grid tried on its bars, and what is left of the best after selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest import sweep_slots as slots
from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import Funding, known_funding
from livepairs.backtest.grid import Grid
from livepairs.backtest.market import Market
from livepairs.backtest.metrics import equity_returns
from livepairs.backtest.overfit import Overfit, Paths, Plan, cross_paths, overfitting
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.backtest.selection import deflated_sharpe, expected_best_sharpe
from livepairs.backtest.sweep import Axis, axis_of, bar_edges, moments_of, sharpe_ratios, tried_table
from livepairs.backtest.walkforward import FOLDS, folds_of
from livepairs.pairs.machine import PairParams
from livepairs.schema import Pair
from livepairs.stats import compiled
from livepairs.sweep_bench import SETS_A_JOB, Asked, Bench, Job, is_worth_compiling, run_job

__all__ = ["Study", "SweepResult", "pieces_of", "sweep"]


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
    if is_worth_compiling(bars.num_rows, len(grid), windows=len(grid.hedge_window)):
        compiled.prepare()
    what = Asked(bars, asked, grid, params, interval_us, scheduler)
    bench = Bench(what if watch is None else replace(what, watch=watch), ways, known)
    return _study(bench, study, known)


def pieces_of(grid: Grid, study: Study) -> int:
    """Return how many pieces of work a sweep has at most; folds without a training set leave some out."""
    windows = len(grid.hedge_window) * len(grid.z_window)
    return len(grid.hedge_window) + windows * -(-len(grid.levels) // SETS_A_JOB) * (1 + study.folds)


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
    best, found = _selected(bench, tried, axis, study, known)
    summary = {
        "sets": len(bench.grid),
        "trials": len(bench.grid) + study.prior_trials,
        "traded": int((tried.column("trades").to_numpy() > 0).sum()),
        **found,
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


def _selected(
    bench: Bench, tried: pa.Table, axis: Axis, study: Study, known: Funding | None
) -> tuple[BacktestResult | None, dict[str, float | None]]:
    """Return the backtest of the best set, and its Sharpe ratio before and after selection."""
    sharpe = tried.column("sharpe").to_numpy()
    if not np.isfinite(sharpe).any():
        return None, dict.fromkeys(("best_sharpe", "expected_best_sharpe", "deflated_sharpe"))
    trials = len(bench.grid) + study.prior_trials
    found = sharpe[np.isfinite(sharpe)] / sqrt(axis.per_year)
    expected = expected_best_sharpe(trials, float(np.var(found, ddof=1)) if len(found) > 1 else 0.0)
    row = tried.slice(int(np.nanargmax(sharpe)), 1).to_pylist()[0]
    best = _backtest_of(row, bench, known)
    deflated = _deflated(best, bench, expected)
    return replace(best, metrics={**best.metrics, "deflated_sharpe": deflated, "trials": trials}), {
        "best_sharpe": row["sharpe"],
        "expected_best_sharpe": expected * sqrt(axis.per_year),
        "deflated_sharpe": deflated,
    }


def _backtest_of(row: dict[str, Any], bench: Bench, known: Funding | None) -> BacktestResult:
    rules = replace(bench.params, **{name: row[name] for name in ("entry", "exit", "stop")})
    ways = replace(bench.pair_params, hedge_window=row["hedge_window"], z_window=row["z_window"])
    return run_backtest(bench.rows(ways), bench.bars, rules, pair=bench.pair, funding=known)


def _deflated(best: BacktestResult, bench: Bench, expected: float) -> float | None:
    returns, _, _ = equity_returns(best.equity, capital=bench.params.capital, interval_us=bench.interval_us)
    centred = returns - returns.mean()
    variance = float((centred**2).mean())
    return deflated_sharpe(
        float(returns.mean() / returns.std(ddof=1)),
        len(returns),
        skew=float((centred**3).mean()) / variance**1.5,
        kurtosis=float((centred**4).mean()) / variance**2,
        benchmark=expected,
    )


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
