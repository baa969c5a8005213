"""A sweep of what a run shows or of its whole recording, off the server's loop, with progress and cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final

from livepairs.backtest.grid import Grid
from livepairs.hub import Run
from livepairs.hub.kernels import compile_for
from livepairs.schema import Pair, interval_us
from livepairs.views.backtest.backtestplan import WHOLE, Plan
from livepairs.views.backtest.rehearsal import Job, marks_until, rows_for

if TYPE_CHECKING:
    from livepairs.sweep_recording import SweepResult

__all__ = ["SweepJob", "Swept", "start_sweep"]

FOLDS: Final = 3
"""Folds of the walk-forward: a screen's recording is short."""

# One at a time, and not in the way of single backtests.
_WORKERS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="livepairs-sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A finished sweep: what was asked, what came of it, up to which event time, and how long it took."""

    plan: Plan
    grid: Grid
    result: SweepResult
    until_us: int
    seconds: float


class SweepJob:
    """A sweep under way; see ``rehearsal.Job``, of which it makes one for the rows.

    Parameters
    ----------
    on_progress
        Called on the worker's thread with each step, and once it is done or cancelled.
    """

    def __init__(self, on_progress: Callable[[], None]) -> None:
        self.future: Future[Swept] = Future()
        self._rows = Job(on_progress)
        self._rows.stage = "waiting for another sweep"
        self._on_progress = on_progress
        self._share = 0.0
        self._lock = threading.Lock()

    @property
    def stage(self) -> str:
        """What it is doing."""
        return self._rows.stage

    @property
    def progress(self) -> float:
        """How far it is, from 0 to 1."""
        return self._share or 0.3 * self._rows.progress

    def cancel(self) -> None:
        """Ask it to stop; the future then ends as cancelled."""
        self._rows.cancel()

    def work(self, run: Run, pair: Pair, plan: Plan, grid: Grid) -> None:
        """Run it to its end, whatever that is."""
        try:
            self._rows.at("reading", 0.0)
            self.future.set_result(self._sweep(run, pair, plan, grid))
        except CancelledError:
            self.future.cancel()
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks for the result, a view's refresh
            self.future.set_exception(error)
        self._on_progress()

    def _sweep(self, run: Run, pair: Pair, plan: Plan, grid: Grid) -> Swept:
        from livepairs.sweep_recording import Study, pieces_of, sweep
        from livepairs.views.backtest import sweepheat

        self._rows.at("preparing", 0.0)
        sweepheat.prepare()
        # In a process of its own: here the compiler would hold up the server for seconds.
        compile_for("livepairs.sweep_recording")

        begun_s, now_us = perf_counter(), run.status.now_us
        bars, _ = rows_for(run, pair, plan, now_us, self._rows)
        until_us = run.recording.vouched_us if plan.span == WHOLE and run.recording is not None else now_us
        study = Study(folds=FOLDS)
        pieces = pieces_of(grid, study)
        done = 0

        def watch() -> None:
            nonlocal done
            with self._lock:
                done += 1
                self._share = 0.3 + 0.7 * min(1.0, done / pieces)
            self._rows.at(f"trying {len(grid):,} sets", self._share)

        result = sweep(
            bars, pair=pair, grid=grid, params=plan.rules, pair_params=plan.windows,
            interval_us=interval_us(run.params.interval), marks=marks_until(run.recording, pair, until_us),
            study=study, watch=watch,
        )  # fmt: skip
        return Swept(plan=plan, grid=grid, result=result, until_us=until_us, seconds=perf_counter() - begun_s)


def start_sweep(run: Run, pair: Pair, plan: Plan, grid: Grid, on_progress: Callable[[], None]) -> SweepJob:
    """Start a sweep; one runs at a time, the others wait.

    Parameters
    ----------
    run, pair
        What is swept.
    plan
        Costs, size, fill and data; its levels and windows are of no account.
    grid
        What to try.
    on_progress
        See ``SweepJob``.
    """
    job = SweepJob(on_progress)
    _WORKERS.submit(job.work, run, pair, plan, grid)
    return job
