"""Anybody's Parquet files of trades, also those of a recording of ours.

Which column is what is told by its name or by the user (``mapping``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from livepairs.errors import InputError
from livepairs.stores.column_reader import ColumnReader
from livepairs.stores.input_file import InputFile
from livepairs.stores.intake import ImportOptions, Intake
from livepairs.stores.mapping import find_mapping
from livepairs.stores.parquet_pages import page_sizes

__all__ = ["PRECEDENCE", "opened", "read", "recognises"]

PRECEDENCE = 5

_BATCH_ROWS: Final = 262_144

_LONGEST_TEXT: Final = 1_000
"""Bytes: a text is stored once and named by a million rows, each of which would have it anew."""


def recognises(file: InputFile, options: ImportOptions) -> bool:  # noqa: ARG001
    """Return whether the file says it is Parquet."""
    return file.is_parquet


@contextmanager
def opened(file: InputFile) -> Iterator[pq.ParquetFile]:
    """Open the file as one whose pages do not unpack to more than the file may; its texts come as dictionaries.

    Raises
    ------
    InputError
        If they do, or what is read from it inside of the block is damaged.
    """
    try:
        metadata = pq.read_metadata(file.path)
        if file.is_limited:
            unpacked = 0
            for size in page_sizes(file.path, metadata):
                unpacked += size
                file.check_unpacked(unpacked)
        schema = metadata.schema.to_arrow_schema()
        texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
        with pq.ParquetFile(file.path, metadata=metadata, read_dictionary=texts) as source:
            yield source
    except (pa.ArrowException, OSError, ValueError) as error:  # Arrow's own are of many kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            file.path, found=f"a damaged Parquet file ({reason})", expected="a whole Parquet file"
        ) from error


def read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    """Hand in the rows of the file; a line in an error is a row counted from 1."""
    with opened(file) as source:
        mapping = find_mapping(file.path, source.schema_arrow.names, options)
        reader = ColumnReader(file.path, mapping, options)
        if not reader.has_side:
            intake.warnings.append(f"{file.path}: no side column; every trade counts as bought by its taker")
        row, rows = 1, max(1, source.metadata.num_rows)
        _check_flat(file, source, mapping.columns())
        for batch in source.iter_batches(_BATCH_ROWS, columns=mapping.columns()):
            _check_texts(file, batch)
            lines = np.arange(row, row + batch.num_rows)
            for symbol, columns in reader.read(pa.Table.from_batches([batch]), lines):
                spent = int(np.count_nonzero(columns.qty == 0))
                intake.repairs["zero quantity"] += spent
                intake.trades_read += spent
                intake.take(file.path, symbol, columns, kind="trade" if reader.has_ids else "unnumbered")
            row += batch.num_rows
            file.report(file.size * (row - 1) // rows)


def _check_flat(file: InputFile, source: pq.ParquetFile, names: list[str]) -> None:
    for name in names:
        kind = source.schema_arrow.field(name).type
        if pa.types.is_nested(kind):
            raise InputError(file.path, found=f"column {name!r} of {kind}", expected="one value a row")


def _check_texts(file: InputFile, batch: pa.RecordBatch) -> None:
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and len(column.dictionary):
            longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
            if longest > _LONGEST_TEXT:
                raise InputError(file.path, found=f"a text of {longest:,} bytes", expected="a symbol, a side or a time")
