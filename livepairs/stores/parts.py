"""The Parquet files of one symbol and table of a recording that is still being made.

The parts of a symbol never overlap in time, which is what readers rely on. Rows mostly come behind the last part; those
fetched after a gap fall among earlier ones, which are then written again under another name. A part smaller than a row
group grows instead of getting a small neighbour. Nothing is ever changed in place: the caller makes the new list of
files durable first and removes the old files then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from livepairs.columns import flags_column, flags_of, floats_column, floats_of, ints_column, ints_of, times_column
from livepairs.schema import MARKS, TRADES, symbol_column
from livepairs.stores.layout import ROW_GROUP_ROWS, fsync_path, open_parquet, part_path, sha256_of
from livepairs.stores.manifest import FileEntry, Table

__all__ = ["Rows", "add_rows"]

Rows = dict[str, NDArray[Any]]
"""The columns of one symbol's rows by name, without the symbol; times in microseconds."""

_SCHEMAS: Final = {"trades": TRADES, "marks": MARKS}
_PART_NAME: Final = re.compile(r"part-(\d+)(?:\.r(\d+))?\.parquet$")


def add_rows(
    folder: Path, parts: list[FileEntry], table: Table, symbol: str, *, rows: Rows, level: int
) -> list[FileEntry]:
    """Write rows into new files and return the parts as they are then.

    Parameters
    ----------
    folder
        The recording.
    parts
        The symbol's parts so far, in the order of time; their files are left alone.
    table, symbol
        Whose rows they are.
    rows
        In any order, not empty.
    level
        Of the compression, 1 (quick) to 9 (small).
    """
    made = list(parts)
    for place, share in _shares(parts, _in_order(rows, table)):
        kept = share
        if place < len(parts):
            kept = _in_order(_joined([_read(folder, parts[place]), share]), table)
        path = _next_path(parts, place, table, symbol)
        _write(folder / path, symbol, kept, schema=_SCHEMAS[table], level=level)
        made[place : place + 1] = [_entry(folder, path, table, symbol, rows=kept)]
    return made


def _shares(parts: list[FileEntry], rows: Rows) -> Iterator[tuple[int, Rows]]:
    """Cut sorted rows by the part that they belong to; the number of parts stands for a new one behind the last."""
    times = rows["ts"]
    if not parts:
        yield 0, rows
        return
    # A row at the very time at which a part begins or ends belongs to it, whatever its id.
    edges = [0, *np.searchsorted(times, [part.first_us for part in parts[1:]]).tolist()]
    behind = int(np.searchsorted(times, parts[-1].last_us, side="right"))
    is_full = parts[-1].rows >= ROW_GROUP_ROWS
    edges += [max(behind, edges[-1]), len(times)] if is_full else [len(times)]
    for place, (first, end) in enumerate(pairwise(edges)):
        if first < end:
            yield place, {name: values[first:end] for name, values in rows.items()}


def _in_order(rows: Rows, table: Table) -> Rows:
    """Return trades by (ts, trade_id) and marks by ts, of which each time has one: a reconnect sends some twice."""
    ids = rows["trade_id"] if table == "trades" else None
    if not _is_in_order(rows["ts"], ids):
        order = np.argsort(rows["ts"], kind="stable") if ids is None else np.lexsort((ids, rows["ts"]))
        rows = {name: values[order] for name, values in rows.items()}
    if table == "marks":
        is_first = np.concatenate([[True], np.diff(rows["ts"]) > 0])
        rows = rows if bool(is_first.all()) else {name: values[is_first] for name, values in rows.items()}
    return rows


def _is_in_order(times: NDArray[np.int64], ids: NDArray[np.int64] | None) -> bool:
    """Return whether no row is before the one above it; ids decide among rows of one time."""
    before, after = times[:-1], times[1:]
    if not bool((before <= after).all()):
        return False
    return ids is None or not bool(((before == after) & (ids[1:] < ids[:-1])).any())


def _joined(shares: list[Rows]) -> Rows:
    if len(shares) == 1:
        return shares[0]
    return {name: np.concatenate([share[name] for share in shares]) for name in shares[0]}


def _read(folder: Path, part: FileEntry) -> Rows:
    # Not read_table, which imports pandas: 30 MB that a recorder would never use again.
    with pq.ParquetFile(folder / part.path) as file:
        found = file.read(use_threads=False).combine_chunks()
    rows: Rows = {}
    for name in found.schema.names:
        if name == "symbol":
            continue
        column, kind = found.column(name).chunk(0), found.schema.field(name).type
        if pa.types.is_boolean(kind):
            rows[name] = flags_of(column)
        else:
            rows[name] = floats_of(column) if pa.types.is_floating(kind) else ints_of(column)
    return rows


def _next_path(parts: list[FileEntry], place: int, table: Table, symbol: str) -> str:
    """Return a name that sorts where the part stands, and that no file has had yet."""
    if place == len(parts):
        return part_path(table, symbol, place)
    number, revision = _PART_NAME.search(parts[place].path).groups()  # type: ignore[union-attr]  # we named it
    return part_path(table, symbol, int(number)).replace(".parquet", f".r{int(revision or 0) + 1}.parquet")


def _write(path: Path, symbol: str, rows: Rows, *, schema: pa.Schema, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_parquet(path, schema, level=level) as writer:
        for first in range(0, len(rows["ts"]), ROW_GROUP_ROWS):
            group = {name: values[first : first + ROW_GROUP_ROWS] for name, values in rows.items()}
            writer.write_batch(_batch(group, symbol, schema), row_group_size=ROW_GROUP_ROWS)
    fsync_path(path)


def _entry(folder: Path, relative: str, table: Table, symbol: str, *, rows: Rows) -> FileEntry:
    path = folder / relative
    return FileEntry(
        path=relative,
        table=table,
        symbol=symbol,
        rows=len(rows["ts"]),
        first_us=int(rows["ts"][0]),
        last_us=int(rows["ts"][-1]),
        max_lag_us=int((rows["recv_ts"] - rows["ts"]).max()),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
    )


def _batch(rows: Rows, symbol: str, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        if field.name == "symbol":
            columns.append(symbol_column(symbol, len(rows["ts"])))
        elif pa.types.is_timestamp(field.type):
            columns.append(times_column(rows[field.name]))
        elif pa.types.is_boolean(field.type):
            columns.append(flags_column(rows[field.name].astype(np.bool_)))
        else:
            columns.append((floats_column if pa.types.is_floating(field.type) else ints_column)(rows[field.name]))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
