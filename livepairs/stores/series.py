"""Writes the Parquet files of one symbol and table: buffers, checks the order, cuts into row groups and files.

Row groups and files are cut by row count alone, so the same rows give the same bytes however they were appended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from livepairs.errors import SchemaError
from livepairs.schema import MARKS, TRADES, symbol_column
from livepairs.stores.layout import ROW_GROUP_ROWS, open_parquet, part_path, sha256_of
from livepairs.stores.manifest import FileEntry, Table

__all__ = ["Series"]

_FILE_ROWS: Final = 128 * ROW_GROUP_ROWS
"""Rows of a full file: some 16 million, about 60 MB of trades."""

_SCHEMAS: Final = {"trades": TRADES, "marks": MARKS}


class Series:
    """The files of one symbol and table, while they are written.

    Parameters
    ----------
    folder
        The recording being written.
    table, symbol
        Which series; the symbol has been checked.
    """

    def __init__(self, folder: Path, table: Table, symbol: str) -> None:
        self._folder, self._table, self._symbol = folder, table, symbol
        self._schema: pa.Schema = _SCHEMAS[table]
        self._buffer: list[pa.RecordBatch] = []
        self._buffered = 0
        self._last: tuple[int, int] | None = None
        self._writer: pq.ParquetWriter | None = None
        self._rows, self._first_us, self._last_us, self._max_lag_us = 0, 0, 0, 0
        self._entries: list[FileEntry] = []

    def append(self, rows: pa.RecordBatch) -> None:
        """Add rows of this symbol, or raise ``SchemaError`` if they do not follow on the rows before."""
        self._check_order(rows)
        # Without its dictionary, which may differ from batch to batch; `_take` puts the one name back.
        self._buffer.append(rows.drop_columns(["symbol"]))
        self._buffered += rows.num_rows
        while self._buffered >= ROW_GROUP_ROWS:
            self._write(ROW_GROUP_ROWS)

    def close(self) -> list[FileEntry]:
        """Write what is left and return the files made; none if there never was a row."""
        if self._buffered:
            self._write(self._buffered)
        self._close_file()
        return self._entries

    def abandon(self) -> None:
        """Let go of the open file; its content is worthless from here on."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _check_order(self, rows: pa.RecordBatch) -> None:
        times = _int64(rows, "ts")
        ids = _int64(rows, "trade_id") if self._table == "trades" else np.zeros(len(times), np.int64)
        if self._last is not None:
            times, ids = np.concatenate([[self._last[0]], times]), np.concatenate([[self._last[1]], ids])
        step = np.diff(times)
        wrong = np.flatnonzero((step < 0) | ((step == 0) & (np.diff(ids) < 0)))
        if len(wrong):
            row = int(wrong[0])
            raise SchemaError(
                f"{self._table} of {self._symbol!r} are out of order: (ts, id) ({times[row + 1]}, {ids[row + 1]}) "
                f"follows ({times[row]}, {ids[row]}); sort them by time and id first"
            )
        self._last = int(times[-1]), int(ids[-1])

    def _write(self, rows: int) -> None:
        group = self._take(rows)
        times, received = _int64(group, "ts"), _int64(group, "recv_ts")
        if self._writer is None:
            path = self._folder / self._path()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = open_parquet(path, self._schema)
            self._rows, self._first_us, self._max_lag_us = 0, int(times[0]), int(received[0] - times[0])
        self._writer.write_batch(group, row_group_size=rows)
        self._rows += rows
        self._last_us = int(times[-1])
        self._max_lag_us = max(self._max_lag_us, int((received - times).max()))
        if self._rows >= _FILE_ROWS:
            self._close_file()

    def _take(self, rows: int) -> pa.RecordBatch:
        """Remove that many rows from the buffer, as one batch."""
        table = pa.Table.from_batches(self._buffer)
        self._buffer = table.slice(rows).to_batches()
        self._buffered -= rows
        (group,) = table.slice(0, rows).combine_chunks().to_batches()
        columns = {name: group.column(name) for name in group.schema.names}
        columns["symbol"] = symbol_column(self._symbol, rows)
        return pa.RecordBatch.from_arrays([columns[name] for name in self._schema.names], schema=self._schema)

    def _path(self) -> str:
        return part_path(self._table, self._symbol, len(self._entries))

    def _close_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        relative = self._path()
        path = self._folder / relative
        self._entries.append(
            FileEntry(
                path=relative,
                table=self._table,
                symbol=self._symbol,
                rows=self._rows,
                first_us=self._first_us,
                last_us=self._last_us,
                max_lag_us=self._max_lag_us,
                bytes=path.stat().st_size,
                sha256=sha256_of(path),
            )
        )


def _int64(rows: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    """Return a time or id column as a view of its integers."""
    values: npt.NDArray[np.int64] = rows.column(name).cast(pa.int64()).to_numpy()
    return values
