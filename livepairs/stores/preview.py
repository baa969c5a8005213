"""Looks at the first rows of a file before it is imported: what it is, which column is what, and what would come of it.

It asks the very readers that an import uses, so what it shows is what an import does; it only stops early.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from livepairs.errors import ConfigError, InputError, LivepairsError
from livepairs.stores.import_csv import header_of
from livepairs.stores.import_parquet import opened
from livepairs.stores.importing import Format, format_of, formats
from livepairs.stores.input_file import InputFile
from livepairs.stores.intake import ImportOptions, Intake
from livepairs.stores.mapping import find_mapping, guessed
from livepairs.stores.staging import Heaps, Rows

__all__ = ["Preview", "SampleRow", "explained", "preview"]

SAMPLE: Final = 5
"""Rows shown."""

MOST_COLUMNS: Final = 1_000
"""Columns of a Parquet file that are looked at."""

_LONGEST_CELL: Final = 40
_REQUIRED: Final = {"ts": "time", "price": "price", "qty": "quantity"}
_NAMES: Final = {"csv": "CSV", "parquet": "Parquet", "dump": "Binance dump", "raw_log": "websocket log"}


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One trade as it would be recorded."""

    ts_us: int
    symbol: str
    price: float
    qty: float
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make of a file.

    Parameters
    ----------
    kind
        What the file is, in a word or two; empty if nothing can read it.
    names, cells
        Its columns and the text of its first rows; empty for formats whose columns are known.
    mapping
        Which of its columns is which of ours, as found or as the user said.
    rows
        The first trades.
    warnings
        Sentences the user should read.
    problem
        Why it cannot be imported with these options, in a sentence; empty if the first rows can.
    """

    kind: str = ""
    names: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    mapping: dict[str, str] | None = None
    rows: tuple[SampleRow, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""


class _EnoughError(Exception):
    """The sample is full; nothing is wrong."""


class _Sample:
    """Takes rows in the place of ``Heaps`` and ends the reading once there are some."""

    def __init__(self) -> None:
        self.rows: list[SampleRow] = []

    def add(self, table: str, symbol: str, rows: Rows) -> None:
        if table != "trades":
            return
        for row in rows[rows["qty"] > 0][: SAMPLE - len(self.rows)]:
            self.rows.append(
                SampleRow(int(row["ts"]), symbol, float(row["price"]), float(row["qty"]), bool(row["buyer_is_maker"]))
            )
        if len(self.rows) >= SAMPLE:
            raise _EnoughError


def preview(path: Path, options: ImportOptions | None = None) -> Preview:
    """Return what an import of a file with these options would make of its first rows; it raises nothing of its own."""
    options = options or ImportOptions()
    try:
        file = InputFile(path, most_ratio=options.most_ratio)
        found = format_of(file, options)
    except LivepairsError as error:
        return Preview(problem=explained(error))
    name = next(name for name, module in formats().items() if module is found)
    return _sampled(file, found, options, _NAMES.get(name, name))


def _sampled(file: InputFile, found: Format, options: ImportOptions, kind: str) -> Preview:
    names: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    mapping: dict[str, str] | None = None
    sample = _Sample()
    intake = Intake(cast("Heaps", sample), options)
    problem = ""
    try:
        if kind in ("CSV", "Parquet"):
            names, cells = _cells(file)
            mapping = guessed(names) | options.columns
            if missing := [label for ours, label in _REQUIRED.items() if not mapping.get(ours)]:
                said = {ours: theirs for ours, theirs in mapping.items() if theirs}
                problem = f"No column is taken for the {' and the '.join(missing)}; say which one is."
                return Preview(kind, names, cells, said, problem=problem)
            mapping = find_mapping(file.path, names, options).named()
        found.read(file, options, intake)
    except _EnoughError:
        pass
    except LivepairsError as error:
        problem = explained(error)
    if not problem and not sample.rows:
        problem = "There is no trade in it."
    warnings = tuple(_without_path(warning, file.path) for warning in intake.warnings)
    return Preview(kind, names, cells, mapping, tuple(sample.rows), warnings, problem)


def _cells(file: InputFile) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if file.is_parquet:
        return _parquet_cells(file)
    delimiter, names = header_of(file)
    lines = file.head.decode("utf-8", "replace").splitlines()[1 : SAMPLE + 1]
    rows = csv.reader([line for line in lines if line.strip()], delimiter=delimiter)
    return tuple(names), tuple(tuple(_short(cell.strip()) for cell in row) for row in rows)


def _parquet_cells(file: InputFile) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    with opened(file) as source:
        # A list in a column may be endless in its first row, and nothing that is imported is in one.
        names = [field.name for field in source.schema_arrow if not pa.types.is_nested(field.type)][:MOST_COLUMNS]
        batch = next(source.iter_batches(SAMPLE, columns=names), None)
        if batch is None:
            return tuple(names), ()
        columns = [[_short(str(value)) for value in column] for column in batch.columns]
        return tuple(names), tuple(zip(*columns, strict=True))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


def explained(error: LivepairsError) -> str:
    """Return an error of an import as a sentence for somebody who has no command line before him."""
    if not isinstance(error, InputError):
        text = _without_options(str(error)) if isinstance(error, ConfigError) else str(error)
        return f"{text[:1].upper()}{text[1:]}."
    place = "" if error.line is None else f" in line {error.line:,}"
    expected = _without_options(error.expected)
    return f"Found {error.found}{place}; {f'expected {expected}' if expected else 'say below which it is'}."


def _without_options(text: str) -> str:
    """Leave out the parts of a sentence that name options of the command line."""
    return re.sub(r"(^|[;,]\s|\s\()[^;,()]*--[^;,()]*\)?", "", text).strip(" ;,")


def _without_path(text: str, path: Path) -> str:
    return text.removeprefix(f"{path}: ")
