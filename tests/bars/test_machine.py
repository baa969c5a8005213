"""BARS against pandas and against a plain model, with honest and with hostile trades."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.bars.kernel import COUNTS, NO_BAR, OHLCV, REASONS, fold
from livepairs.bars.machine import BarCounts, BarMachine
from livepairs.schema import BARS, INTERVALS_US, MARKS, TRADES, Chunk, empty
from livepairs.stats.compiled import prepare
from tests.bars.plain_model import PlainBars
from tests.bits import same_bits
from tests.factories import make_chunk, make_trades, mix

SECOND = 1_000_000
GRACE = 500_000
START = 1_700_000_000 * SECOND
FOREVER = START + 10**12


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def machine(*symbols: str, interval_us: int = SECOND) -> BarMachine:
    return BarMachine(symbols or ("A", "B"), interval_us=interval_us, grace_us=GRACE)


def run(chunks: Sequence[Chunk], bars: BarMachine) -> pa.Table:
    return pa.Table.from_batches([bars.update(chunk) for chunk in chunks], BARS)


def plain_rows(table: pa.Table | pa.RecordBatch) -> list[dict]:
    place = table.schema.get_field_index("ts")
    return table.set_column(place, "ts", table.column("ts").cast(pa.int64())).to_pylist()


def adds_up(counts: BarCounts) -> bool:
    return counts.trades == counts.barred + counts.late + sum(counts.rejected.values())


# --- honest trades -----------------------------------------------------------------------------------------------


def random_trades(symbol: str, rows: int, *, span_us: int, seed: int, lag_us: int = 0) -> pa.RecordBatch:
    random = np.random.default_rng(seed)
    ts = START + np.sort(random.integers(0, span_us, rows))
    price = np.round(60_000.0 + np.cumsum(random.normal(size=rows)), 1)
    received = ts + random.integers(0, lag_us + 1, rows)
    return make_trades(
        symbol, ts.tolist(), recv_us=received.tolist(), price=price, qty=random.integers(1, 99, rows) / 1e3
    )


@pytest.mark.parametrize("interval", INTERVALS_US)
def test_bars_equal_a_pandas_resample(interval: str) -> None:
    """Two symbols that begin at different times; bars without trades repeat the close before."""
    length = INTERVALS_US[interval]
    late_start = make_trades("B", [START + 3 * length + 5], price=7.0)
    trades = {
        "A": random_trades("A", 900, span_us=60 * length, seed=1),
        "B": mix(
            late_start, random_trades("B", 40, span_us=60 * length, seed=2).filter(pa.array([False] * 20 + [True] * 20))
        ),
    }
    end = START + 70 * length
    bars = run([make_chunk(end, *trades.values())], machine(interval_us=length)).to_pandas()
    for symbol, rows in trades.items():
        found = bars[bars.symbol == symbol].set_index("ts")
        frame = rows.to_pandas().set_index("ts")
        grid = frame.resample(pd.Timedelta(length, "us"))
        last = pd.Timestamp((end - GRACE) // length * length - length, unit="us", tz="UTC")
        expected = grid.price.ohlc().reindex(
            pd.date_range(frame.index[0].floor(pd.Timedelta(length, "us")), last, freq=pd.Timedelta(length, "us"))
        )
        count = grid.size().reindex(expected.index).fillna(0).astype(int)
        close = expected.close.ffill()
        for name in ("open", "high", "low", "close"):
            assert (found[name].to_numpy() == expected[name].fillna(close).to_numpy()).all(), (symbol, name)
        assert (found.trade_count.to_numpy() == count.to_numpy()).all()
        assert (found.is_filled.to_numpy() == (count == 0).to_numpy()).all()
        frame["quote"], frame["bought"] = frame.price * frame.qty, frame.qty * ~frame.buyer_is_maker
        for name, source in {"volume": "qty", "quote_volume": "quote", "buy_volume": "bought"}.items():
            sums = frame[source].resample(pd.Timedelta(length, "us")).sum().reindex(expected.index).fillna(0.0)
            np.testing.assert_allclose(found[name], sums, rtol=1e-12)


@st.composite
def sliced(draw: st.DrawFn, rows: pa.RecordBatch) -> list[Chunk]:
    """Cut trades anywhere; what is vouched never goes back and never beyond what is still to come in time."""
    count = rows.num_rows
    cuts = sorted(draw(st.sets(st.integers(0, count), max_size=8)))
    ts, received = (rows.column(name).cast(pa.int64()).to_numpy() for name in ("ts", "recv_ts"))
    deadline = (ts // SECOND + 1) * SECOND + GRACE
    now, chunks = 0, []
    for begin, end in pairwise([0, *cuts, count]):
        to_come = deadline[end:][received[end:] < deadline[end:]]
        allowed = int(min(to_come, default=FOREVER)) - 1
        wanted = int(ts[end - 1]) + draw(st.integers(-SECOND, 3 * SECOND)) if end else 0
        now = max(now, min(allowed, wanted))
        chunks.append(Chunk(rows.slice(begin, end - begin), empty_marks(), now))
    return [*chunks, make_chunk(START + 100 * SECOND)]


def empty_marks() -> pa.RecordBatch:
    return empty(MARKS)


SESSION = mix(
    random_trades("A", 120, span_us=12 * SECOND, seed=3, lag_us=2 * SECOND),
    random_trades("B", 30, span_us=20 * SECOND, seed=4, lag_us=2 * SECOND),
)


@given(st.data())
def test_slicing_trades_otherwise_changes_no_bit(data: st.DataObject) -> None:
    whole, cut = machine(), machine()
    expected = run([make_chunk(START + 100 * SECOND, SESSION)], whole)
    found = run(data.draw(sliced(SESSION)), cut)
    assert same_bits(found, expected)
    assert cut.counts == whole.counts
    assert whole.counts.late > 0


@given(st.data())
def test_one_symbol_a_chunk_is_the_same_as_several(data: st.DataObject) -> None:
    whole, apart = machine(), machine()
    expected = run([make_chunk(START + 100 * SECOND, SESSION)], whole)
    found = []
    for chunk in data.draw(sliced(SESSION)):
        names = chunk.trades.column("symbol").to_pylist()
        before = found[-1].now_us if found else 0
        for symbol in ("B", "A"):
            rows = chunk.trades.filter(pa.array([name == symbol for name in names], pa.bool_()))
            found.append(Chunk(rows, empty_marks(), chunk.now_us if symbol == "A" else before))
    assert same_bits(run(found, apart), expected)
    assert apart.counts == whole.counts


@given(st.data())
def test_cutting_off_the_future_changes_no_closed_bar(data: st.DataObject) -> None:
    chunks = data.draw(sliced(SESSION))
    keep = data.draw(st.integers(0, len(chunks)))
    whole = run(chunks, machine())
    part = run(chunks[:keep], machine())
    assert same_bits(part, whole.slice(0, part.num_rows))


def test_each_closed_bar_comes_once_in_the_order_of_time_then_symbol() -> None:
    bars = machine("B", "A")
    rows = plain_rows(run([make_chunk(START + 5 * SECOND, SESSION), make_chunk(START + 30 * SECOND)], bars))
    places = [(row["ts"], "BA".index(row["symbol"])) for row in rows]
    assert places == sorted(set(places))
    assert {row["symbol"] for row in rows} == {"A", "B"}


# --- lateness, closing, filling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("early_by", "late"), [(0, 1), (1, 0), (-1, 1)])
@pytest.mark.parametrize("is_bar_at_hand", [True, False])
def test_a_trade_is_late_iff_received_at_the_end_of_its_bar_and_grace(
    early_by: int, late: int, is_bar_at_hand: bool
) -> None:
    bars = machine("A")
    ts = [START + 10] * (1 + is_bar_at_hand)
    received = [START + 10] * is_bar_at_hand + [START + SECOND + GRACE - early_by]
    bars.update(make_chunk(START + 10, make_trades("A", ts, recv_us=received)))
    assert bars.counts.late == late
    assert bars.counts.barred == len(ts) - late


def test_lateness_has_nothing_to_do_with_when_the_row_is_handed_in() -> None:
    row = make_trades("A", [START + 10], recv_us=[START + SECOND + GRACE - 1])
    first = machine("A")
    assert first.update(make_chunk(START + 9 * SECOND, row)).num_rows == 8
    second = machine("A")
    second.update(make_chunk(START + SECOND + GRACE - 1))
    assert second.update(make_chunk(START + SECOND + GRACE - 1, row)).num_rows == 0
    assert second.update(make_chunk(START + SECOND + GRACE)).num_rows == 1


def test_a_bar_closes_when_now_reaches_its_end_and_grace_and_not_before() -> None:
    bars = machine("A")
    assert bars.update(make_chunk(START + SECOND + GRACE - 1, make_trades("A", [START]))).num_rows == 0
    assert bars.forming().num_rows == 1
    closed = bars.update(make_chunk(START + SECOND + GRACE))
    assert plain_rows(closed)[0]["ts"] == START
    assert bars.forming().num_rows == 0
    assert bars.update(make_chunk(START + SECOND + GRACE)).num_rows == 0


def test_a_bar_without_trades_repeats_the_last_close() -> None:
    bars = machine("A")
    trades = make_trades("A", [START, START + 1, START + 3 * SECOND], price=[5.0, 4.0, 6.0], qty=[1.0, 2.0, 3.0])
    rows = plain_rows(bars.update(make_chunk(START + 6 * SECOND, trades)))
    assert [row["close"] for row in rows] == [4.0, 4.0, 4.0, 6.0, 6.0]
    filled = [row for row in rows if row["is_filled"]]
    assert [row["ts"] - START for row in filled] == [SECOND, 2 * SECOND, 4 * SECOND]
    for row in filled:
        assert row["open"] == row["high"] == row["low"] == row["close"]
        assert row["volume"] == row["quote_volume"] == row["buy_volume"] == row["trade_count"] == 0
    again = plain_rows(bars.update(make_chunk(START + 7 * SECOND + GRACE)))
    assert [row["close"] for row in again] == [6.0, 6.0]


def test_rows_as_seen_are_late_and_healed_are_in_their_bars() -> None:
    seen = make_trades(
        "A", [START, START + SECOND, START + 2 * SECOND], recv_us=[START, START + 9 * SECOND, START + 2 * SECOND]
    )
    healed = seen.set_column(1, TRADES.field("recv_ts"), seen.column("ts"))
    as_seen, as_was = machine("A"), machine("A")
    filled = plain_rows(as_seen.update(make_chunk(START + 9 * SECOND, seen)))[1]
    whole = plain_rows(as_was.update(make_chunk(START + 9 * SECOND, healed)))[1]
    assert filled["is_filled"]
    assert as_seen.counts.late == 1
    assert whole["trade_count"] == 1
    assert as_was.counts.late == 0


def test_rows_without_receipt_time_are_taken_as_received_at_once() -> None:
    rows = random_trades("A", 50, span_us=9 * SECOND, seed=6)
    expected = machine("A").update(make_chunk(FOREVER // 10**6, rows))
    found = machine("A").update(Chunk(rows.drop_columns(["recv_ts", "trade_id"]), empty_marks(), FOREVER // 10**6))
    assert same_bits(found, expected)


def test_348_trades_of_one_microsecond_are_one_bar() -> None:
    """As many as the busiest millisecond of the real recording of August 2024 has."""
    bars = machine("A")
    rows = make_trades("A", [START + 7] * 348, price=np.arange(1.0, 349.0))
    bar = plain_rows(bars.update(make_chunk(START + 2 * SECOND, rows)))[0]
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (1.0, 348.0, 1.0, 348.0)
    assert bar["trade_count"] == bar["volume"] == 348
    assert bar["buy_volume"] == 174.0


def test_taker_side_is_read_from_any_bit_of_a_slice() -> None:
    rows = make_trades("A", [START + k for k in range(40)], qty=2.0 ** np.arange(40))
    for begin in range(0, 20, 3):
        bar = plain_rows(machine("A").update(make_chunk(START + 2 * SECOND, rows.slice(begin, 17))))[0]
        assert bar["buy_volume"] == sum(2.0**k for k in range(begin, begin + 17) if k % 2 == 0)


def test_forming_bars_are_those_with_trades_that_are_not_closed() -> None:
    bars = machine()
    rows = [make_trades("A", [START, START + SECOND], price=[5.0, 6.0]), make_trades("B", [START + SECOND])]
    assert bars.forming().equals(empty(BARS))
    bars.update(make_chunk(START + SECOND, *rows))
    forming = plain_rows(bars.forming())
    assert [(row["symbol"], row["ts"] - START, row["is_filled"]) for row in forming] == [
        ("A", 0, False),
        ("A", SECOND, False),
        ("B", SECOND, False),
    ]
    assert bars.counts.forming == 3
    assert bars.forming().equals(bars.forming())


def test_a_seeded_symbol_has_bars_from_the_next_one_on() -> None:
    bars = machine()
    bars.seed("A", START + 123, 42.0)
    rows = plain_rows(bars.update(make_chunk(START + 3 * SECOND + GRACE)))
    assert [(row["ts"] - START, row["close"], row["is_filled"]) for row in rows] == [
        (SECOND, 42.0, True),
        (2 * SECOND, 42.0, True),
    ]
    bars = machine("A")
    bars.seed("A", START, 42.0)
    bars.update(make_chunk(START, make_trades("A", [START + 999_999, START + SECOND])))
    assert bars.counts.rejected["after_close"] == 1
    assert bars.counts.barred == 1


def test_a_run_seeded_with_the_last_trade_has_the_bars_of_the_whole_run() -> None:
    edge = START + 8 * SECOND
    ts = SESSION.column("ts").cast(pa.int64()).to_numpy()
    healed = SESSION.set_column(1, TRADES.field("recv_ts"), SESSION.column("ts"))
    whole = run([make_chunk(START + 100 * SECOND, healed)], machine())
    later = machine()
    for symbol in ("A", "B"):
        mask = (ts < edge) & np.array([name == symbol for name in SESSION.column("symbol").to_pylist()])
        later.seed(symbol, int(ts[mask][-1]), SESSION.column("price").to_numpy()[mask][-1])
    # Bars between the seeding trade and the edge are there as well; what counts begins at the edge.
    found = run([make_chunk(START + 100 * SECOND, healed.filter(pa.array(ts >= edge)))], later)
    at = pa.scalar(edge, BARS.field("ts").type)
    assert same_bits(found.filter(pc.field("ts") >= at), whole.filter(pc.field("ts") >= at))


def test_reset_forgets_everything() -> None:
    bars = machine()
    first = run([make_chunk(START + 100 * SECOND, SESSION)], bars)
    bars.reset()
    assert bars.counts == machine().counts
    assert same_bits(run([make_chunk(START + 100 * SECOND, SESSION)], bars), first)


# --- hostile trades ----------------------------------------------------------------------------------------------

hostile = st.lists(
    st.tuples(
        st.integers(0, 24).map(lambda step: START + step * 250_000),
        st.sampled_from([0, 1, 250_000, 1_249_999, 1_250_000, 1_500_000, 5_000_000, -1_000_000]),
        st.sampled_from(["A", "B", "unknown"]),
        st.sampled_from([1.5, 2.0, 2.0, 2.5, 3.0, 0.0, -1.0, math.nan, math.inf, -math.inf, 5e-324]),
        st.sampled_from([0.25, 0.5, 1.0, 1.0, 1.0, 0.0, -0.5, math.nan, math.inf]),
        st.integers(0, 5),
    ),
    max_size=40,
)


def hostile_chunks(trades: list[tuple], steps: list[int]) -> Iterator[Chunk]:
    now = START - SECOND
    cuts = sorted(step % (len(trades) + 1) for step in steps)
    for begin, end in pairwise([0, *cuts, len(trades)]):
        part = [make_trades(s, [ts], recv_us=[ts + lag], price=p, qty=q) for ts, lag, s, p, q, _ in trades[begin:end]]
        now += sum(more for *_, more in trades[begin:end]) * 300_000
        table = pa.Table.from_batches(part, TRADES).unify_dictionaries().combine_chunks()
        yield Chunk((table.to_batches() or [empty(TRADES)])[0], empty_marks(), now)
    yield make_chunk(START + 20 * SECOND)


@given(hostile, st.lists(st.integers(0, 100), max_size=5))
def test_whatever_comes_the_bars_are_those_of_the_plain_model_and_the_counts_add_up(
    trades: list[tuple], steps: list[int]
) -> None:
    bars, model = machine(), PlainBars(("A", "B"), SECOND, GRACE)
    rows = []
    for chunk in hostile_chunks(trades, steps):
        rows += plain_rows(bars.update(chunk))
        model.update(chunk)
        assert adds_up(bars.counts)
        assert bars.counts.barred - bars.counts.forming == sum(row["trade_count"] for row in rows)
    assert rows == model.rows
    counts = bars.counts
    found = {"barred": counts.barred, "late": counts.late, **counts.rejected}
    assert {reason: count for reason, count in found.items() if count} == dict(model.counts)
    assert counts.trades == len(trades)
    assert counts.forming == 0


@given(hostile)
def test_compiled_and_interpreted_are_equal_bit_for_bit(trades: list[tuple]) -> None:
    rows = [trade for trade in trades if trade[2] == "A"]
    ts, lags = (np.array([row[place] for row in rows], np.int64) for place in (0, 1))
    price, qty = (np.array([row[place] for row in rows]).astype(float) for place in (3, 4))
    results = []
    for call in (fold, fold.interpret):
        state = np.zeros(COUNTS + 2 + len(REASONS), np.int64)
        state[0], state[2] = NO_BAR, START // SECOND + 1
        at_hand, finished = np.zeros(len(OHLCV)), np.zeros(len(OHLCV) * len(rows))
        numbers, counts = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
        bits = np.packbits(np.arange(len(rows) + 3) % 3 == 0, bitorder="little")
        done = call(state, at_hand, SECOND, GRACE, ts, ts + lags, price, qty, bits, 3, numbers, counts, finished)
        results.append((done, *(array.tobytes() for array in (state, at_hand, numbers, counts, finished))))
    assert results[0] == results[1]
