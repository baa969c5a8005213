"""Replaying recordings without a screen."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from livepairs import headless, pipeline
from livepairs.errors import ConfigError, RecordingError
from livepairs.headless import ReplayResult, columns_needed, replay
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.stores.manifest import Provenance
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from tests.bits import same_bits
from tests.factories import make_trades

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
WINDOWS = {"hedge_window": 13, "z_window": 7, "corr_window": 5}


def write(path: Path, *, lag_us: int = 0, seconds: int = 60, provenance: Provenance | None = None) -> Recording:
    random = np.random.default_rng(4)
    with RecordingWriter(path, source="import", symbols=("Y", "X")) as writer:
        x = 100.0 * np.exp(1e-3 * np.cumsum(random.normal(size=4 * seconds)))
        for symbol, price in (("Y", 2.0 * x * np.exp(1e-3 * random.normal(size=len(x)))), ("X", x)):
            ts = [START + 250_000 * step for step in range(4 * seconds)]
            received = [t + (lag_us if step % 40 == 7 else 0) for step, t in enumerate(ts)]
            writer.append(make_trades(symbol, ts, recv_us=received, price=price))
        writer.finish(provenance or Provenance())
    return open_recording(path)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return write(tmp_path_factory.mktemp("headless") / "R", lag_us=3 * SECOND)


def same(one: ReplayResult, other: ReplayResult) -> bool:
    tables = all(same_bits(getattr(one, hop), getattr(other, hop)) for hop in ("bars", "pairs", "events"))
    return tables and one.digest == other.digest and one.status.counts == other.status.counts


def test_every_trade_of_a_finished_recording_is_accounted_for(recording: Recording) -> None:
    result = replay(recording, pairs=["Y/X"], **WINDOWS)
    counts = result.status.counts
    assert (counts.trades, counts.late, counts.forming) == (480, 12, 0)
    assert counts.barred == 468 == sum(result.bars.column("trade_count").to_pylist())
    assert (result.bars.num_rows, result.pairs.num_rows) == (120, 60)
    assert result.seconds > 0.0
    assert repr(result).startswith("ReplayResult(480 trades -> 120 bars, 60 pair rows, ")


@pytest.mark.parametrize("batch_rows", [1, 7, 100, 239, 100_000])
def test_batch_rows_change_no_bit(recording: Recording, batch_rows: int) -> None:
    expected = replay(recording, pairs=["Y/X"], **WINDOWS)
    assert same(replay(recording, pairs=["Y/X"], batch_rows=batch_rows, **WINDOWS), expected)


def test_healed_puts_late_rows_in_their_bars(recording: Recording) -> None:
    healed = replay(recording, pairs=["Y/X"], healed=True, **WINDOWS)
    assert healed.status.late == 0
    assert healed.bars.column("trade_count").to_pylist() == [4] * 120
    assert healed.digest != replay(recording, pairs=["Y/X"], **WINDOWS).digest


def test_receipt_times_are_read_only_where_they_can_make_a_trade_late(recording: Recording) -> None:
    assert recording.max_lag_us == 3 * SECOND
    assert "recv_ts" in columns_needed(recording, 3 * SECOND - 1, healed=False)
    assert "recv_ts" not in columns_needed(recording, 3 * SECOND, healed=False)
    assert "recv_ts" not in columns_needed(recording, 0, healed=True)


def test_leaving_receipt_times_out_changes_no_bit(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = replay(recording, pairs=["Y/X"], grace_ms=3000, **WINDOWS)
    assert expected.status.late == 0
    everything = (*headless.BAR_COLUMNS, "recv_ts", "trade_id")
    monkeypatch.setattr(headless, "columns_needed", lambda *_, **__: everything)
    assert same(replay(recording, pairs=["Y/X"], grace_ms=3000, **WINDOWS), expected)


def test_a_recording_that_may_go_on_keeps_its_last_bar_open(tmp_path: Path) -> None:
    last = START + 59_750_000
    recording = write(tmp_path / "R", provenance=Provenance(is_final=False, vouched_us=last))
    result = replay(recording, pairs=["Y/X"], **WINDOWS)
    assert result.bars.num_rows == 2 * 59
    assert result.status.counts.forming == 8


def test_a_path_and_pairs_as_objects_do_as_well(recording: Recording) -> None:
    by_path = replay(str(recording.path), pairs=[Pair("Y", "X")], **WINDOWS)
    assert same(by_path, replay(recording.path, pairs=["Y/X"], **WINDOWS))


def test_without_pairs_there_are_bars_only(recording: Recording) -> None:
    result = replay(recording, pairs=[])
    assert (result.bars.num_rows, result.pairs.num_rows, result.events.num_rows) == (120, 0, 0)


def test_large_recordings_wait_for_the_compiler_first(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(pipeline, "WORTH_COMPILING", 480)
    monkeypatch.setattr(pipeline.compiled, "prepare", lambda: asked.append(True))
    headless.play(recording, RunParams(()))
    assert asked == [True]
    monkeypatch.setattr(pipeline, "WORTH_COMPILING", 481)
    headless.play(recording, RunParams(()))
    assert asked == [True]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"grace_ms": math.nan}, "grace of nan ms is not a length of time"),
        ({"grace_ms": math.inf}, "grace of inf ms is not a length of time"),
        ({"grace_ms": -1.0}, "grace of -1 ms is out of range; use 0 to 60000 ms"),
        ({"bars": "7m"}, "bar interval '7m' is not known"),
        ({"pairs": ["Y/Q"]}, "symbol 'Q' of pair 'Y/Q' is not in the source; it has Y, X"),
        ({"pairs": ["Y-X"]}, "pair 'Y-X' is not of the form Y/X"),
        ({"entry": 0.1}, "the return must be below it"),
        ({"batch_rows": 0}, "batch_rows is 0; it must be 1 or more"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(recording: Recording, wrong: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replay(recording, **{"pairs": ["Y/X"], **wrong})


def test_no_recording_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="absent"):
        replay(tmp_path / "absent", pairs=[])
