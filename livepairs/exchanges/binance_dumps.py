"""The row formats of Binance's public dump files: trades and aggTrades, futures and spot, with and without a header.

Bytes of whole lines in, columns out. A block the fast reader balks at is read again line by line, which either mends it
(a repeated header, whole numbers in scientific notation, stray blanks) and counts what it mended, or names the line and
what was expected. Sorting and duplicates concern whole files and are not handled here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from livepairs.exchanges import RowError
from livepairs.exchanges.binance_time import EARLIEST_US, LATEST_US, microseconds

__all__ = ["DumpFormat", "DumpRows", "parse", "recognise", "symbol_of"]

Kind = Literal["trade", "aggTrade"]

_NEEDED: Final = ("id", "price", "qty", "time", "maker")

_HEADERLESS: Final[dict[tuple[int, bool], tuple[Kind, str, tuple[str, ...]]]] = {
    # (number of columns, whether the fifth is a time) decides: spot trades and futures aggTrades both have seven.
    (6, True): ("trade", "um", ("id", "price", "qty", "quote_qty", "time", "maker")),
    (7, True): ("trade", "spot", ("id", "price", "qty", "quote_qty", "time", "maker", "best_match")),
    (7, False): ("aggTrade", "um", ("id", "price", "qty", "first_id", "last_id", "time", "maker")),
    (8, False): ("aggTrade", "spot", ("id", "price", "qty", "first_id", "last_id", "time", "maker", "best_match")),
}

_HEADER_NAMES: Final = {
    "id": "id",
    "tradeid": "id",
    "aggtradeid": "agg_id",
    "price": "price",
    "qty": "qty",
    "quantity": "qty",
    "quoteqty": "quote_qty",
    "firsttradeid": "first_id",
    "lasttradeid": "last_id",
    "time": "time",
    "transacttime": "time",
    "timestamp": "time",
    "isbuyermaker": "maker",
    "wasthebuyerthemaker": "maker",
    "isbestmatch": "best_match",
    "wasthetradethebestpricematch": "best_match",
}


@dataclass(frozen=True, slots=True)
class DumpFormat:
    """What the columns of a file are; ``market`` is "um" or "spot"."""

    kind: Kind
    market: str
    columns: tuple[str, ...]
    has_header: bool
    header: bytes = b""


@dataclass(frozen=True, slots=True)
class DumpRows:
    """Columns of a block in the order of its lines; a quantity of zero is a spent id, no trade."""

    ts_us: npt.NDArray[np.int64]
    trade_id: npt.NDArray[np.int64]
    price: npt.NDArray[np.float64]
    qty: npt.NDArray[np.float64]
    buyer_is_maker: npt.NDArray[np.bool_]
    repairs: Counter[str] = field(default_factory=Counter)


def symbol_of(file_name: str) -> str | None:
    """Return the symbol that a dump's file name begins with, or None if it is not named like one.

    Examples
    --------
    >>> symbol_of("BTCUSDT-aggTrades-2024-08-08.zip")
    'BTCUSDT'
    >>> symbol_of("mine.csv") is None
    True
    """
    for mark in ("-aggTrades-", "-trades-"):
        symbol, found, _ = file_name.partition(mark)
        if found and symbol:
            return symbol
    return None


def recognise(first_line: bytes) -> DumpFormat | None:
    """Return the format that the first line of a file shows, or None if it is no dump."""
    fields = [item.strip().strip('"') for item in first_line.decode("utf-8", "replace").strip().split(",")]
    if len(fields) < 6:
        return None
    return _headerless(fields) if fields[0][:1].isdigit() else _headed(fields, first_line.strip())


def _headerless(fields: list[str]) -> DumpFormat | None:
    is_time_fifth = _is_time(fields[4])
    if not is_time_fifth and not _is_time(fields[5]):
        return None
    found = _HEADERLESS.get((len(fields), is_time_fifth))
    if found is None or _flag(fields[found[2].index("maker")]) is None:
        return None
    kind, market, columns = found
    return DumpFormat(kind, market, columns, has_header=False)


def _headed(fields: list[str], header: bytes) -> DumpFormat | None:
    names = [name.lower().replace("_", "").replace(" ", "") for name in fields]
    columns = tuple(_HEADER_NAMES.get(name, f"extra_{index}") for index, name in enumerate(names))
    kind: Kind = "aggTrade" if "agg_id" in columns else "trade"
    columns = tuple("id" if name == "agg_id" else name for name in columns)
    if any(columns.count(name) != 1 for name in _NEEDED):
        return None
    return DumpFormat(kind, "spot" if "best_match" in columns else "um", columns, has_header=True, header=header)


def _is_time(text: str) -> bool:
    try:
        return bool(EARLIEST_US <= int(microseconds(np.array([_whole(text)], np.int64))[0]) < LATEST_US)
    except (ValueError, OverflowError):
        return False


_TRUE: Final = ["true", "True", "TRUE", "1"]
_FALSE: Final = ["false", "False", "FALSE", "0"]
_TYPES: Final = {
    "id": pa.int64(),
    "price": pa.float64(),
    "qty": pa.float64(),
    "time": pa.int64(),
    "maker": pa.bool_(),
}
_PARSE: Final = pyarrow.csv.ParseOptions(quote_char=False)
# No text stands for a missing value here: an empty field must fail, not become null.
_CONVERT: Final = pyarrow.csv.ConvertOptions(
    column_types=_TYPES,
    include_columns=list(_NEEDED),
    true_values=_TRUE,
    false_values=_FALSE,
    null_values=[],
)


def parse(block: bytes, dump: DumpFormat) -> DumpRows:
    """Read whole lines, without the header of the file.

    Raises
    ------
    RowError
        Naming the first line that cannot be a row of this format.
    """
    if not block or block.isspace():
        return _columns([], Counter())
    read = pyarrow.csv.ReadOptions(column_names=list(dump.columns), block_size=1 << 20)
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(block), read_options=read, parse_options=_PARSE, convert_options=_CONVERT
        )
    except pa.ArrowInvalid:
        return _line_by_line(block, dump)
    ids, price, qty, time, maker = (table.column(name).to_numpy() for name in _NEEDED)
    rows = DumpRows(microseconds(time), ids, price, qty, maker, _scientific(block))
    return rows if _is_sound(rows) else _line_by_line(block, dump)


def _is_sound(rows: DumpRows) -> bool:
    is_priced = (rows.price > 0) & (rows.price < np.inf) | (rows.qty == 0)
    is_timed = (rows.ts_us >= EARLIEST_US) & (rows.ts_us < LATEST_US)
    return bool((is_priced & is_timed & (rows.qty >= 0) & (rows.qty < np.inf) & (rows.trade_id >= 0)).all())


def _scientific(block: bytes) -> Counter[str]:
    """Count rows in scientific notation; the sign of an exponent is the only sign a sound file can hold."""
    if b"-" not in block and b"+" not in block:
        return Counter()
    lines = sum(b"e-" in line or b"e+" in line for line in block.lower().splitlines())
    return Counter({"scientific notation": lines})


def _line_by_line(block: bytes, dump: DumpFormat) -> DumpRows:
    repairs = Counter[str]()
    rows: list[tuple[int, int, float, float, bool]] = []
    for number, raw in enumerate(block.split(b"\n")):
        line = raw.strip()
        if not line:
            continue
        if dump.has_header and line == dump.header:
            repairs["repeated header"] += 1
            continue
        rows.append(_row(number, line, dump))
        repairs["scientific notation"] += b"e-" in line.lower() or b"e+" in line.lower() or _has_exponent(line)
    return _columns(rows, +repairs)


def _columns(rows: list[tuple[int, int, float, float, bool]], repairs: Counter[str]) -> DumpRows:
    ids, times, prices, quantities, makers = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return DumpRows(
        np.array(times, np.int64),
        np.array(ids, np.int64),
        np.array(prices, np.float64),
        np.array(quantities, np.float64),
        np.array(makers, np.bool_),
        repairs,
    )


def _has_exponent(line: bytes) -> bool:
    return any("E" in field.upper() and field[:1].isdigit() for field in line.decode("utf-8", "replace").split(","))


def _row(number: int, line: bytes, dump: DumpFormat) -> tuple[int, int, float, float, bool]:
    fields = [item.strip().strip('"') for item in line.decode("utf-8", "replace").split(",")]
    if len(fields) != len(dump.columns):
        expected = f"{len(dump.columns)} columns of a {dump.market} {dump.kind} file"
        raise RowError(number, found=f"{len(fields)} columns in {_short(line)}", expected=expected)
    text = dict(zip(dump.columns, fields, strict=True))
    trade_id = _checked(number, "trade id", text["id"], "a whole number, not negative")
    qty = _amount(number, "quantity", text["qty"], is_zero_allowed=True)
    price = _amount(number, "price", text["price"], is_zero_allowed=qty == 0)
    maker = _flag(text["maker"])
    if maker is None:
        raise RowError(number, found=f"buyer-is-maker {text['maker']!r}", expected="true or false")
    if not _is_time(text["time"]):
        expected = "milliseconds or microseconds since 1970, from 2009 to 2100"
        raise RowError(number, found=f"time {text['time']!r}", expected=expected)
    time_us = int(microseconds(np.array([_whole(text["time"])], np.int64))[0])
    return trade_id, time_us, price, qty, maker


def _checked(number: int, name: str, text: str, expected: str) -> int:
    try:
        value = _whole(text)
    except ValueError:
        value = -1
    if not 0 <= value < 2**63:
        raise RowError(number, found=f"{name} {text!r}", expected=expected)
    return value


def _amount(number: int, name: str, text: str, *, is_zero_allowed: bool) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 < value < np.inf or (value == 0 and is_zero_allowed):
        return value
    raise RowError(number, found=f"{name} {text!r}", expected="a positive number")


def _whole(text: str) -> int:
    """Read a whole number, also one written like 1.6225E+12; ValueError if it is none."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not value.is_finite() or value.adjusted() > 20 or value != value.to_integral_value():
        raise ValueError(text)
    return int(value)


def _flag(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None


def _short(line: bytes) -> str:
    shown = line[:60].decode("utf-8", "replace")
    return repr(shown + ("..." if len(line) > 60 else ""))
