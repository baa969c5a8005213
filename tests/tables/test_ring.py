"""The ring against a plain list, and under threads."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.errors import SchemaError
from livepairs.schema import TRADES
from livepairs.tables.ring import SMALL_ROWS, Cursor, Table
from tests.factories import make_trades

SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False)])

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from([0, 1, 2, 3, 100, 255, 256, 257, 300])),
        st.tuples(st.just("read"), st.integers(0, 2)),
        st.tuples(st.just("tail"), st.integers(0, 600)),
        st.tuples(st.just("reset"), st.just(0)),
    ),
    max_size=40,
)


def batch(first: int, rows: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(np.arange(first, first + rows))], schema=SCHEMA)


def numbers(rows: pa.Table) -> list[int]:
    assert rows.schema.equals(SCHEMA)
    return rows.column("n").to_pylist()


class Reader:
    """Keeps what a view would: it adds what is new, and throws all away when told to."""

    def __init__(self) -> None:
        self.cursor: Cursor | None = None
        self.rows: list[int] = []

    def read(self, table: Table) -> bool:
        delta = table.since(self.cursor)
        self.cursor = delta.cursor
        self.rows = numbers(delta.rows) if delta.is_reset else self.rows + numbers(delta.rows)
        return delta.is_reset


@given(st.sampled_from([0, 1, 5, 256, 300, 1000]), ACTIONS)
def test_table_is_the_end_of_a_plain_list(limit: int, actions: list[tuple[str, int]]) -> None:
    table, everything, since_reset = Table(SCHEMA, limit_rows=limit), 0, 0
    readers = [Reader() for _ in range(3)]
    seen: list[int | None] = [None] * 3
    largest = 0
    for action, number in actions:
        if action == "append":
            table.append(batch(everything, number))
            everything, since_reset = everything + number, since_reset + number
            largest = max(largest, number, SMALL_ROWS)
        elif action == "reset":
            table.reset()
            since_reset, seen = 0, [None] * 3
        elif action == "read":
            oldest = everything - len(table)
            is_behind = seen[number] is None or seen[number] < oldest
            assert readers[number].read(table) == is_behind
            begin = oldest if is_behind else readers[number].rows[0] if readers[number].rows else everything
            assert readers[number].rows == list(range(begin, everything))
            seen[number] = everything
        else:
            kept = min(number, len(table))
            assert numbers(table.tail(number)) == list(range(everything - kept, everything))
        assert table.total_rows == since_reset
        assert min(limit, since_reset) <= len(table) <= limit + largest
        assert len(table) <= since_reset


@given(st.lists(st.integers(1, 300), min_size=1, max_size=20), st.integers(0, 1000))
def test_a_reader_that_keeps_up_sees_every_row_once(sizes: list[int], limit: int) -> None:
    table, reader, seen = Table(SCHEMA, limit_rows=max(limit, *sizes)), Reader(), 0
    assert reader.read(table)
    for rows in sizes:
        table.append(batch(seen, rows))
        seen += rows
        assert not reader.read(table)
    assert reader.rows == list(range(seen))


def test_a_reader_that_fell_behind_is_told_to_begin_again() -> None:
    table, reader = Table(SCHEMA, limit_rows=10), Reader()
    table.append(batch(0, 300))
    assert reader.read(table)
    table.append(batch(300, 300))
    assert not reader.read(table)
    for first in range(600, 1500, 300):
        table.append(batch(first, 300))
    assert reader.read(table)
    assert reader.rows == list(range(1200, 1500))
    assert not reader.read(table)


def test_after_a_reset_every_reader_begins_again() -> None:
    table, reader = Table(SCHEMA, limit_rows=10), Reader()
    table.append(batch(0, 5))
    reader.read(table)
    table.reset()
    table.append(batch(5, 5))
    assert reader.read(table)
    assert reader.rows == [5, 6, 7, 8, 9]


def test_a_table_of_nothing_only_counts() -> None:
    table = Table(SCHEMA, limit_rows=0)
    table.append(batch(0, 300))
    assert (len(table), table.total_rows, numbers(table.tail(5))) == (0, 300, [])
    assert numbers(table.since(None).rows) == []


def test_a_day_of_single_rows_is_kept_in_few_batches() -> None:
    table = Table(SCHEMA, limit_rows=2_000)
    for number in range(3_000):
        table.append(batch(number, 1))
    assert table.tail(2_000).column("n").num_chunks <= 2_000 // SMALL_ROWS + 2
    assert len(table) <= 2_000 + SMALL_ROWS


def test_batches_with_other_dictionaries_are_joined() -> None:
    table = Table(TRADES, limit_rows=100)
    for place, symbol in enumerate(["A", "B", "A", "C"]):
        table.append(make_trades(symbol, [place]))
    rows = table.tail(100)
    assert rows.column("symbol").to_pylist() == ["A", "B", "A", "C"]
    assert rows.schema.equals(TRADES)


def test_a_batch_of_another_schema_is_refused() -> None:
    with pytest.raises(SchemaError, match="column 'n' is missing"):
        Table(SCHEMA, limit_rows=5).append(make_trades("A", [1]))


def test_one_writer_and_two_readers_never_see_a_hole() -> None:
    table, failures = Table(SCHEMA, limit_rows=5_000), []
    is_done = threading.Event()

    def follow() -> None:
        reader = Reader()
        while True:
            was_done = is_done.is_set()
            reader.read(table)
            failures.extend([pair for pair in pairwise(reader.rows) if pair[1] - pair[0] != 1])
            reader.rows = reader.rows[-1:]
            if was_done:
                failures.extend([reader.rows] if reader.rows != [19_999] else [])
                return

    readers = [threading.Thread(target=follow) for _ in range(2)]
    for thread in readers:
        thread.start()
    for first in range(0, 20_000, 10):
        table.append(batch(first, 10))
    is_done.set()
    for thread in readers:
        thread.join(timeout=30)
        assert not thread.is_alive()
    assert failures == []
