"""Arrow columns as NumPy views and back, without copying.

``pyarrow``'s casts take 20 to 40 microseconds a column, which is where the small batches of a live feed would spend
their time. Numbers go into a column with plain ``pyarrow.array``, which copies nothing either.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.schema import TIME

__all__ = ["bits_of", "floats_of", "ints_of", "names_column", "times_column"]


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
    return pa.array([name] * rows, pa.string()) if rows < 64 else pa.repeat(name, rows)
