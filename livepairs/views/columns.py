"""Arrow rows to the columns a browser's data source takes, and the rule of growing one.

Small deltas travel as lists (one JSON message), whole tables as arrays (binary buffers): measured in panel.md.
Read by their buffers, since Arrow's own way to an array imports pandas (half a second, while a first page waits).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bokeh.models import ColumnDataSource

from livepairs.columns import flags_of, floats_of, ints_of, names_column
from livepairs.views.letter import append

__all__ = ["ROLLOVER", "Columns", "empty_source", "flags", "grow", "milliseconds", "numbers", "of"]

ROLLOVER: Final = 3000
"""Rows a chart keeps: with more, a browser without a graphics card falls behind ten updates a second."""

Columns = dict[str, np.ndarray]


def of(rows: pa.Table, column: str, value: str) -> pa.Table:
    """Return the rows that have this value in a text column."""
    return rows.filter(pc.equal(rows[column], names_column(value, 1)[0]))


def numbers(rows: pa.Table, column: str) -> np.ndarray:
    """Return a column as float64, shape ``(n_rows,)``."""
    values = pc.cast(rows[column], pa.float64())
    if values.null_count:
        with_nan: np.ndarray = values.to_numpy()
        return with_nan
    return _joined([floats_of(chunk) for chunk in _filled(values)], np.float64)


def flags(rows: pa.Table, column: str) -> np.ndarray:
    """Return a column of truth values as bool, shape ``(n_rows,)``."""
    return _joined([flags_of(chunk) for chunk in _filled(rows[column])], np.uint8).astype(np.bool_)


def milliseconds(rows: pa.Table, column: str = "ts") -> np.ndarray:
    """Return a time column as milliseconds since the epoch, the unit of the browser."""
    return _joined([ints_of(chunk) for chunk in _filled(rows[column])], np.int64) / 1000.0


def _filled(column: pa.ChunkedArray) -> list[pa.Array]:
    return [chunk for chunk in column.chunks if len(chunk)]


def _joined(chunks: list[np.ndarray], kind: type) -> np.ndarray:
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate(chunks) if chunks else np.empty(0, kind)


def empty_source(name: str, columns: list[str]) -> ColumnDataSource:
    """Return a named source without rows."""
    return ColumnDataSource({column: [] for column in columns}, name=name)


STREAMED: Final = 60
"""Rows appended as text, at most: writing 2,300 takes the server 140 ms, and 3,000 anew, as bytes, 1.4 ms."""


def grow(
    source: ColumnDataSource, columns: Mapping[str, np.ndarray], *, is_reset: bool, rollover: int = ROLLOVER
) -> None:
    """Append rows to a source, or replace all of them after a jump in time.

    Parameters
    ----------
    source
        The source; its columns are those given.
    columns
        New rows, oldest first; all columns of the same length.
    is_reset
        What is there must go.
    rollover
        Rows kept.
    """
    rows = len(next(iter(columns.values())))
    if not is_reset and STREAMED < rows < rollover:
        columns = {name: np.concatenate([np.asarray(source.data[name]), values]) for name, values in columns.items()}
        is_reset = True
    if is_reset or rows >= rollover:
        source.data = {name: values[-rollover:] for name, values in columns.items()}
    elif rows:
        _await_pandas()
        append(source, columns, rollover)


def _await_pandas() -> None:
    """Wait for another thread that is importing pandas: Bokeh looks it up and takes half of it for the whole."""
    if "pandas" in sys.modules:
        import pandas  # noqa: F401, ICN001 - importing is what waits
