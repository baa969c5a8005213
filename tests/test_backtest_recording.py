"""A recording, a path and a finished replay give the same backtest, and funding comes from marks or files."""

from __future__ import annotations

import inspect
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import livepairs
from livepairs.backtest.engine import run_backtest
from livepairs.backtest.params import BacktestParams
from livepairs.backtest_recording import backtest, read_funding
from livepairs.errors import ConfigError, InputError, RecordingError
from livepairs.headless import ReplayResult, replay
from livepairs.stores.recording import open_recording

DEMO = Path(__file__).resolve().parents[1] / "recordings" / "demo"
PAIR = "ETHUSDT/BTCUSDT"
WINDOWS = {"bars": "5s", "hedge_window": 240, "z_window": 240, "corr_window": 240}


@pytest.fixture(scope="module")
def replayed() -> ReplayResult:
    return replay(DEMO, pairs=[PAIR], **WINDOWS)


def test_a_path_a_recording_and_a_replay_give_the_same_trades(replayed: ReplayResult) -> None:
    of_replay = backtest(replayed, entry=1.5)
    of_path = backtest(DEMO, pair=PAIR, entry=1.5, **WINDOWS)
    of_recording = backtest(open_recording(DEMO), pair=PAIR, params=BacktestParams(entry=1.5), **WINDOWS)
    assert of_replay.trades.num_rows > 10
    assert of_replay.trades.equals(of_path.trades)
    assert of_path.equity.equals(of_recording.equity)
    assert of_path.metrics == of_recording.metrics


def test_the_public_name_is_the_function_and_the_room(replayed: ReplayResult) -> None:
    assert livepairs.backtest(replayed).trades.equals(backtest(replayed).trades)
    assert inspect.ismodule(livepairs.backtest)
    assert livepairs.backtest.engine.run_backtest is run_backtest


def test_a_recordings_marks_say_what_funding_is_known() -> None:
    result = backtest(DEMO, pair=PAIR, **WINDOWS)
    assert not any("funding unknown" in note for note in result.notes)


def test_a_funding_file_is_charged_at_its_times(replayed: ReplayResult, tmp_path: Path) -> None:
    free = backtest(replayed)
    held = free.trades.slice(3, 1).to_pylist()[0]
    file = tmp_path / "funding.parquet"
    pq.write_table(pa.table({"ts": [held["entry_ts"]], "symbol": ["ETHUSDT"], "rate": [0.01]}), file)
    paid = backtest(replayed, funding=file)
    assert pc.index(pc.not_equal(paid.trades.column("funding"), 0.0), pa.scalar(value=True)).as_py() == 3
    opened = replayed.bars.filter(pc.equal(replayed.bars["symbol"], "ETHUSDT"))
    before = opened.filter(pc.less(opened["ts"], pa.scalar(held["entry_ts"], opened["ts"].type))).column("close")[-1]
    assert paid.trades.column("funding")[3].as_py() == pytest.approx(-held["qty_y"] * before.as_py() * 0.01)
    assert any("funding unknown for BTCUSDT" in note for note in paid.notes)


def test_dump_files_have_their_symbol_in_their_name(tmp_path: Path) -> None:
    files = []
    for symbol in ("ETHUSDT", "BTCUSDT"):
        file = tmp_path / f"{symbol}-fundingRate-2025-05.csv"
        file.write_text("calc_time,funding_interval_hours,last_funding_rate\n1746057600001,8,0.0001\n")
        files.append(file)
    funding = read_funding(files)
    assert funding.events.column("symbol").to_pylist() == ["BTCUSDT", "ETHUSDT"]
    with pytest.raises(InputError, match="events of 'ETHUSDT', as in a file before"):
        read_funding([files[0], files[0]])


def test_a_funding_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.parquet: found no such file"):
        read_funding(tmp_path / "absent.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match=r"broken\.parquet: found what cannot be read"):
        read_funding(broken)


def test_options_that_are_not_there_are_suggested(replayed: ReplayResult) -> None:
    with pytest.raises(ConfigError, match=r"no option 'fee' \(did you mean 'fee_bps'\?\)"):
        backtest(replayed, fee=1.0)
    with pytest.raises(ConfigError, match="hedge_window cannot change a replay that is done"):
        backtest(replayed, hedge_window=10)
    with pytest.raises(ConfigError, match="no pair is given"):
        backtest(DEMO)
    with pytest.raises(ConfigError, match="did you mean"):
        backtest(DEMO, pair="ETHUSD/BTCUSDT")
    with pytest.raises(RecordingError):
        backtest(DEMO.parent / "absent", pair=PAIR)
