"""Arrow columns as NumPy views and back, without copying.

``pyarrow``'s casts take 20 to 40 microseconds a column, which is where the small batches of a live feed would spend
their time. Numbers go into a column with plain ``pyarrow.array``, which copies nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.schema import TIME

__all__ = ["bits_of", "by_symbol", "floats_of", "ints_of", "names_by_code", "names_column", "times_column"]


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


def times_column(values: NDArray[np.int64]) -> pa.Array:
    """Return contiguous microseconds as a column of times that shares their memory."""
    return pa.Array.from_buffers(TIME, len(values), [None, pa.py_buffer(values)])


def names_column(name: str, rows: int) -> pa.Array:
    """Return ``rows`` times the same text."""
    return pa.array([name] * rows, pa.string()) if rows < FEW_ROWS else pa.repeat(name, rows)


def names_by_code(names: Sequence[str], codes: NDArray[np.int64]) -> pa.Array:
    """Return the text that each code, a place in ``names``, stands for."""
    if len(names) == 1:
        return names_column(names[0], len(codes))
    if len(codes) < FEW_ROWS:
        return pa.array([names[code] for code in codes.tolist()], pa.string())
    return pa.array(names, pa.string()).take(pa.array(codes))


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
    codes = column.indices.to_numpy()
    edges = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), len(codes)]
    runs = sorted((int(codes[start]), start, end) for start, end in pairwise(edges))
    if len({code for code, _, _ in runs}) == len(runs):
        for code, start, end in runs:
            yield names[code], trades.slice(start, end - start)
        return
    for code in np.unique(codes).tolist():
        yield names[code], trades.filter(pa.array(codes == code))
