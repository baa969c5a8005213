"""A recording: what was appended is what is read, in any slicing, any span and any projection."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError, RecordingError
from livepairs.schema import MARKS, TRADES, Chunk
from livepairs.stores import series
from livepairs.stores.recording import Provenance, Recording, RecordingWriter, open_recording
from tests.factories import make_marks, make_trades

SYMBOLS = ("BTCUSDT", "币安人生USDT", "1000PEPE_USDT")
BTC = [10, 20, 20, 20, 35, 60, 61, 62, 90]
CAKE = [5, 20, 36, 95]
PEPE = [61, 61, 99]
MARK_TIMES = [0, 25, 50, 75, 100]

few_rows = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut row groups after three rows and files after six, so that few rows make many of both."""
    monkeypatch.setattr(series, "ROW_GROUP_ROWS", 3)
    monkeypatch.setattr(series, "_FILE_ROWS", 6)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return record(tmp_path / "monday")


def record(path: Path, **provenance: Any) -> Recording:
    with RecordingWriter(path, source="import") as writer:
        for symbol, times in zip(SYMBOLS, (BTC, CAKE, PEPE), strict=True):
            writer.append(make_trades(symbol, times, price=[float(ts) for ts in times]))
            writer.append(marks=make_marks(symbol, MARK_TIMES))
        writer.finish(Provenance(**provenance))
    return open_recording(path)


def rows(chunks: list[Chunk], symbol: str) -> list[dict[str, Any]]:
    return [row for chunk in chunks for row in chunk.trades.to_pylist() if row["symbol"] == symbol]


def test_what_the_manifest_says_is_at_hand_without_reading_a_row(recording: Recording) -> None:
    shutil.rmtree(recording.path / "trades" / "symbol=BTCUSDT")
    assert recording.name == "monday"
    assert recording.symbols == SYMBOLS
    assert (recording.start_us, recording.end_us, recording.vouched_us) == (5, 99, 100)
    assert (recording.trade_count, recording.max_lag_us) == (16, 0)
    assert recording.is_final
    assert not recording.is_synthetic
    assert recording.source == "import"
    assert len(recording.digest) == 64


def test_the_table_of_trades_is_symbol_by_symbol_in_order(recording: Recording) -> None:
    table = recording.trades()
    assert table.schema == TRADES
    assert table["symbol"].to_pylist() == [SYMBOLS[0]] * 9 + [SYMBOLS[1]] * 4 + [SYMBOLS[2]] * 3
    assert table["ts"].cast(pa.int64()).to_pylist() == BTC + CAKE + PEPE
    assert table["trade_id"].to_pylist() == [*range(1, 10), *range(1, 5), *range(1, 4)]
    assert table["price"].to_pylist() == [float(ts) for ts in BTC + CAKE + PEPE]


def test_marks_are_kept_beside_the_trades(recording: Recording) -> None:
    marks = recording.marks(symbols=["BTCUSDT"], start_us=25, end_us=100)
    assert marks.schema == MARKS
    assert marks["ts"].cast(pa.int64()).to_pylist() == [25, 50, 75]


@given(batch_rows=st.integers(1, 20))
@few_rows
def test_chunks_of_any_size_hold_every_row_once_and_in_order(recording: Recording, batch_rows: int) -> None:
    chunks = list(recording.chunks(batch_rows=batch_rows))
    assert all(chunk.trades.num_rows <= batch_rows for chunk in chunks)
    for symbol in SYMBOLS:
        assert rows(chunks, symbol) == recording.trades(symbols=[symbol]).to_pylist()
    marks = [row for chunk in chunks for row in chunk.marks.to_pylist()]
    assert sorted(marks, key=lambda row: SYMBOLS.index(row["symbol"])) == recording.marks().to_pylist()


@given(batch_rows=st.integers(1, 5), start_us=st.integers(0, 101), length_us=st.integers(1, 101))
@few_rows
def test_a_chunk_vouches_for_nothing_that_is_still_to_come(
    recording: Recording, batch_rows: int, start_us: int, length_us: int
) -> None:
    chunks = list(recording.chunks(batch_rows=batch_rows, start_us=start_us, end_us=start_us + length_us))
    nows = [chunk.now_us for chunk in chunks]
    assert nows == sorted(nows)
    assert nows[-1] == min(recording.vouched_us, start_us + length_us - 1)
    for place, now_us in enumerate(nows):
        later = [row for chunk in chunks[place + 1 :] for batch in (chunk.trades, chunk.marks) for row in _ts(batch)]
        assert all(ts > now_us for ts in later)
        assert all(ts <= now_us for ts in _ts(chunks[place].marks))


def _ts(batch: pa.RecordBatch) -> list[int]:
    times: list[int] = batch.column("ts").cast(pa.int64()).to_pylist()
    return times


@given(
    symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True),
    start_us=st.none() | st.integers(0, 101),
    end_us=st.none() | st.integers(0, 101),
)
@few_rows
def test_push_down_equals_a_filter(
    recording: Recording, symbols: list[str], start_us: int | None, end_us: int | None
) -> None:
    everything = recording.trades(symbols=symbols)
    times = everything["ts"].cast(pa.int64())
    mask = pc.and_(pc.greater_equal(times, -1 if start_us is None else start_us), pc.less(times, end_us or 1_000))
    if end_us == 0:
        mask = pc.less(times, 0)
    expected = everything.filter(mask).to_pylist()
    assert recording.trades(symbols=symbols, start_us=start_us, end_us=end_us).to_pylist() == expected
    chunks = list(recording.chunks(symbols=symbols, start_us=start_us, end_us=end_us, batch_rows=2))
    assert [row for symbol in symbols for row in rows(chunks, symbol)] == expected


def test_row_groups_outside_the_span_are_not_read(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, int]] = []
    whole = pq.ParquetFile.read_row_group

    def counted(file: pq.ParquetFile, index: int, **options: Any) -> pa.Table:
        read.append((file.metadata.schema.names[0], index))
        return whole(file, index, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    # BTCUSDT lies in row groups 10-20, 20-60, 61-90.
    assert recording.trades(symbols=["BTCUSDT"], start_us=35, end_us=36).num_rows == 1
    assert len(read) == 1


def test_only_the_columns_asked_for_are_read_and_time_and_symbol_always(recording: Recording) -> None:
    chunk = next(recording.chunks(columns=["qty", "price"]))
    assert chunk.trades.schema.names == ["ts", "symbol", "price", "qty"]
    assert recording.trades(columns=["price"]).schema.names == ["ts", "symbol", "price"]


def test_healed_shows_every_row_as_if_it_had_come_in_time(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "R", source="import") as writer:
        writer.append(make_trades("A", [10, 20, 30], recv_us=[12, 900, 33]))
        writer.finish()
    recording = open_recording(tmp_path / "R")
    assert recording.max_lag_us == 880
    (as_seen,) = recording.chunks()
    (healed,) = recording.chunks(healed=True)
    assert as_seen.trades["recv_ts"].cast(pa.int64()).to_pylist() == [12, 900, 33]
    assert healed.trades["recv_ts"].cast(pa.int64()).to_pylist() == [10, 20, 30]
    assert healed.trades.schema == TRADES


def test_the_last_trade_before_a_time(recording: Recording) -> None:
    assert recording.last_trade_before("BTCUSDT", 61) == (60, 60.0)
    assert recording.last_trade_before("BTCUSDT", 1_000) == (90, 90.0)
    assert recording.last_trade_before("BTCUSDT", 10) is None


def test_an_empty_span_still_vouches_for_its_time(recording: Recording) -> None:
    (chunk,) = recording.chunks(start_us=40, end_us=50, symbols=["BTCUSDT"])
    assert (chunk.trades.num_rows, chunk.now_us) == (0, 49)


def test_a_span_that_ends_before_it_starts_is_empty(recording: Recording) -> None:
    """A row group across both ends was once cut to a negative length, which is garbage in memory."""
    for start_us, end_us in ((21, 6), (21, 21)):
        (chunk,) = recording.chunks(start_us=start_us, end_us=end_us)
        assert (chunk.trades.num_rows, chunk.now_us) == (0, end_us - 1)
        assert recording.trades(start_us=start_us, end_us=end_us).num_rows == 0


def test_rows_later_than_what_is_vouched_for_come_with_the_last_chunk(tmp_path: Path) -> None:
    recording = record(tmp_path / "R", vouched_us=58, is_final=False)
    chunks = list(recording.chunks(batch_rows=2))
    assert sum(chunk.trades.num_rows for chunk in chunks) == 16
    assert sum(chunk.marks.num_rows for chunk in chunks) == 15
    assert max(chunk.now_us for chunk in chunks) == recording.vouched_us == 58
    assert not recording.is_final


def test_reading_may_stop_at_any_time(recording: Recording) -> None:
    chunks = recording.chunks(batch_rows=1)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # a generator
    assert len(list(recording.chunks(batch_rows=1))) >= 16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"symbols": ["BTCUSD"]}, "no symbol 'BTCUSD' in recording 'monday' (did you mean 'BTCUSDT'?)"),
        ({"columns": ["prize"]}, "no column 'prize' in a recording (did you mean 'price'?)"),
        ({"batch_rows": 0}, "batch_rows is 0; it must be 1 or more"),
    ],
)
def test_asking_for_what_is_not_there_says_what_is(
    recording: Recording, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        recording.chunks(**arguments)
    assert str(caught.value).startswith(message)


def cut(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])


def edit(path: Path, name: str, value: object) -> None:
    content = json.loads(path.read_text())
    content[name] = value
    path.write_text(json.dumps(content))


PART = "trades/symbol=BTCUSDT/part-00000.parquet"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: (path / "manifest.json").unlink(), "is not a recording: there is no readable manifest.json"),
        (lambda path: cut(path / "manifest.json", 100), "manifest.json of recording"),
        (lambda path: (path / "manifest.json").write_bytes(b"\xff\xfe"), "manifest.json of recording"),
        (lambda path: edit(path / "manifest.json", "symbols", "BTCUSDT"), "Expected `array`, got `str`"),
        (
            lambda path: edit(path / "manifest.json", "schema_version", 2),
            "has schema version 2; this livepairs reads",
        ),
        (lambda path: (path / PART).unlink(), f"file '{PART}' of recording"),
        (lambda path: cut(path / PART, 500), "has 500 bytes, the manifest says"),
    ],
)
def test_a_damaged_recording_is_refused_when_it_is_opened(
    recording: Recording, damage: Callable[[Path], object], message: str
) -> None:
    damage(recording.path)
    with pytest.raises(RecordingError) as caught:
        open_recording(recording.path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_overwritten_with_rubbish_is_refused_when_it_is_read(recording: Recording) -> None:
    path = recording.path / PART
    path.write_bytes(bytes(path.stat().st_size))
    damaged = open_recording(recording.path)
    with pytest.raises(RecordingError, match="cannot be read"):
        list(damaged.chunks())
    with pytest.raises(RecordingError, match="was changed: its sha256 is"):
        damaged.verify_files()


def test_a_page_damaged_after_opening_ends_the_reading_with_a_sentence(recording: Recording) -> None:
    list(recording.chunks())
    path = recording.path / PART
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(RecordingError, match="cannot be read"):
        list(recording.chunks())


def test_an_untouched_recording_passes_verification(recording: Recording) -> None:
    recording.verify_files()


def test_a_folder_that_is_not_there_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is not a recording"):
        open_recording(tmp_path / "nowhere")


def test_an_unfinished_recording_is_refused_even_with_a_manifest(recording: Recording) -> None:
    unfinished = recording.path.rename(recording.path.parent / ".monday.partial-abc")
    with pytest.raises(RecordingError, match="was never finished"):
        open_recording(unfinished)
