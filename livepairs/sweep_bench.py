"""Every parameter set of a grid tried on the same bars: the workbench of a sweep.

Above the engine and the pairs, because it joins them: z of each window is computed where the sets are run. Work is cut
into jobs that may run on threads or on a Dask cluster, in any order, to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.backtest.funding import Funding
from livepairs.backtest.grid import Grid
from livepairs.backtest.market import Market, lay_out, score
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.rows import Floats
from livepairs.backtest.sweep import (
    Axis,
    Course,
    Outcome,
    axis_of,
    bar_edges,
    run_sets,
    tried_table,
)
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.pairs.rescore import Spreads, z_of
from livepairs.schema import Pair
from livepairs.stats import compiled
from livepairs.workers import aligned, on_cluster, on_threads

__all__ = ["SETS_A_JOB", "Asked", "Bench", "Job", "is_worth_compiling", "run_job", "try_all"]

SETS_A_JOB: Final = 256
"""Sets of one window that run together: tens of milliseconds for 100,000 bars."""

WORTH_COMPILING: Final = 10_000_000
"""Bars times sets from which a sweep is quicker if it waits for the compiler first."""

PAIR_BAR: Final = 200
"""Interpreted, a bar of a hedge window takes as long as that many sets."""

Counts = npt.NDArray[np.int64]


def is_worth_compiling(bars: int, sets: int, *, windows: int = 0) -> bool:
    """Return whether so much work, with that many hedge windows to compute first, is quicker compiled."""
    return bars * (sets + PAIR_BAR * windows) >= WORTH_COMPILING


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
    if is_worth_compiling(len(market), job.last - job.first):
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


def try_all(bench: Bench) -> pa.Table:
    """Run every set over all bars and return the TRIED table, without any validation."""
    axis = axis_of(bench.market)
    outcome = bench.run(bench.course(axis, bar_edges(axis, np.array([0, len(axis)]), 0, len(bench.market))))
    return tried_table(bench.windows, bench.levels, outcome, axis, bench.market)
