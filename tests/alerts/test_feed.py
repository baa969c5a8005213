"""How trades came: by hand, in any slicing, and the same in a replay by trade time as in the order of receipt."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from livepairs.alerts.feed import FeedMachine
from livepairs.bars.machine import BarMachine
from livepairs.schema import FEED, Chunk
from tests.bits import same_bits
from tests.factories import make_chunk, make_trades

S = 1_000_000


def feed_of(chunks: list[Chunk], symbols: tuple[str, ...] = ("A",), bar_us: int = S) -> pa.Table:
    bars, feed = BarMachine(symbols, interval_us=bar_us), FeedMachine(symbols, interval_us=bar_us)
    return pa.Table.from_batches([feed.update(chunk, bars.update(chunk)) for chunk in chunks], FEED)


def columns(table: pa.Table) -> list[tuple]:
    names = ("age_s", "lag_s", "late_share", "gap_open")
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def test_age_lag_share_and_gap_by_hand() -> None:
    ts = [0, 250_000, 1_500_000, 1_750_000, 4_000_000]
    received = [100_000, 300_000, 1_600_000, 3_200_000, 4_100_000]
    rows = make_trades("A", ts, recv_us=received)
    found = columns(feed_of([make_chunk(6 * S, rows)]))
    assert str(found) == str(
        [
            (0.75, 0.1, 0.0, False),
            (0.5, 0.1, 0.0, False),
            # Nothing came in the third bar; in the fourth a trade of the second, 1.45 s on its way and late: till
            # then its id, 4, was not missing, for nothing after it had come.
            (1.5, math.nan, 0.0, False),
            (2.25, 1.45, 0.25, False),
            (1.0, 0.1, 0.2, False),
        ]
    )


def test_a_hole_in_the_ids_is_open_until_it_is_filled_or_given_up() -> None:
    early = make_trades("A", [0, 1 * S])
    after = make_trades("A", [2 * S, 3 * S], first_id=5)
    filled = make_trades("A", [1_200_000, 1_400_000], recv_us=[4 * S, 5 * S], first_id=3)
    found = feed_of([make_chunk(int(7.6 * S), early, filled, after)])
    assert found.column("gap_open").to_pylist() == [False, False, True, True, True, False, False]
    for_ever = feed_of([make_chunk(700 * S, early, after)])
    assert np.flatnonzero(for_ever.column("gap_open").to_numpy())[[0, -1]].tolist() == [2, 601]


TRADES = st.lists(
    st.tuples(st.integers(0, 6 * S), st.one_of(st.integers(0, 400_000), st.integers(0, 4 * S)), st.booleans()),
    min_size=1,
    max_size=40,
)


def session(trades: list[tuple[int, int, bool]]) -> list[tuple[int, int, int]]:
    """Return (ts, recv, id) of a symbol: ids by time, some of them never come."""
    ordered = sorted((ts, lag, comes) for ts, lag, comes in trades)
    return [(ts, ts + lag, number) for number, (ts, lag, comes) in enumerate(ordered) if comes]


def chunk_of(rows: list[tuple[int, int, int]], now_us: int) -> Chunk:
    batches = []
    for ts, received, number in rows:
        batches.append(make_trades("A", [ts], recv_us=[received], first_id=number))
    return make_chunk(now_us, *batches)


@given(TRADES, st.integers(1, 5))
def test_a_replay_by_trade_time_knows_what_was_known_in_the_order_of_receipt(trades, step) -> None:
    rows = session(trades)
    end_us = 12 * S
    live, at = [], 0
    # A live source vouches up to a time only once it has handed over what was received by then.
    for now_us in range(0, end_us + 1, step * 130_000):
        live.append(chunk_of([row for row in sorted(rows, key=lambda row: row[1]) if at <= row[1] < now_us], now_us))
        at = now_us
    replay = [chunk_of(sorted(rows), live[-1].now_us)]
    assert same_bits(feed_of(live), feed_of(replay))


@given(TRADES, st.sets(st.integers(0, 40)))
def test_any_slicing_makes_the_same_rows(trades, cuts) -> None:
    rows = sorted(session(trades))
    edges = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    parts = []
    for begin, end in pairwise(edges):
        # What is to come is by trade time, so that much is complete.
        parts.append(chunk_of(rows[begin:end], rows[end][0] - 1 if end < len(rows) else 12 * S))
    assert same_bits(feed_of(parts), feed_of([chunk_of(rows, 12 * S)]))


def test_only_watched_symbols_have_rows() -> None:
    bars = BarMachine(("A", "B"))
    chunk = make_chunk(3 * S, make_trades("A", [0, S]), make_trades("B", [0, S]))
    feed = FeedMachine(("B",))
    found = feed.update(chunk, bars.update(chunk))
    assert set(found.column("symbol").to_pylist()) == {"B"}
    feed.watch(("A", "B"))
    later = make_chunk(5 * S, make_trades("A", [2 * S, 3 * S], first_id=3), make_trades("B", [2 * S], first_id=3))
    found = feed.update(later, bars.update(later)).to_pydict()
    assert (found["symbol"], found["age_s"]) == (["A", "B", "A", "B"], [1.0, 1.0, 1.0, 2.0])
