"""Arrow columns as views: the right rows of slices, nothing copied, nothing written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from livepairs.columns import bits_of, by_symbol, floats_columns, floats_of, ints_of, names_column, times_column
from livepairs.schema import TIME, TRADES, empty
from tests.factories import make_trades, mix


@pytest.mark.parametrize(("begin", "rows"), [(0, 9), (3, 4), (8, 1), (5, 0)])
def test_views_are_of_the_rows_of_a_slice(begin: int, rows: int) -> None:
    batch = make_trades("A", range(10, 19), price=range(1, 10)).slice(begin, rows)
    assert ints_of(batch.column("ts")).tolist() == list(range(10 + begin, 10 + begin + rows))
    assert ints_of(batch.column("trade_id")).tolist() == list(range(1 + begin, 1 + begin + rows))
    assert floats_of(batch.column("price")).tolist() == [float(1 + begin + k) for k in range(rows)]
    bits, first = bits_of(batch.column("buyer_is_maker"))
    unpacked = np.unpackbits(bits, bitorder="little")[first : first + rows]
    assert unpacked.tolist() == [(begin + k) % 2 for k in range(rows)]


def test_times_share_memory_with_their_numbers() -> None:
    numbers = np.arange(5, dtype=np.int64)
    column = times_column(numbers)
    assert column.type == TIME
    assert np.shares_memory(ints_of(column), numbers)


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 1000])
def test_a_name_is_repeated(rows: int) -> None:
    assert names_column("Y/X", rows).equals(pa.array(["Y/X"] * rows, pa.string()))


def test_symbols_come_apart_in_their_own_order() -> None:
    batch = mix(make_trades("A", [1, 3, 5]), make_trades("B", [2, 4]))
    parts = dict(by_symbol(batch))
    assert {symbol: ints_of(rows.column("ts")).tolist() for symbol, rows in parts.items()} == {
        "A": [1, 3, 5],
        "B": [2, 4],
    }
    assert list(by_symbol(empty(TRADES))) == []
    alone = batch.slice(0, 1)
    ((symbol, rows),) = by_symbol(alone)
    assert symbol == "A"
    assert rows.equals(alone)
    one = make_trades("C", [1, 2])
    assert next(by_symbol(one))[1] is one


def test_columns_of_a_matrix_share_its_memory() -> None:
    table = np.array([[1.0, np.nan], [3.0, 4.0]])
    first, second = floats_columns(table)
    table[0, 0] = 7.0
    assert first[0].as_py() == 7.0
    assert (first.null_count, second.to_pylist()) == (0, [3.0, 4.0])
