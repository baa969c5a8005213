"""Anybody's Parquet files of trades, also those of a recording of ours.

Which column is what is told by its name or by the user (``mapping``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from livepairs.errors import InputError
from livepairs.stores.column_reader import ColumnReader
from livepairs.stores.input_file import InputFile
from livepairs.stores.intake import ImportOptions, Intake
from livepairs.stores.mapping import find_mapping

__all__ = ["PRECEDENCE", "read", "recognises"]

PRECEDENCE = 5

_BATCH_ROWS: Final = 262_144


def recognises(file: InputFile, options: ImportOptions) -> bool:  # noqa: ARG001
    """Return whether the file says it is Parquet."""
    return file.is_parquet


def read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    """Hand in the rows of the file; a line in an error is a row counted from 1."""
    try:
        _read(file, options, intake)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            file.path, found=f"a damaged Parquet file ({reason})", expected="a whole Parquet file"
        ) from error


def _read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    with pq.ParquetFile(file.path) as source:
        groups = (source.metadata.row_group(number) for number in range(source.metadata.num_row_groups))
        file.check_unpacked(sum(group.total_byte_size for group in groups))
        mapping = find_mapping(file.path, source.schema_arrow.names, options)
        reader = ColumnReader(file.path, mapping, options)
        if not reader.has_side:
            intake.warnings.append(f"{file.path}: no side column; every trade counts as bought by its taker")
        row, rows = 1, max(1, source.metadata.num_rows)
        for batch in source.iter_batches(_BATCH_ROWS, columns=mapping.columns()):
            lines = np.arange(row, row + batch.num_rows)
            for symbol, columns in reader.read(pa.Table.from_batches([batch]), lines):
                spent = int(np.count_nonzero(columns.qty == 0))
                intake.repairs["zero quantity"] += spent
                intake.trades_read += spent
                intake.take(file.path, symbol, columns, kind="trade" if reader.has_ids else "unnumbered")
            row += batch.num_rows
            file.report(file.size * (row - 1) // rows)
