"""A sweep from bars to selection: windows as the replay has them, the same bits anywhere, and a cautious verdict."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from livepairs.backtest.grid import Grid
from livepairs.backtest.metrics import METRICS
from livepairs.backtest_recording import backtest
from livepairs.errors import ConfigError
from livepairs.headless import replay
from livepairs.pairs.machine import PairParams
from livepairs.pairs.rescore import Spreads, z_of
from livepairs.sweep_recording import Study, SweepResult, sweep

DEMO = Path(__file__).resolve().parents[1] / "recordings" / "demo"
PAIR = "ETHUSDT/BTCUSDT"
GRID = Grid(entry=(1.0, 2.0), exit=(0.0, 0.5), stop=(4.0, None), z_window=(60, 90), hedge_window=(60, 120))


@pytest.fixture(scope="module")
def bars() -> object:
    return replay(DEMO, pairs=[], bars="5s").bars


@pytest.fixture(scope="module")
def found(bars: object) -> SweepResult:
    study = Study(folds=2, prior_trials=8)
    return sweep(bars, pair=PAIR, grid=GRID, interval_us=5_000_000, study=study, pair_params=PairParams(corr_window=60))


def test_every_set_has_a_row_that_is_its_backtest(found: SweepResult) -> None:
    assert found.tried.num_rows == len(GRID) == 32
    for row in found.tried.to_pylist()[::5]:
        ways = {name: row[name] for name in ("entry", "exit", "stop", "z_window", "hedge_window")}
        metrics = backtest(DEMO, pair=PAIR, bars="5s", corr_window=60, **ways).metrics
        for name in row.keys() & METRICS.keys():
            assert row[name] == metrics[name], name


def test_every_trial_counts_against_the_best(found: SweepResult) -> None:
    assert found.best is not None
    assert found.summary["trials"] == found.best.metrics["trials"] == 40
    row = found.tried.to_pylist()[int(np.nanargmax(found.tried.column("sharpe").to_numpy()))]
    assert {name: row[name] for name in ("entry", "exit", "stop")}.items() <= asdict(found.best.params).items()
    assert found.best.metrics["sharpe"] == found.summary["best_sharpe"]
    one = backtest(
        DEMO, pair=PAIR, bars="5s", corr_window=60, z_window=row["z_window"], hedge_window=row["hedge_window"],
        **{name: row[name] for name in ("entry", "exit", "stop")},
    )  # fmt: skip
    assert found.summary["deflated_sharpe"] < one.metrics["deflated_sharpe"]


def test_folds_are_chosen_on_the_past_and_judged_on_what_follows(found: SweepResult) -> None:
    assert found.folds.num_rows == 2
    for fold in found.folds.to_pylist():
        assert fold["train_start"] < fold["train_end"] < fold["test_start"] < fold["test_end"]
        # The purge is the longest z window.
        assert (fold["test_start"] - fold["train_end"]).total_seconds() == 5 * 90
    assert found.summary["walk_forward_return"] == pytest.approx(sum(found.folds["test_return"].to_pylist()))


@pytest.mark.parametrize("z_window", [2, 61, 300])
def test_z_of_another_window_is_the_replays_to_the_bit(z_window: int) -> None:
    ways = {"pairs": [PAIR], "bars": "5s", "hedge_window": 120, "corr_window": 60}
    params = PairParams(hedge_window=120, corr_window=60)
    spreads = Spreads.of(replay(DEMO, **ways).pairs, params, interval_us=5_000_000)
    expected = replay(DEMO, z_window=z_window, **ways).pairs
    z, is_ready = z_of(spreads, z_window)
    assert np.array_equal(z, expected["z"].to_numpy(), equal_nan=True)
    assert is_ready.tolist() == expected["is_ready"].to_pylist()


def test_a_recording_too_short_for_its_windows_says_so_in_numbers(bars: object) -> None:
    grid = Grid(z_window=(100_000,))
    left = sweep(bars, pair=PAIR, grid=grid, interval_us=5_000_000, study=Study(folds=0))
    assert left.best is None
    assert (left.summary["traded"], left.summary["deflated_sharpe"], left.summary["overfit_probability"]) == (
        0,
        None,
        None,
    )
    with pytest.raises(ConfigError, match="leave nothing to train or test on"):
        sweep(bars, pair=PAIR, grid=grid, interval_us=5_000_000)
