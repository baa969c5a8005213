"""Past funding events as the venue or the user wrote them down, made into FUNDING."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest.funding import FUNDING, Funding
from livepairs.backtest.rows import micros, of_name, unique_names
from livepairs.errors import InputError
from livepairs.schema import TIME

__all__ = ["funding_from_table"]

Column: TypeAlias = "pa.ChunkedArray[Any]"

_NAMES: Final = {
    "ts": ("ts", "fundingTime", "funding_time", "calc_time"),
    "symbol": ("symbol",),
    "rate": ("rate", "fundingRate", "funding_rate", "last_funding_rate"),
    "mark_price": ("mark_price", "markPrice"),
}
"""What we, the venue's REST answer and its dump files call the columns."""


def funding_from_table(table: pa.Table, *, file: str, symbol: str | None = None) -> Funding:
    """Read a table of past funding events.

    Parameters
    ----------
    table
        Columns for time, symbol and rate and, if known, mark price, by our names (FUNDING) or the venue's
        (``fundingTime``, ``calc_time``, ``fundingRate``, ``last_funding_rate``, ``markPrice``). Whole-number times are
        milliseconds.
    file
        What to call it in errors.
    symbol
        The symbol of all rows, for a table without such a column, as the venue's dump files are.

    Returns
    -------
    Funding
        Known from the first event until the one after the last may be due, an interval as long as the last one later.

    Raises
    ------
    InputError
        If a column is missing, or a value is empty or not what it should be.
    """
    columns: dict[str, Column | None] = {name: _find(table, name) for name in FUNDING.names}
    if columns["symbol"] is None and symbol is not None:
        columns["symbol"] = _repeat(symbol, table)
    if columns["mark_price"] is None:
        columns["mark_price"] = _repeat(float("nan"), table)
    made = pa.table({name: _read(column, name, table, file) for name, column in columns.items()}, schema=FUNDING)
    events = made.sort_by([("ts", "ascending"), ("symbol", "ascending")])
    return Funding(events, {name: _span(events, name) for name in unique_names(events.column("symbol"))})


def _find(table: pa.Table, name: str) -> Column | None:
    return next((table.column(alias) for alias in _NAMES[name] if alias in table.column_names), None)


def _repeat(value: str | float, table: pa.Table) -> Column:
    kind = pa.string() if isinstance(value, str) else pa.float64()
    return pa.chunked_array([pa.array([value] * table.num_rows, kind)])


def _read(column: Column | None, name: str, table: pa.Table, file: str) -> Column:
    if column is None:
        expected = f"a column {' or '.join(repr(alias) for alias in _NAMES[name])}"
        raise InputError(file, found=f"columns {', '.join(table.column_names)}", expected=expected)
    try:
        read = _as_time(column) if name == "ts" else _as_kind(column, FUNDING.field(name).type)
    except pa.ArrowInvalid as error:
        found = f"a {name} that cannot be read ({error})"
        raise InputError(file, found=found, expected=f"{FUNDING.field(name).type} in every row") from error
    if name == "mark_price":
        return read.fill_null(pa.scalar(float("nan")))
    is_bad = read.is_null(nan_is_null=True)
    if pc.any(is_bad).as_py():
        row = is_bad.index(pa.scalar(value=True)).as_py() + 1
        raise InputError(file, found=f"an empty {name}", expected="a value in every row", line=row)
    return read


def _as_time(column: Column) -> Column:
    if pa.types.is_integer(column.type):
        return column.cast(pa.timestamp("ms", tz="UTC")).cast(TIME)
    # Stamps may be in nanoseconds; what is below a microsecond is of no account.
    return column.cast(TIME, safe=False)


def _as_kind(column: Column, kind: pa.DataType) -> Column:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # Old rows of the venue have an empty text where later ones have a price.
        column = pc.if_else(pc.equal(column, pa.scalar("", column.type)), pa.scalar(None, column.type), column)
    return column.cast(kind)


def _span(events: pa.Table, symbol: str) -> tuple[int, int]:
    times = micros(of_name(events, "symbol", symbol).column("ts"))
    last_interval = int(times[-1] - times[-2]) if len(times) > 1 else 0
    return int(times[0]), int(times[-1]) + last_interval
