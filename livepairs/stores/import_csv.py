"""Anybody's CSV files of trades: any order of columns, comma, semicolon, tab or bar, with a header line.

Which column is what is told by its name or by the user (``mapping``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from livepairs.errors import InputError
from livepairs.stores.column_reader import ColumnReader
from livepairs.stores.input_file import Block, InputFile
from livepairs.stores.intake import ImportOptions, Intake
from livepairs.stores.mapping import Mapping, find_mapping, listed

__all__ = ["PRECEDENCE", "header_of", "read", "recognises"]

PRECEDENCE = 90

_DELIMITERS: Final = ",;\t|"


def recognises(file: InputFile, options: ImportOptions) -> bool:  # noqa: ARG001
    """Return whether the first line has several fields; the last format asked takes all text that might be a table."""
    return not file.is_parquet and len(_fields(_header(file), _delimiter(file))) > 1


def header_of(file: InputFile) -> tuple[str, list[str]]:
    """Return what separates the fields, and their names."""
    delimiter = _delimiter(file)
    return delimiter, _fields(_header(file), delimiter)


def _header(file: InputFile) -> str:
    return file.head.split(b"\n", 1)[0].decode("utf-8", "replace").strip("\r\n")


def _delimiter(file: InputFile) -> str:
    return max(_DELIMITERS, key=_header(file).count)


def _fields(line: str, delimiter: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    """Hand in the rows of the file."""
    delimiter, names = header_of(file)
    if len(set(names)) != len(names):
        raise InputError(file.path, found=listed(names), expected="each column name once", line=1)
    mapping = find_mapping(file.path, names, options)
    reader = ColumnReader(file.path, mapping, options)
    if not reader.has_side:
        intake.warnings.append(f"{file.path}: no side column; every trade counts as bought by its taker")
    for block in _without_header(file.blocks()):
        if not block.data.strip():
            continue
        table = _table(file, block, names, mapping, delimiter)
        for symbol, columns in reader.read(table, _lines(block, table.num_rows)):
            spent = int(np.count_nonzero(columns.qty == 0))
            intake.repairs["zero quantity"] += spent
            intake.trades_read += spent
            intake.take(file.path, symbol, columns, kind="trade" if reader.has_ids else "unnumbered")


def _without_header(blocks: Iterator[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.first_line == 1:
            _, _, data = block.data.partition(b"\n")
            yield Block(2, data, block.is_last)
        else:
            yield block


def _lines(block: Block, rows: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the line of each row; blank lines, which are passed over, are rare."""
    breaks = block.data.count(b"\n") + (not block.data.endswith(b"\n"))
    if breaks == rows:
        return np.arange(block.first_line, block.first_line + rows)
    is_row = [bool(line.strip(b"\r")) for line in block.data.split(b"\n")]
    return (np.flatnonzero(is_row) + block.first_line)[:rows]


def _table(file: InputFile, block: Block, names: list[str], mapping: Mapping, delimiter: str) -> pa.Table:
    amounts = {mapping.price: pa.float64(), mapping.qty: pa.float64()}
    try:
        return _parsed(block, names, mapping, delimiter, amounts)
    except pa.ArrowInvalid:
        # Amounts that are no numbers are read as text, so that the row can be named.
        pass
    try:
        return _parsed(block, names, mapping, delimiter, {name: pa.string() for name in mapping.columns()})
    except pa.ArrowInvalid as error:
        raise _odd_line(file, block, names, delimiter, error) from error


def _parsed(
    block: Block, names: list[str], mapping: Mapping, delimiter: str, types: dict[str, pa.DataType]
) -> pa.Table:
    convert = pyarrow.csv.ConvertOptions(
        column_types={**{name: pa.string() for name in (mapping.symbol, mapping.side) if name}, **types},
        include_columns=mapping.columns(),
        null_values=[],
        strings_can_be_null=False,
        # Times are read by `mapping`, which knows the zone and the unit the user gave.
        timestamp_parsers=["%never"],
    )
    return pyarrow.csv.read_csv(
        pa.BufferReader(block.data),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=1 << 20),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
        convert_options=convert,
    )


def _odd_line(file: InputFile, block: Block, names: list[str], delimiter: str, error: pa.ArrowInvalid) -> InputError:
    """Name the first line with the wrong number of fields, or that is not UTF-8."""
    expected = f"{len(names)} fields in UTF-8, as in the header"
    for number, line in enumerate(block.data.split(b"\n"), block.first_line):
        try:
            fields = _fields(line.decode(), delimiter)
        except UnicodeDecodeError:
            return InputError(file.path, found=f"text that is not UTF-8: {line[:40]!r}", expected=expected, line=number)
        if line.strip() and len(fields) != len(names):
            return InputError(file.path, found=f"{len(fields)} fields", expected=expected, line=number)
    return InputError(file.path, found=str(error), expected=expected, line=block.first_line)
