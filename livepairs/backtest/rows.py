"""PAIRS and BARS of one pair, joined into the rows the kernel reads.

Columns are read by ``livepairs.columns``: Arrow's own ways import pandas, for 30 MB that a sweep has no use for.
"""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest import kernel
from livepairs.columns import flags_of, floats_of, ints_of, texts_column
from livepairs.errors import ConfigError, SchemaError, did_you_mean
from livepairs.schema import Pair

__all__ = [
    "Floats",
    "Rows",
    "Times",
    "as_table",
    "join_rows",
    "micros",
    "numbers",
    "of_name",
    "only_pair",
    "rows_of_pair",
    "unique_names",
]

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
    names = pairs.column("pair")
    if len(names) and pc.all(pc.equal(names, names[0])).as_py():
        return Pair.parse(names[0].as_py())
    found = ", ".join(unique_names(names)) or "no rows"
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
    pairs = rows_of_pair(pairs.select(["ts", "pair", "z", "beta", "is_ready"]), pair)
    ts = micros(pairs.column("ts"))
    values = np.empty((kernel.ROW_SLOTS, len(ts)))
    values[kernel.TS] = ts
    values[kernel.Z] = numbers(pairs.column("z"))
    values[kernel.HEDGE] = numbers(pairs.column("beta"))
    values[kernel.READY] = flags_of(_whole(pairs.column("is_ready")))
    times, is_filled = micros(bars.column("ts")), flags_of(_whole(bars.column("is_filled")))
    for leg, symbol in enumerate((pair.y, pair.x)):
        places = _places(ts, bars, times, symbol)
        values[kernel.BAR_STALE + leg] = is_filled[places]
        _put_leg(values, leg, bars, places, is_close_fill=is_close_fill)
    return Rows(ts, values)


def rows_of_pair(pairs: pa.Table, pair: Pair) -> pa.Table:
    """Return the PAIRS rows of one pair.

    Raises
    ------
    ConfigError
        If there are rows, but none of that pair; with a suggestion.
    """
    found = of_name(pairs, "pair", str(pair))
    if pairs.num_rows and not found.num_rows:
        names = unique_names(pairs.column("pair"))
        hint = did_you_mean(str(pair), names)
        raise ConfigError(f"pair {str(pair)!r} is not in PAIRS{hint}; it has {', '.join(names)}")
    return found


def unique_names(column: pa.ChunkedArray[Any]) -> list[str]:
    """Return the different names in a text column, in order."""
    return sorted(name for name in pc.unique(column.cast(pa.string())).to_pylist() if name is not None)


def _put_leg(values: Floats, leg: int, bars: pa.Table, places: Times, *, is_close_fill: bool) -> None:
    # Picking places from the whole columns is quicker than filtering the table, text columns and all.
    close = numbers(bars.column("close"))[places]
    values[kernel.BAR_CLOSE + leg] = close
    values[kernel.FILL + leg] = close
    if not is_close_fill:
        # A bar without trades has only the carried close; whatever its open says, that is the price there was.
        opened = numbers(bars.column("open"))[places]
        np.copyto(values[kernel.FILL + leg], opened, where=values[kernel.BAR_STALE + leg] == 0.0)


def _places(ts: Times, bars: pa.Table, times: Times, symbol: str) -> Times:
    """Return where in BARS the bars of a symbol at those times are."""
    is_leg = pc.equal(bars.column("symbol").cast(pa.string()), texts_column([symbol])[0])
    places = ints_of(pc.indices_nonzero(is_leg))
    times = times[places]
    if np.array_equal(times, ts):
        return places
    at = np.searchsorted(times, ts)
    is_found = at < len(times)
    is_found[is_found] = times[at[is_found]] == ts[is_found]
    if not is_found.all():
        when = np.datetime64(int(ts[~is_found][0]), "us")
        what = f"no bar of {symbol!r} at {when}Z, where PAIRS has a row"
        raise SchemaError(f"BARS has {what}; give the bars the pairs were made of")
    return places[at]


def of_name(rows: pa.Table, column: str, value: str) -> pa.Table:
    """Return the rows whose ``column`` is ``value``, without copying when that is all of them."""
    mask = pc.equal(rows.column(column).cast(pa.string()), texts_column([value])[0])
    return rows if pc.all(mask).as_py() else rows.filter(mask)


def micros(column: pa.ChunkedArray[Any]) -> Times:
    """Return a time column as microseconds since the epoch."""
    return ints_of(_whole(column.cast(pa.int64())))


def numbers(column: pa.ChunkedArray[Any]) -> Floats:
    """Return a column of numbers, NaN where it is null; a view where it can be one."""
    whole = _whole(column.cast(pa.float64()))
    return floats_of(whole.fill_null(nan) if whole.null_count else whole)


def _whole(column: pa.ChunkedArray[Any]) -> pa.Array:
    """Return a column in one piece, which is copied only if it is in several."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
