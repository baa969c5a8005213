"""Reads the row groups of a recording ahead of their use, in the order of event time, on threads of its own.

The Parquet footers say when each row group begins and ends, so which one is needed next is known before any is read.
A few are always being decoded while the caller works on the one before; memory does not grow with the recording.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from livepairs.errors import RecordingError
from livepairs.stores.manifest import FileEntry

__all__ = ["RowGroup", "read_ahead", "read_row_group", "row_groups_of"]

_THREADS: Final = max(2, min(4, os.cpu_count() or 2))
_AHEAD: Final = _THREADS + 1


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Where a row group is, and the first and last time in it."""

    path: Path
    index: int
    symbol: str
    rows: int
    first_us: int
    last_us: int
    footer: pq.FileMetaData


def row_groups_of(folder: Path, entry: FileEntry) -> tuple[RowGroup, ...]:
    """Read the footer of a file.

    Raises
    ------
    RecordingError
        If it cannot be read or does not hold what the manifest says.
    """
    path = folder / entry.path
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    if footer.num_rows != entry.rows:
        raise _unreadable(path, f"it has {footer.num_rows} rows, the manifest says {entry.rows}")
    column = footer.schema.names.index("ts")
    groups = []
    for index in range(footer.num_row_groups):
        group = footer.row_group(index)
        first_us, last_us = _span(group.column(column), path)
        groups.append(RowGroup(path, index, entry.symbol, group.num_rows, first_us, last_us, footer))
    return tuple(groups)


def read_row_group(group: RowGroup, columns: list[str]) -> pa.Table:
    """Decode the named columns of a row group; safe from several threads at once."""
    try:
        with pq.ParquetFile(group.path, metadata=group.footer, memory_map=True, pre_buffer=False) as file:
            return file.read_row_group(group.index, columns=columns, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(group.path, error) from error


def read_ahead(groups: Sequence[RowGroup], read: Callable[[RowGroup], pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """Yield what ``read`` makes of each row group, in the order given, a few being read ahead on threads.

    Closing the iterator waits for the reads under way, so that no file stays open.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="livepairs-read") as pool:
        waiting: deque[Future[pa.RecordBatch]] = deque()
        try:
            for group in groups:
                waiting.append(pool.submit(read, group))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _span(column: pq.ColumnChunkMetaData, path: Path) -> tuple[int, int]:
    statistics = column.statistics
    if statistics is None or not statistics.has_min_max:
        raise _unreadable(path, "its row groups do not say which times they hold")
    first_us, last_us = statistics.min_raw, statistics.max_raw
    assert isinstance(first_us, int)
    assert isinstance(last_us, int)
    return first_us, last_us


def _unreadable(path: Path, reason: object) -> RecordingError:
    return RecordingError(
        f"file {str(path)!r} of a recording cannot be read ({reason}); "
        "restore it from a copy, or import or record the data again"
    )
