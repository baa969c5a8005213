"""The rows a page's backtest is made of: those of the run, of the recording, or of other windows, to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.headless import replay
from livepairs.hub import Hub, Run
from livepairs.pairs.machine import PairParams
from livepairs.schema import Pair
from livepairs.views.backtest.backtestplan import WHOLE, first_plan
from livepairs.views.backtest.rehearsal import Job, rehearse, rows_for
from tests.hub.test_screen_equals_headless import SECOND, START_US, WINDOWS, recording_path, wait_for_arrival

__all__ = ["recording_path"]

PAIR = Pair("BBB", "AAA")
OTHER = {"hedge_window": 9, "z_window": 6}


@pytest.fixture
def run(recording_path: Path) -> Iterator[Run]:
    hub = Hub(Settings(source=str(recording_path), pairs=(str(PAIR),), **WINDOWS), clock=ManualClock())
    run = hub.open("some-run-id")
    assert run.control is not None
    run.control.seek(START_US + 40 * SECOND)
    wait_for_arrival(run)
    yield run
    hub.close()


def rows(run: Run, **changes: object) -> tuple[pa.Table, pa.Table]:
    plan = replace(first_plan(run.params), **changes)
    return rows_for(run, PAIR, plan, run.status.now_us, Job(lambda: None))


def test_so_far_holds_what_the_run_has_shown_and_nothing_later(run: Run) -> None:
    bars, pairs = rows(run)
    whole_bars, whole = rows(run, span=WHOLE)
    assert 0 < pairs.num_rows < whole.num_rows
    assert pairs.to_pylist() == whole.slice(0, pairs.num_rows).to_pylist() or _equal(pairs, whole)
    assert bars.num_rows < whole_bars.num_rows


def _equal(pairs: pa.Table, whole: pa.Table) -> bool:
    """Compare bits, as NaN is not equal to itself."""
    cut = whole.slice(0, pairs.num_rows)
    return all(
        pairs[name].combine_chunks().cast(pa.string()).equals(cut[name].combine_chunks().cast(pa.string()))
        for name in pairs.column_names
    )


def test_other_windows_are_what_a_replay_with_them_gives(recording_path: Path, run: Run) -> None:
    windows = replace(run.params.pair_params, **OTHER)
    _, pairs = rows(run, span=WHOLE, windows=windows)
    expected = replay(recording_path, pairs=[str(PAIR)], **{**WINDOWS, **OTHER}).pairs
    assert pairs.num_rows == expected.num_rows
    assert _equal(pairs, expected)


def test_other_windows_so_far_are_cut_where_the_run_stands(run: Run) -> None:
    windows = replace(run.params.pair_params, **OTHER)
    _, pairs = rows(run, windows=windows)
    _, whole = rows(run, span=WHOLE, windows=windows)
    assert pairs.num_rows == rows(run)[1].num_rows
    assert _equal(pairs, whole)


def test_a_backtest_comes_with_the_rows_it_acted_on(run: Run) -> None:
    told = []
    made = rehearse(run, PAIR, first_plan(run.params), lambda: told.append(1)).future.result(20)
    assert len(made.z) == len(made.y) == len(made.x) == made.result.equity.num_rows > 0
    assert made.until_us == run.status.now_us
    assert told


def test_a_cancelled_backtest_ends_as_cancelled(run: Run) -> None:
    job = Job(lambda: None)
    job.cancel()
    job.work(lambda: pytest.fail("it ran"))
    assert job.future.cancelled()


def test_windows_that_never_fill_say_so(run: Run) -> None:
    plan = replace(first_plan(run.params), windows=PairParams(hedge_window=5000, z_window=5000))
    made = rehearse(run, PAIR, plan, lambda: None).future.result(20)
    assert made.result.trades.num_rows == 0
    assert any(note.startswith("too short") for note in made.result.notes)
