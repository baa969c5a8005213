"""Cutting a recording at any time loses nothing, doubles nothing and keeps the order within a symbol."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.schema import MARKS, TRADES, Chunk, empty
from livepairs.sources import slices
from livepairs.sources.slices import Slices
from tests.memory_recording import START_US, MemoryRecording, Trade, trades_batch

trades_of_two_symbols = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["AAA", "BBB"])), min_size=1, max_size=60
).map(lambda rows: [Trade(START_US + ts, symbol, number) for number, (ts, symbol) in enumerate(rows)])


def rows_of(chunks: list[Chunk]) -> int:
    return sum(chunk.trades.num_rows for chunk in chunks)


def taken_ids(chunks: list[Chunk], symbol: str) -> list[int]:
    rows = [row for chunk in chunks for row in chunk.trades.to_pylist()]
    return [row["trade_id"] for row in rows if row["symbol"] == symbol]


@given(
    trades=trades_of_two_symbols,
    cuts=st.lists(st.integers(-5, 230), max_size=12),
    batch_rows=st.integers(1, 20),
)
def test_any_cuts_give_every_row_once_in_order(trades, cuts, batch_rows):
    recording = MemoryRecording(trades, batch_rows=batch_rows, tail_us=25)
    cut = Slices(recording.chunks(), start_us=recording.start_us, end_us=recording.vouched_us)
    chunks = []
    for offset in [*sorted(cuts), 10_000]:
        until_us = START_US + offset
        (chunk,) = cut.take(until_us)
        chunks.append(chunk)
        assert chunk.now_us == max(recording.start_us - 1, min(until_us, recording.vouched_us))
        seen = sum(part.trades.num_rows for part in chunks)
        assert seen == sum(trade.ts_us <= chunk.now_us for trade in trades)
    assert cut.is_done
    for symbol in recording.symbols:
        mine = sorted((t for t in trades if t.symbol == symbol), key=lambda trade: (trade.ts_us, trade.trade_id))
        assert taken_ids(chunks, symbol) == [trade.trade_id for trade in mine]


def test_batch_holding_several_symbols_is_cut_by_time():
    batch = trades_batch([Trade(10, "AAA", 1), Trade(30, "AAA", 2), Trade(20, "BBB", 1), Trade(40, "BBB", 2)])
    cut = Slices(iter([Chunk(batch, empty(MARKS), 40)]), start_us=10, end_us=40)
    (first,), (second,) = cut.take(25), cut.take(40)
    assert first.trades.column("ts").cast(pa.int64()).to_pylist() == [10, 20]
    assert second.trades.column("ts").cast(pa.int64()).to_pylist() == [30, 40]


def test_very_many_rows_come_in_several_slices(monkeypatch):
    monkeypatch.setattr(slices, "SLICE_ROWS", 10)
    recording = MemoryRecording([Trade(START_US + ts, "AAA", ts) for ts in range(100)], batch_rows=4)
    cut = Slices(recording.chunks(), start_us=START_US, end_us=recording.vouched_us)
    counts = []
    while not cut.is_done:
        counts.append(rows_of(cut.take(START_US + 1_000)))
    assert sum(counts) == 100
    assert max(counts) < 20


def test_rows_past_the_vouched_time_go_out_with_the_end():
    batch = trades_batch([Trade(10, "AAA", 1), Trade(30, "AAA", 2)])
    cut = Slices(iter([Chunk(batch, empty(MARKS), 20)]), start_us=10, end_us=20)
    assert rows_of(cut.take(1_000)) == 2


def test_chunks_that_stop_short_of_the_vouched_time_still_reach_it():
    cut = Slices(iter([Chunk(trades_batch([Trade(10, "AAA", 1)]), empty(MARKS), 10)]), start_us=10, end_us=50)
    assert [chunk.now_us for until_us in (20, 60) for chunk in cut.take(until_us)] == [20, 50]
    assert cut.is_done


def test_marks_are_cut_as_trades_are():
    columns = {"ts": [10, 20], "recv_ts": [10, 20], "symbol": ["AAA", "AAA"], "next_funding_ts": [99, 99]}
    numbers = {key: [1.0, 1.0] for key in ("mark_price", "index_price", "funding_rate")}
    marks = pa.RecordBatch.from_pydict(columns | numbers, schema=MARKS)
    cut = Slices(iter([Chunk(empty(TRADES), marks, 30)]), start_us=10, end_us=30)
    assert [cut.take(15)[0].marks.num_rows, cut.take(30)[0].marks.num_rows] == [1, 1]


@pytest.mark.parametrize("until_us", [5, 10, 30])
def test_closing_lets_go_of_the_files(until_us):
    recording = MemoryRecording([Trade(ts, "AAA", ts) for ts in (10, 20, 30)])
    cut = Slices(recording.chunks(), start_us=10, end_us=30)
    cut.take(until_us)
    cut.close()
    assert recording.opened == 0


def test_many_rows_are_not_copied_and_the_last_chunk_vouches(monkeypatch):
    monkeypatch.setattr(slices, "JOIN_ROWS", 5)
    recording = MemoryRecording([Trade(START_US + ts, "AB"[ts % 2] * 3, ts) for ts in range(40)])
    cut = Slices(recording.chunks(), start_us=START_US, end_us=recording.vouched_us)
    chunks = cut.take(START_US + 20)
    assert len(chunks) > 1
    assert rows_of(chunks) == 21
    assert {chunk.now_us for chunk in chunks[:-1]} == {START_US - 1}
    assert chunks[-1].now_us == START_US + 20
