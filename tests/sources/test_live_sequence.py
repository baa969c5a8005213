"""The laws of the chunks, whatever the wire does; and bars made of them live are those of a replay, which sorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.bars.machine import BarMachine
from livepairs.exchanges import Reject
from livepairs.schema import BARS, Chunk, check
from livepairs.schema import MARKS as MARKS_SCHEMA
from livepairs.schema import TRADES as TRADES_SCHEMA
from livepairs.sources.live_ledger import Circumstances, Ledger
from livepairs.sources.live_sequence import Sequencer
from tests.factories import make_chunk, make_marks, make_trades, mix
from tests.sources.live_scenes import check_laws

A, B = "BTCUSDT", "ETHUSDT"
ORIGIN_US = 1_786_000_000_000_000
MS = 1_000


def trades_of(symbol: str, ids: Sequence[int], ts_ms: Sequence[int], recv_us: int) -> pa.RecordBatch:
    """Return a batch of these ids; its times are milliseconds since the origin, its prices tell the ids apart."""
    times = [ORIGIN_US + ms * MS for ms in ts_ms]
    rows = make_trades(symbol, times, recv_us=[recv_us] * len(times), price=[100.0 + i for i in ids])
    return rows.set_column(3, TRADES_SCHEMA.field("trade_id"), pa.array(np.asarray(ids, np.int64)))


def sequencer(symbols: Sequence[str] = (A, B)) -> Sequencer:
    return Sequencer(symbols, interval_us=1_000_000, grace_us=500_000, ledger=Ledger())


def take(machine: Sequencer, *batches: pa.RecordBatch, offset_us: int = 0, rejects: Sequence[Reject] = ()) -> None:
    for batch in batches:
        machine.take(batch, rejects, offset_us=offset_us, circumstances=Circumstances(ORIGIN_US))


def ids_of(chunk: Chunk) -> list[int]:
    return chunk.trades.column("trade_id").to_pylist()


def recv_of(chunk: Chunk) -> list[int]:
    return [us - ORIGIN_US for us in chunk.trades.column("recv_ts").cast(pa.int64()).to_pylist()]


def test_rows_come_by_symbol_and_time_with_the_schema_of_the_hop() -> None:
    machine = sequencer()
    take(machine, mix(trades_of(B, [7, 8], [1, 3], ORIGIN_US), trades_of(A, [1, 2], [2, 4], ORIGIN_US)))
    chunk = machine.close(ORIGIN_US)
    check(chunk.trades, TRADES_SCHEMA)
    assert chunk.trades.column("symbol").to_pylist() == [A, A, B, B]
    assert ids_of(chunk) == [1, 2, 7, 8]
    assert chunk.trades.column("buyer_is_maker").to_pylist() == [False, True, False, True]


def test_a_row_overtaken_within_a_chunk_is_put_in_its_place() -> None:
    machine = sequencer()
    take(machine, trades_of(A, [1, 3, 2], [1, 3, 2], ORIGIN_US + 9))
    chunk = machine.close(ORIGIN_US + 10)
    assert ids_of(chunk) == [1, 2, 3]
    assert recv_of(chunk) == [9, 9, 9]
    assert machine.ledger.gaps[0].how == "arrived"


def test_a_row_overtaken_by_an_earlier_chunk_is_late_at_its_bar() -> None:
    machine = sequencer()
    take(machine, trades_of(A, [1, 3], [100, 300], ORIGIN_US + 9))
    machine.close(ORIGIN_US + 10)
    take(machine, trades_of(A, [2, 4], [200, 400], ORIGIN_US + 20))
    chunk = machine.close(ORIGIN_US + 30)
    assert ids_of(chunk) == [2, 4]
    assert recv_of(chunk) == [1_500_000, 20]


def test_a_row_fetched_long_after_keeps_the_time_it_really_came() -> None:
    machine = sequencer()
    take(machine, trades_of(A, [1, 3], [100, 300], ORIGIN_US + 9))
    machine.close(ORIGIN_US + 10)
    take(machine, trades_of(A, [2], [200], ORIGIN_US + 7_000_000))
    assert recv_of(machine.close(ORIGIN_US + 8_000_000)) == [7_000_000]


def test_times_of_receipt_are_moved_onto_the_exchanges_clock() -> None:
    machine = sequencer()
    take(machine, trades_of(A, [1], [0], ORIGIN_US - 1_270_000), offset_us=-1_273_000)
    assert recv_of(machine.close(ORIGIN_US + 5_000)) == [3_000]


def test_a_new_estimate_of_the_clocks_turns_no_time_back() -> None:
    machine = sequencer()
    take(machine, trades_of(A, [1], [0], ORIGIN_US + 50), offset_us=0)
    assert machine.close(ORIGIN_US + 100).now_us == ORIGIN_US + 100
    take(machine, trades_of(A, [2], [1], ORIGIN_US + 150), offset_us=100)
    chunk = machine.close(ORIGIN_US + 60)
    assert chunk.now_us == ORIGIN_US + 100
    assert recv_of(chunk) == [101]


def test_a_symbol_nobody_asked_for_is_counted_and_left_out() -> None:
    machine = sequencer((A,))
    take(machine, trades_of(B, [7], [1], ORIGIN_US), trades_of(A, [1], [2], ORIGIN_US))
    assert ids_of(machine.close(ORIGIN_US)) == [1]
    assert machine.rejected == {"symbol_not_asked_for": 1}


def test_a_trade_dated_into_the_future_is_left_out_and_asked_for_again() -> None:
    """Let through, it would be the last row of its symbol, and every row after it late for a day."""
    machine = sequencer()
    odd = trades_of(A, [1, 2, 3], [1, 86_400_000, 2], ORIGIN_US)
    take(machine, odd)
    assert ids_of(machine.close(ORIGIN_US)) == [1, 3]
    assert [(gap.from_id, gap.to_id, gap.how) for gap in machine.ledger.gaps] == [(2, 2, "open")]
    machine.take(odd.slice(1, 1), (), offset_us=0, circumstances=Circumstances(ORIGIN_US, "rest"))
    assert ids_of(machine.close(ORIGIN_US)) == []
    assert machine.rejected == {"from_the_future": 2}
    assert machine.ledger.gaps[0].how == "filled"


def test_ids_that_were_rejected_open_no_gap() -> None:
    machine = sequencer()
    rejects = [Reject("aggTrade", A, 2, ORIGIN_US, "bad_price"), Reject("trade", A, 77, ORIGIN_US, "bad_price")]
    take(machine, trades_of(A, [1, 3], [1, 2], ORIGIN_US), rejects=rejects)
    take(machine, trades_of(A, [], [], ORIGIN_US), rejects=[Reject("aggTrade", A, 4, ORIGIN_US, "bad_price")])
    take(machine, trades_of(A, [5], [3], ORIGIN_US))
    assert machine.ledger.gaps == ()


def test_marks_that_come_again_are_left_out() -> None:
    machine = sequencer()
    for times in ([1, 2], [2, 3]):
        machine.take_marks(make_marks(A, [ORIGIN_US + ms * MS for ms in times]), offset_us=0)
    marks = machine.close(ORIGIN_US + 5_000).marks
    check(marks, MARKS_SCHEMA)
    assert [us - ORIGIN_US for us in marks.column("ts").cast(pa.int64()).to_pylist()] == [1_000, 2_000, 3_000]
    assert machine.mark_rows == {A: 3}


@dataclass(frozen=True)
class Message:
    """Some ids of one symbol, received after a pause, under an estimate of the clocks' difference."""

    symbol: str
    ids: list[int]
    pause_ms: int
    offset_ms: int
    closes: bool


MESSAGES = st.lists(
    st.builds(
        Message,
        symbol=st.sampled_from([A, B]),
        ids=st.lists(st.integers(1, 60), min_size=1, max_size=6),
        pause_ms=st.integers(0, 700),
        offset_ms=st.integers(-300, 300),
        closes=st.booleans(),
    ),
    max_size=25,
)


def play(messages: list[Message], times_ms: list[int]) -> list[Chunk]:
    """Play messages in which a trade's id tells its time, and close chunks where a message says so."""
    machine = sequencer()
    local_us, chunks = ORIGIN_US, []
    for message in messages:
        local_us += message.pause_ms * MS
        rows = trades_of(message.symbol, message.ids, [times_ms[i % len(times_ms)] for i in message.ids], local_us)
        take(machine, rows, offset_us=message.offset_ms * MS)
        if message.closes:
            chunks.append(machine.close(local_us - message.offset_ms * MS))
    return [*chunks, machine.close(local_us + 10_000_000)]


TIMES = st.lists(st.integers(0, 4_000), min_size=61, max_size=61).flatmap(
    lambda times: st.sampled_from([times, sorted(times)])
)


@settings(max_examples=30)
@given(messages=MESSAGES, times_ms=TIMES)
def test_the_laws_hold_whatever_comes(messages: list[Message], times_ms: list[int]) -> None:
    """Ids and times in any order, duplicates, holes, and an estimate of the clocks that jumps."""
    check_laws(play(messages, times_ms))


@settings(max_examples=30)
@given(messages=MESSAGES, times_ms=TIMES)
def test_bars_made_live_are_those_of_a_replay(messages: list[Message], times_ms: list[int]) -> None:
    """A replay reads the rows sorted by time and id, and in other chunks."""
    chunks = play(messages, times_ms)
    live = bars_of(chunks)
    rows = [chunk.trades for chunk in chunks if chunk.trades.num_rows]
    if not rows:
        return
    order = [("ts", "ascending"), ("trade_id", "ascending")]
    table = pa.Table.from_batches(rows).sort_by(order)
    end_us = chunks[-1].now_us
    singles = [table.slice(at, 1).combine_chunks().to_batches()[0] for at in range(table.num_rows)]
    replayed = bars_of([*(make_chunk(_ts(row), row) for row in singles), make_chunk(end_us)])
    assert live.sort_by("ts").equals(replayed.sort_by("ts"))


def _ts(row: pa.RecordBatch) -> int:
    """Return the time up to which a replay vouches when it has read a row: just before the row's."""
    return int(row.column("ts").cast(pa.int64()).to_pylist()[0]) - 1


def bars_of(chunks: Sequence[Chunk]) -> pa.Table:
    machine = BarMachine((A, B))
    made = pa.Table.from_batches([machine.update(chunk) for chunk in chunks], schema=BARS)
    counts = machine.counts
    assert counts.trades == counts.barred + counts.late
    assert not any(counts.rejected.values())
    return made
