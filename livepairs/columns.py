"""Arrow columns as NumPy views and back, without copying.

``pyarrow``'s casts take 20 to 40 microseconds a column, which is where the small batches of a live feed would spend
their time; and ``pyarrow.array`` imports pandas at its first call (0.3 s), which the first page has no use for. Columns
made here are views of the buffers handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.schema import TIME

__all__ = [
    "bits_of",
    "by_symbol",
    "codes_of",
    "flags_column",
    "flags_of",
    "floats_column",
    "floats_columns",
    "floats_of",
    "ints_column",
    "ints_of",
    "names_by_code",
    "names_column",
    "texts_column",
    "times_column",
]

FEW_ROWS: Final = 64
"""Up to this many texts are quicker made from a list than by an Arrow function."""


def ints_of(column: pa.Array) -> NDArray[np.int64]:
    """Return a column of int64 or of times (as microseconds) as a read-only view."""
    return np.frombuffer(column.buffers()[1], np.int64, len(column), column.offset * 8)


def floats_of(column: pa.Array) -> NDArray[np.float64]:
    """Return a column of float64 as a read-only view."""
    return np.frombuffer(column.buffers()[1], np.float64, len(column), column.offset * 8)


def bits_of(column: pa.Array) -> tuple[NDArray[np.uint8], int]:
    """Return the packed bits of a boolean column, and the number of the bit that is its first row."""
    return np.frombuffer(column.buffers()[1], np.uint8), column.offset


def flags_of(column: pa.Array) -> NDArray[np.uint8]:
    """Return a boolean column as one byte a row, 0 or 1."""
    bits, first = bits_of(column)
    return np.unpackbits(bits, bitorder="little", count=first + len(column))[first:]


def codes_of(column: pa.DictionaryArray) -> NDArray[np.int32]:
    """Return the place of each row's text in the column's dictionary, as a read-only view."""
    indices = column.indices
    return np.frombuffer(indices.buffers()[1], np.int32, len(indices), indices.offset * 4)


def times_column(values: NDArray[np.int64]) -> pa.Array:
    """Return contiguous microseconds as a column of times that shares their memory."""
    return _numbers(TIME, np.ascontiguousarray(values, np.int64))


def ints_column(values: NDArray[np.int64]) -> pa.Array:
    """Return contiguous integers as a column that shares their memory."""
    return _numbers(pa.int64(), np.ascontiguousarray(values, np.int64))


def floats_column(values: NDArray[np.float64]) -> pa.Array:
    """Return contiguous numbers as a column that shares their memory; NaN stays NaN and is not null."""
    return _numbers(pa.float64(), np.ascontiguousarray(values, np.float64))


def floats_columns(table: NDArray[np.float64]) -> list[pa.Array]:
    """Return the rows of a contiguous matrix as columns that share its memory, by one buffer for all of them."""
    buffer, rows, kind = pa.py_buffer(table), table.shape[1], pa.float64()
    size = 8 * rows
    return [pa.Array.from_buffers(kind, rows, [None, buffer.slice(at * size, size)]) for at in range(len(table))]


def flags_column(values: NDArray[np.bool_]) -> pa.Array:
    """Return truth values as a column."""
    return _numbers(pa.bool_(), np.packbits(values, bitorder="little"), rows=len(values))


def names_column(name: str, rows: int) -> pa.Array:
    """Return ``rows`` times the same text."""
    # What a live feed asks for at each bar is kept.
    return _few_names(name, rows) if rows <= FEW_ROWS else _names(name, rows)


@lru_cache(maxsize=1024)
def _few_names(name: str, rows: int) -> pa.Array:
    return _names(name, rows)


def _names(name: str, rows: int) -> pa.Array:
    content = name.encode()
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(len(content))
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(ends), pa.py_buffer(content * rows)])


def texts_column(texts: Sequence[str]) -> pa.Array:
    """Return texts as a column."""
    contents = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, contents)], dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(contents), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(contents))]
    )


def names_by_code(names: Sequence[str], codes: NDArray[np.int64]) -> pa.Array:
    """Return the text that each code, a place in ``names``, stands for."""
    if len(names) == 1:
        return names_column(names[0], len(codes))
    if len(codes) < FEW_ROWS:
        return texts_column([names[code] for code in codes.tolist()])
    return texts_column(names).take(ints_column(codes))


def _numbers(kind: pa.DataType, values: NDArray[Any], *, rows: int | None = None) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values) if rows is None else rows, [None, pa.py_buffer(values)])


def by_symbol(trades: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield each symbol of a TRADES or MARKS batch with its rows, in their order.

    Rows that stand together are not copied, which is all of them where a batch holds one symbol after the other.
    """
    if trades.num_rows == 0:
        return
    column = trades.column("symbol")
    names = column.dictionary.to_pylist()
    if len(names) == 1:
        yield names[0], trades
        return
    codes = codes_of(column)
    edges = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    runs = sorted((int(codes[start]), start, end) for start, end in pairwise(edges))
    if len({code for code, _, _ in runs}) == len(runs):
        for code, start, end in runs:
            yield names[code], trades.slice(start, end - start)
        return
    for code in np.unique(codes).tolist():
        yield names[code], trades.filter(flags_column(codes == code))
