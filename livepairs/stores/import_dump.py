"""Binance's public dump files (data.binance.vision): trades and aggTrades, futures and spot, zip or csv.

The symbol is that of the file's name. ``exchanges.binance_dumps`` knows the rows; here are files, lines and symbols.
"""

from __future__ import annotations

import numpy as np

from livepairs.errors import InputError
from livepairs.exchanges import RowError
from livepairs.exchanges.binance_dumps import DumpFormat, DumpRows, parse, recognise, symbol_of
from livepairs.stores.input_file import InputFile
from livepairs.stores.intake import ImportOptions, Intake, TradeColumns

__all__ = ["PRECEDENCE", "read", "recognises"]

PRECEDENCE = 20

_MANY_ROWS = 1000
"""So many trades never have their taker on one side in an honest file."""


def recognises(file: InputFile, options: ImportOptions) -> bool:
    """Return whether the first line is a row or the header of a dump, and the user maps no columns."""
    return not file.is_parquet and not options.columns and _format_of(file) is not None


def _format_of(file: InputFile) -> DumpFormat | None:
    return recognise(file.head.split(b"\n", 1)[0])


def read(file: InputFile, options: ImportOptions, intake: Intake) -> None:
    """Hand in the rows of the file."""
    dump = _format_of(file)
    assert dump is not None  # `recognises` said so
    symbol = options.symbol or symbol_of(file.name)
    if symbol is None:
        expected = "a name like BTCUSDT-aggTrades-2024-08-08.zip, or the symbol given with --symbol"
        raise InputError(file.path, found=f"no symbol in the file name {file.name!r}", expected=expected)
    rows_read = makers = 0
    for block in file.blocks():
        data, line = block.data, block.first_line
        if dump.has_header and line == 1:
            _, _, data = data.partition(b"\n")
            line = 2
        rows = _parse(file, data, line, dump)
        rows_read += len(rows.qty)
        makers += int(np.count_nonzero(rows.buyer_is_maker))
        _hand_in(file, symbol, rows, dump, intake)
    if rows_read >= _MANY_ROWS and makers in (0, rows_read):
        intake.warnings.append(
            f"{file.path}: buyer_is_maker is {'true' if makers else 'false'} in every row, a known defect of some "
            "files; buy volume is meaningless here"
        )


def _parse(file: InputFile, data: bytes, first_line: int, dump: DumpFormat) -> DumpRows:
    try:
        return parse(data, dump)
    except RowError as error:
        line = first_line + error.line
        raise InputError(file.path, found=error.found, expected=error.expected, line=line) from error


def _hand_in(file: InputFile, symbol: str, rows: DumpRows, dump: DumpFormat, intake: Intake) -> None:
    if not intake.wants(dump.kind):
        intake.skipped[dump.kind] += len(rows.qty)
        return
    spent = int(np.count_nonzero(rows.qty == 0))
    intake.repairs += rows.repairs
    intake.repairs["zero quantity"] += spent
    intake.trades_read += spent
    columns = TradeColumns(rows.ts_us, rows.trade_id, rows.price, rows.qty, rows.buyer_is_maker)
    intake.take(file.path, symbol, columns, kind=dump.kind, market=dump.market)
