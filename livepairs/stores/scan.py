"""The part of a recording that is asked for, and its row groups in the order in which event time reaches them.

Row groups outside the span are left out by their statistics; those at its ends are cut without copying.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.columns import ints_of
from livepairs.errors import ConfigError, did_you_mean
from livepairs.schema import symbol_column
from livepairs.stores.rowgroups import RowGroup, read_ahead, read_row_group

__all__ = ["EVER_US", "Scan", "Span", "projection", "times_of"]

EVER_US: Final = 1 << 62
"""Later than any time."""


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of these symbols with ``start_us <= ts < end_us``; none if it ends before it starts."""

    symbols: tuple[str, ...]
    start_us: int = -EVER_US
    end_us: int = EVER_US

    def covers(self, first_us: int, last_us: int) -> bool:
        """Whether rows between these times (both inclusive) may be in the span."""
        return self.start_us < self.end_us and first_us < self.end_us and last_us >= self.start_us


class Scan:
    """Reads the rows of one table and span, in batches of one symbol and at most a row group.

    Parameters
    ----------
    groups
        Row groups of the table; those outside the span are left out.
    span
        Which rows are wanted.
    schema
        Which columns are wanted: a projection of TRADES or MARKS.
    healed
        Whether ``recv_ts`` is ``ts`` for every row.
    """

    def __init__(self, groups: Iterable[RowGroup], span: Span, schema: pa.Schema, *, healed: bool = False) -> None:
        order = {symbol: position for position, symbol in enumerate(span.symbols)}
        self._span, self._healed, self.schema = span, healed, schema
        self.groups = sorted(
            (group for group in groups if group.symbol in order and span.covers(group.first_us, group.last_us)),
            key=lambda group: (self.start_us(group), order[group.symbol]),
        )

    def start_us(self, group: RowGroup) -> int:
        """Return a time before which the row group has no row of the span."""
        return max(group.first_us, self._span.start_us)

    def batches(self) -> Generator[pa.RecordBatch]:
        """Yield one batch a row group, in the order of ``groups``, read ahead on threads; it may be empty."""
        return read_ahead(self.groups, self.read)

    def read(self, group: RowGroup) -> pa.RecordBatch:
        """Decode one row group, cut to the span and the columns."""
        wanted = [name for name in self.schema.names if name not in self._derived]
        table = read_row_group(group, wanted)
        columns = {name: _flat(table.column(name)) for name in wanted}
        columns["symbol"] = symbol_column(group.symbol, table.num_rows)
        if self._healed:
            columns["recv_ts"] = columns["ts"]
        arrays = [columns[name] for name in self.schema.names]
        return self._cut(pa.RecordBatch.from_arrays(arrays, schema=self.schema), group)

    @property
    def _derived(self) -> tuple[str, ...]:
        # The symbol is known from the file's name, so it is made up rather than decoded.
        return ("symbol", "recv_ts") if self._healed else ("symbol",)

    def _cut(self, batch: pa.RecordBatch, group: RowGroup) -> pa.RecordBatch:
        if group.first_us >= self._span.start_us and group.last_us < self._span.end_us:
            return batch
        first, end = np.searchsorted(times_of(batch), [self._span.start_us, self._span.end_us])
        return batch.slice(int(first), int(end - first))


def projection(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    """Return the schema cut to the columns asked for, with ``ts`` and ``symbol`` and in its own order.

    Raises
    ------
    ConfigError
        If a column is not in the schema.
    """
    if columns is None:
        return schema
    for name in columns:
        if name not in schema.names:
            hint = did_you_mean(name, schema.names)
            raise ConfigError(f"no column {name!r} in a recording{hint}; there are {', '.join(schema.names)}")
    return pa.schema([field for field in schema if field.name in {"ts", "symbol", *columns}])


def times_of(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return the ``ts`` column in microseconds, without copying."""
    return ints_of(batch.column("ts"))


def _flat(column: pa.ChunkedArray[Any]) -> pa.Array[Any]:  # of any type
    chunks: list[pa.Array[Any]] = column.chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
