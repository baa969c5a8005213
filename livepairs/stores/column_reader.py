"""Turns the columns of somebody's CSV or Parquet file into trades.

Times may be numbers of any unit or text in ISO 8601; the taker's side may be told by a side or by a buyer-is-maker
column. Which column is what is found in ``mapping``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.errors import ConfigError, InputError
from livepairs.exchanges.binance import EARLIEST_US, LATEST_US
from livepairs.stores.intake import ImportOptions, TradeColumns
from livepairs.stores.mapping import Mapping

__all__ = ["ColumnReader"]

_UNITS_PER_US: Final = {"s": 1e-6, "ms": 1e-3, "us": 1.0, "ns": 1e3}
_SIDES: Final = {"buy": False, "b": False, "bid": False, "1": False, "sell": True, "s": True, "ask": True, "-1": True}
_FLAGS: Final = {"true": True, "t": True, "1": True, "yes": True, "false": False, "f": False, "0": False, "no": False}


class ColumnReader:
    """Turns tables of one file into trades; the unit of its times is settled by the first of them.

    Parameters
    ----------
    file
        As the user named it.
    mapping
        Which column is what.
    options
        Unit and zone of times, and the symbol, where the user said so.
    """

    def __init__(self, file: Path, mapping: Mapping, options: ImportOptions) -> None:
        self._file, self._mapping, self._options = file, mapping, options
        self._unit: dict[str, str] = {}
        self._symbol_seen: str | None = None
        if options.symbol is None and mapping.symbol is None:
            raise InputError(
                file, found="no column of symbols", expected="--symbol NAME, or --map symbol=COLUMN to say which it is"
            )
        try:
            self._zone = ZoneInfo(options.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            zone = options.time_zone
            raise ConfigError(f"time zone {zone!r} is not known; use a name like UTC or Europe/Berlin") from None

    @property
    def has_ids(self) -> bool:
        """Whether the file numbers its trades."""
        return self._mapping.trade_id is not None

    @property
    def has_side(self) -> bool:
        """Whether the file tells the taker's side."""
        return self._mapping.side is not None or self._mapping.buyer_is_maker is not None

    def read(self, table: pa.Table, lines: npt.NDArray[np.int64]) -> Iterator[tuple[str, TradeColumns]]:
        """Yield the trades of each symbol.

        Parameters
        ----------
        table
            The mapped columns.
        lines
            Line or row number of each row in the file, for errors.

        Raises
        ------
        InputError
            Naming the first row with a value that cannot be used.
        """
        if not table.num_rows:
            return
        mapping = self._mapping
        ts = self._times(table, mapping.ts, lines)
        recv = None if mapping.recv_ts is None else self._times(table, mapping.recv_ts, lines)
        price = self._amounts(table, mapping.price, lines, is_zero_allowed=False)
        qty = self._amounts(table, mapping.qty, lines, is_zero_allowed=True)
        ids = None if mapping.trade_id is None else self._ids(table, mapping.trade_id, lines)
        maker = self._makers(table, lines)
        columns = (ts, ids, price, qty, maker, recv)
        for symbol, rows in self._symbols(table, lines):
            yield symbol, TradeColumns(*(None if column is None else column[rows] for column in columns))  # type: ignore[arg-type]

    def _fail(self, line: int, column: str, value: object, expected: str) -> InputError:
        return InputError(self._file, found=f"{column} {value!r}", expected=expected, line=line)

    def _amounts(
        self, table: pa.Table, name: str, lines: npt.NDArray[np.int64], *, is_zero_allowed: bool
    ) -> npt.NDArray[np.float64]:
        column = _whole(table, name)
        try:
            values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            values = np.array([_float(value) for value in column.to_pylist()])
        is_good = (values > 0) & (values < np.inf) | ((values == 0) & is_zero_allowed)
        if not is_good.all():
            row = int(np.flatnonzero(~is_good)[0])
            raise self._fail(int(lines[row]), name, column[row].as_py(), "a positive number")
        found: npt.NDArray[np.float64] = values
        return found

    def _ids(self, table: pa.Table, name: str, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        column = _whole(table, name)
        try:
            values = pc.cast(column, pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            values = np.array([_int(value) for value in column.to_pylist()], np.int64)
        if len(values) and values.min() < 0:
            row = int(np.argmin(values >= 0))
            expected = "a whole number, not negative; leave the column out with --map trade_id= to number by time"
            raise self._fail(int(lines[row]), name, column[row].as_py(), expected)
        found: npt.NDArray[np.int64] = values
        return found

    def _makers(self, table: pa.Table, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return whether the buyer was the maker: the taker sold."""
        mapping = self._mapping
        if mapping.buyer_is_maker is not None:
            return self._flags(table, mapping.buyer_is_maker, _FLAGS, lines)
        if mapping.side is not None:
            return self._flags(table, mapping.side, _SIDES, lines)
        return np.zeros(table.num_rows, np.bool_)

    def _flags(
        self, table: pa.Table, name: str, meanings: dict[str, bool], lines: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        codes, values = _coded(table, name)
        known = [meanings.get(_plain(value)) for value in values]
        is_bad = np.isin(codes, [index for index, meaning in enumerate(known) if meaning is None])
        if is_bad.any():
            row = int(np.flatnonzero(is_bad)[0])
            raise self._fail(int(lines[row]), name, values[codes[row]], f"one of {', '.join(meanings)}")
        return np.array([bool(meaning) for meaning in known], np.bool_)[codes]

    def _symbols(self, table: pa.Table, lines: npt.NDArray[np.int64]) -> Iterator[tuple[str, Any]]:
        if self._mapping.symbol is None:
            yield str(self._options.symbol), slice(None)
            return
        codes, values = _coded(table, self._mapping.symbol)
        for index, value in enumerate(values):
            rows = np.flatnonzero(codes == index)
            if value is None or not str(value).strip():
                raise self._fail(int(lines[rows[0]]), self._mapping.symbol, value, "a symbol")
            yield self._renamed(str(value).strip(), int(lines[rows[0]])), rows

    def _renamed(self, symbol: str, line: int) -> str:
        if self._options.symbol is None:
            return symbol
        if self._symbol_seen not in (None, symbol):
            expected = f"only {self._symbol_seen!r}, since --symbol names them all {self._options.symbol!r}"
            raise self._fail(line, "symbol", symbol, expected)
        self._symbol_seen = symbol
        return self._options.symbol

    def _times(self, table: pa.Table, name: str, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        column = _whole(table, name)
        if pa.types.is_timestamp(column.type):
            values = self._from_timestamps(column)
        elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
            values = self._from_numbers(column, name)
        else:
            values = self._from_text(column)
        is_bad = (values < EARLIEST_US) | (values >= LATEST_US)
        if is_bad.any():
            row = int(np.flatnonzero(is_bad)[0])
            expected = "a time from 2009 to 2100, as ISO 8601 or a number of s, ms, us or ns (see --time-unit)"
            raise self._fail(int(lines[row]), name, _readable(column[row]), expected)
        return values

    def _from_timestamps(self, column: pa.Array) -> npt.NDArray[np.int64]:
        if column.type.tz is None:
            column = self._zoned(column)
        return _int64(pc.cast(column, pa.timestamp("us", column.type.tz), safe=False))

    def _zoned(self, column: pa.Array) -> pa.Array:
        try:
            return pc.assume_timezone(column, str(self._zone))
        except pa.ArrowInvalid as error:
            zone = self._options.time_zone
            expected = f"local times that occur once in {zone}; give times in UTC around a change of clocks"
            raise InputError(self._file, found=f"a time that cannot be placed ({error})", expected=expected) from error

    def _from_numbers(self, column: pa.Array, name: str) -> npt.NDArray[np.int64]:
        unit = self._unit.setdefault(name, self._options.time_unit or _unit_of(column))
        if pa.types.is_integer(column.type):
            values = _int64(column)
            per = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}[unit]
            # Numbers too large for the unit become a time out of range instead of wrapping round.
            scaled = np.where(np.abs(values) < 2**62 // per, values, 0) * per
            return _int64(pa.array(scaled // 1000 if unit == "ns" else scaled))
        numbers = pc.cast(column, pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        micros = np.nan_to_num(numbers / _UNITS_PER_US[unit], nan=0.0, posinf=0.0, neginf=0.0)
        found: npt.NDArray[np.int64] = np.rint(np.clip(micros, -1e18, 1e18)).astype(np.int64)
        return found

    def _from_text(self, column: pa.Array) -> npt.NDArray[np.int64]:
        """Read text: all at once where Arrow can, else value by value; what cannot be read becomes time 0."""
        column = pc.cast(column, pa.string())
        for kind in (pa.timestamp("ns", "UTC"), pa.timestamp("ns")):
            try:
                return self._from_timestamps(pc.cast(column, kind))
            except pa.ArrowInvalid:
                continue
        return np.array([self._one_text(value) for value in column.to_pylist()], np.int64)

    def _one_text(self, value: str | None) -> int:
        text = (value or "").strip().removesuffix(" UTC")
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return self._number_in_text(text)
        zoned = time if time.tzinfo is not None else time.replace(tzinfo=self._zone)
        since = zoned.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def _number_in_text(self, text: str) -> int:
        number = _float(text)
        if not np.isfinite(number):
            return 0
        return int(self._from_numbers(pa.array([number]), "text")[0])


def _unit_of(column: pa.Array) -> str:
    """Tell the unit of numeric times by the size of the first."""
    first = next((abs(float(value)) for value in column[:100].to_pylist() if value is not None), 0.0)
    return next((unit for unit, limit in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if first < limit), "ns")


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name).combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column


def _coded(table: pa.Table, name: str) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """Return each row's index into the distinct values, and the values."""
    coded = _whole(table, name).dictionary_encode(null_encoding="encode")
    codes: npt.NDArray[np.int64] = coded.indices.to_numpy(zero_copy_only=False)
    return codes, coded.dictionary.to_pylist()


def _int64(column: pa.Array) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = pc.cast(column, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return found


def _plain(value: object) -> str:
    return str(value).strip().lower().removesuffix(".0")


def _readable(value: Any) -> object:
    try:
        return str(value) if pa.types.is_temporal(value.type) else value.as_py()
    except (ValueError, OverflowError):
        return str(value)


def _float(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _int(value: object) -> int:
    try:
        found = int(str(value))
    except ValueError:
        return -1
    return found if found < 2**63 else -1
