"""PAIRS and BARS of one pair, joined into the rows the kernel reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest import kernel
from livepairs.errors import ConfigError, SchemaError, did_you_mean
from livepairs.schema import Pair

__all__ = ["Floats", "Rows", "Times", "as_table", "join_rows", "only_pair", "rows_of_pair"]

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


class Rows:
    """The rows of one pair, ready for the kernel.

    Parameters
    ----------
    ts
        Opens of the bars in microseconds, ``(n,)``.
    values
        The kernel's columns, ``(ROW_SLOTS, n)``.
    """

    __slots__ = ("ts", "values")

    def __init__(self, ts: Times, values: Floats) -> None:
        self.ts = ts
        self.values = values

    def __len__(self) -> int:
        return len(self.ts)


def as_table(rows: pa.Table | pa.RecordBatch) -> pa.Table:
    """Return the rows as a table, without copying."""
    return pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows


def only_pair(pairs: pa.Table) -> Pair:
    """Return the pair of a PAIRS table that holds just one.

    Raises
    ------
    ConfigError
        If it holds none or several, naming them.
    """
    names = sorted(pc.unique(pairs.column("pair")).to_pylist())
    if len(names) == 1:
        return Pair.parse(names[0])
    found = ", ".join(names) if names else "no rows"
    raise ConfigError(f"PAIRS holds {found}; say which pair to test, for example pair='ETHUSDT/BTCUSDT'")


def join_rows(pairs: pa.Table, bars: pa.Table, pair: Pair, *, is_close_fill: bool) -> Rows:
    """Join the PAIRS rows of a pair with the bars of its legs.

    Parameters
    ----------
    pairs, bars
        PAIRS and BARS rows in the order of time. They may hold other pairs and symbols, and bars before the first row.
    pair
        The pair to pick.
    is_close_fill
        Whether fills take a bar's close instead of its open.

    Raises
    ------
    ConfigError
        If there are rows, but none of that pair.
    SchemaError
        If a leg has no bar at the time of a row.
    """
    pairs = rows_of_pair(pairs, pair)
    ts = _times(pairs)
    values = np.empty((kernel.ROW_SLOTS, len(ts)))
    values[kernel.TS] = ts
    values[kernel.Z] = _numbers(pairs, "z")
    values[kernel.HEDGE] = _numbers(pairs, "beta")
    values[kernel.READY] = _numbers(pairs, "is_ready")
    for leg, symbol in enumerate((pair.y, pair.x)):
        _put_leg(values, leg, _at(ts, _of(bars, "symbol", symbol), symbol), is_close_fill=is_close_fill)
    return Rows(ts, values)


def rows_of_pair(pairs: pa.Table, pair: Pair) -> pa.Table:
    """Return the PAIRS rows of one pair.

    Raises
    ------
    ConfigError
        If there are rows, but none of that pair; with a suggestion.
    """
    names = pc.unique(pairs.column("pair")).to_pylist()
    if names and str(pair) not in names:
        hint = did_you_mean(str(pair), names)
        raise ConfigError(f"pair {str(pair)!r} is not in PAIRS{hint}; it has {', '.join(sorted(names))}")
    return _of(pairs, "pair", str(pair))


def _put_leg(values: Floats, leg: int, bars: pa.Table, *, is_close_fill: bool) -> None:
    close = _numbers(bars, "close")
    is_stale = _numbers(bars, "is_filled")
    # A bar without trades has only the carried close; whatever its open says, that is the price there was.
    values[kernel.FILL + leg] = close if is_close_fill else np.where(is_stale != 0.0, close, _numbers(bars, "open"))
    values[kernel.BAR_CLOSE + leg] = close
    values[kernel.BAR_STALE + leg] = is_stale


def _at(ts: Times, bars: pa.Table, symbol: str) -> pa.Table:
    times = _times(bars)
    if np.array_equal(times, ts):
        return bars
    places = np.searchsorted(times, ts)
    is_found = places < len(times)
    is_found[is_found] = times[places[is_found]] == ts[is_found]
    if not is_found.all():
        when = np.datetime64(int(ts[~is_found][0]), "us")
        raise SchemaError(
            f"BARS has no bar of {symbol!r} at {when}Z, where PAIRS has a row; give the bars they were made of"
        )
    return bars.take(pa.array(places))


def _of(rows: pa.Table, column: str, value: str) -> pa.Table:
    names = rows.column(column)
    if rows.num_rows and pc.min_max(names).as_py() == {"min": value, "max": value}:
        return rows
    return rows.filter(pc.equal(names, value))


def _times(rows: pa.Table) -> Times:
    times: Times = rows.column("ts").cast(pa.int64()).to_numpy()
    return times


def _numbers(rows: pa.Table, column: str) -> npt.NDArray[Any]:  # float64 or bool, as the column is
    return rows.column(column).to_numpy()
