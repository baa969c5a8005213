"""Work on threads and on a real Dask cluster of two processes gives the same bits, whoever is lost on the way."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.cases.sweep import make_bars
from livepairs import workers
from livepairs.backtest.grid import Grid
from livepairs.errors import ConfigError
from livepairs.scan.columns import Columns, prepare_columns
from livepairs.scan.engine import in_turn
from livepairs.scan.params import ScanParams
from livepairs.scan.tasks import collect, jobs_of, run_job
from livepairs.scan_universe import scan
from livepairs.sweep_recording import Study, sweep
from livepairs.workers import on_cluster, on_threads
from tests.scan.universes import make_universe


def closes() -> dict[str, np.ndarray]:
    """Return a universe so small that nobody compiles for it; the bits are those of the compiled kernel."""
    return {f"S{place}": row for place, row in enumerate(make_universe(7, 60))}


def add(shared: int, job: int) -> int:
    return shared + job


def test_threads_return_results_in_order():
    assert on_threads(add, 10, [3, 1, 2], threads=2) == [13, 11, 12]
    assert on_threads(add, 10, [], threads=2) == []
    assert on_threads(add, 10, [5]) == [15]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bits_of_a_scan_do_not_depend_on_the_number_of_threads(threads, monkeypatch):
    expected = scan(closes(), lags=1).table
    monkeypatch.setattr("livepairs.workers.cores", lambda: threads)
    assert scan(closes(), lags=1).table.equals(expected)


def swept(**how):
    """Return what a small sweep gives, all of it."""
    bars = make_bars(1_500)
    grid = Grid(entry=(1.0, 2.0), exit=(0.0, 0.5), z_window=(60, 90), hedge_window=(60, 120))
    ways = {"pair": "ETHUSDT/BTCUSDT", "interval_us": 1_000_000, "study": Study(folds=2)}
    found = sweep(bars, grid=grid, **ways, **how)
    return found.tried, found.folds, found.summary


@pytest.mark.parametrize("threads", [1, 3])
def test_bits_of_a_sweep_do_not_depend_on_the_number_of_threads(threads, monkeypatch):
    expected = swept()
    monkeypatch.setattr("livepairs.workers.cores", lambda: threads)
    assert swept() == expected


def test_scheduler_without_dask_is_a_hint_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'livepairs\[dask\]'"):
        scan(closes(), scheduler="tcp://127.0.0.1:1")


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    """Start a scheduler here and two worker processes, all on loopback, without the dashboard's port."""
    distributed = pytest.importorskip("distributed")
    # It keeps the stream it found when it was imported, which by the end of the tests is closed.
    logging.getLogger("distributed").handlers.clear()
    with warnings.catch_warnings():
        # Dask's own housekeeping warns of ports and of its comms on closing; nothing of ours is in it.
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as made:
            yield made


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_cluster_gives_the_bits_of_this_process(cluster):
    expected = scan(closes()).table
    assert scan(closes(), scheduler=cluster.scheduler_address).table.equals(expected)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_cluster_gives_the_bits_of_this_process_for_a_sweep_too(cluster):
    assert swept(scheduler=cluster.scheduler_address) == swept()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_worker_killed_in_the_middle_costs_time_and_no_result(cluster):
    """The one worker dies in the middle of a job of the scan; its jobs are done by the other, to the same bits."""
    columns = prepare_columns(make_universe(7, 60), ScanParams())
    jobs = jobs_of(7, 1)
    victim = next(iter(cluster.workers.values())).process.pid
    found = on_cluster(run_unless_killed, (columns, victim), jobs, scheduler=cluster.scheduler_address)
    assert collect(7, jobs, found).tobytes() == collect(7, jobs, in_turn(columns, jobs)).tobytes()
    assert next(iter(cluster.workers.values())).process.pid != victim


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_jobs_share_is_sent_again_if_it_is_lost_with_a_worker(cluster, monkeypatch):
    from distributed.client import FutureCancelledError

    mapped, tries = workers._mapped, []

    def lost_at_first(*args):
        tries.append(1)
        if len(tries) == 1:
            raise FutureCancelledError("job-0", "already forgotten")
        return mapped(*args)

    monkeypatch.setattr(workers, "_mapped", lost_at_first)
    assert on_cluster(add, 1, [1, 2], scheduler=cluster.scheduler_address) == [2, 3]
    assert len(tries) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_address_where_nobody_answers_is_said(monkeypatch):
    monkeypatch.setattr("livepairs.workers.CONNECT_S", 0.2)
    with pytest.raises(ConfigError, match=r"answers at 'tcp://127\.0\.0\.1:9'"):
        on_cluster(add, 1, [1], scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ConfigError, match="answers at 'nonsense://x'"):
        on_cluster(add, 1, [1], scheduler="nonsense://x")


def run_unless_killed(shared: tuple[Columns, int], job: np.ndarray) -> np.ndarray:
    """Run a job of the scan; but the worker that is the victim dies before it can hand in its first."""
    columns, victim = shared
    if os.getpid() == victim:
        run_job(columns, job)
        os.kill(victim, signal.SIGKILL)
    return run_job(columns, job)
