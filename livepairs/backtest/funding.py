"""Funding at its real, recorded times: from MARKS, or from a table of past events.

Intervals change (LAYERUSDT went between 1 and 4 hours in May 2025) and stamps jitter by milliseconds, so nothing here
counts hours: an event is where the data says it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest import kernel
from livepairs.backtest.rows import Floats, Rows, Times
from livepairs.errors import InputError
from livepairs.schema import TIME, Pair

__all__ = ["FUNDING", "Funding", "funding_from_events", "funding_from_marks", "join_events", "known_funding"]

FUNDING: Final = pa.schema(
    [
        pa.field("ts", TIME, nullable=False),
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("rate", pa.float64(), nullable=False),
        pa.field("mark_price", pa.float64(), nullable=False),
    ]
)
"""Funding events in the order of ts: whoever holds ``qty`` then receives ``-qty * mark_price * rate``.

``mark_price`` is NaN where it was not recorded; the last close of the leg before the event stands in.
"""

_NAMES: Final = {
    "ts": ("ts", "fundingTime", "funding_time", "calc_time"),
    "symbol": ("symbol",),
    "rate": ("rate", "fundingRate", "funding_rate", "last_funding_rate"),
    "mark_price": ("mark_price", "markPrice"),
}
"""What the venue's REST answer, its dump files and our own files call the columns."""


@dataclass(frozen=True, slots=True)
class Funding:
    """Funding events, and for what span they are known.

    Parameters
    ----------
    events
        A FUNDING table in the order of ts.
    known
        For each symbol, from and to which microsecond every event is among ``events``. A symbol that is not here has
        unknown funding.
    """

    events: pa.Table
    known: Mapping[str, tuple[int, int]]


def funding_from_marks(marks: pa.Table) -> Funding:
    """Find the funding events in a MARKS table.

    When ``next_funding_ts`` moves on after its time has come, there was an event at that time, with the last rate and
    mark price before it. When it moves before its time, the event was only rescheduled.
    """
    symbols = marks.column("symbol").combine_chunks()
    names: list[str] = sorted(pc.unique(symbols).cast(pa.string()).to_pylist())
    events: list[tuple[int, str, float, float]] = []
    known = {}
    for name in names:
        rows = marks.filter(pc.equal(symbols.cast(pa.string()), name))
        times = rows.column("ts").cast(pa.int64()).to_numpy()
        known[name] = (int(times[0]), int(times[-1]))
        events += [(int(ts), name, rate, mark) for ts, rate, mark in _events_of(rows, times)]
    return Funding(_table(sorted(events)), known)


def _events_of(rows: pa.Table, times: Times) -> list[tuple[int, float, float]]:
    due: Times = rows.column("next_funding_ts").cast(pa.int64()).to_numpy()
    rates: Floats = rows.column("funding_rate").to_numpy()
    prices: Floats = rows.column("mark_price").to_numpy()
    found = []
    for after in np.flatnonzero(due[1:] != due[:-1]) + 1:
        when = due[after - 1]
        last = int(np.searchsorted(times, when)) - 1
        # A symbol without scheduled funding has a next time of 0, which never comes.
        if 0 < when <= times[after] and last >= 0:
            found.append((int(when), float(rates[last]), float(prices[last])))
    return found


def known_funding(events: Funding | None, marks: pa.Table | None) -> Funding | None:
    """Join events given with those found in MARKS.

    For a symbol of which events were given, those hold, and MARKS only lend them a mark price they lack.

    Parameters
    ----------
    events
        Events given, or None.
    marks
        A MARKS table, or None.
    """
    if marks is None or not marks.num_rows:
        return events
    found = funding_from_marks(marks)
    if events is None:
        return found
    others = found.events.filter(pc.invert(pc.is_in(found.events.column("symbol"), pa.array(list(events.known)))))
    joined = pa.concat_tables([_with_prices(events.events, marks), others])
    return Funding(joined.sort_by([("ts", "ascending"), ("symbol", "ascending")]), {**found.known, **events.known})


def _with_prices(events: pa.Table, marks: pa.Table) -> pa.Table:
    prices: Floats = events.column("mark_price").to_numpy().copy()
    names = events.column("symbol").to_numpy()
    times: Times = events.column("ts").cast(pa.int64()).to_numpy()
    symbols = marks.column("symbol").cast(pa.string())
    for name in pc.unique(events.column("symbol")).to_pylist():
        rows = marks.filter(pc.equal(symbols, name))
        before = np.searchsorted(rows.column("ts").cast(pa.int64()).to_numpy(), times) - 1
        takes = (names == name) & np.isnan(prices) & (before >= 0)
        prices[takes] = rows.column("mark_price").to_numpy()[before[takes]]
    return events.set_column(3, FUNDING.field(3), pa.array(prices))


def funding_from_events(table: pa.Table, *, file: str, symbol: str | None = None) -> Funding:
    """Read a table of past funding events.

    Parameters
    ----------
    table
        Columns for time, rate and symbol and, if known, mark price, by our names (FUNDING) or the venue's
        (``fundingTime``, ``calc_time``, ``fundingRate``, ``last_funding_rate``, ``markPrice``). Whole-number times are
        milliseconds.
    file
        What to call it in errors.
    symbol
        The symbol of all rows, where the table has no such column.

    Raises
    ------
    InputError
        If a column is missing, or a time or rate is empty.
    """
    rows = table.num_rows
    columns = {name: _find(table, name) for name in _NAMES}
    for name in ("ts", "rate", *(() if symbol else ("symbol",))):
        if columns[name] is None:
            found = f"columns {', '.join(table.column_names)}"
            raise InputError(file, found=found, expected=f"a column {' or '.join(map(repr, _NAMES[name]))}")
    made = pa.table(
        [
            _as_time(columns["ts"]),
            pa.repeat(symbol, rows) if columns["symbol"] is None else columns["symbol"].cast(pa.string()),
            columns["rate"].cast(pa.float64()),
            pa.repeat(float("nan"), rows) if columns["mark_price"] is None else _as_prices(columns["mark_price"]),
        ],
        names=FUNDING.names,
    )
    for name in ("ts", "symbol", "rate"):
        if made.column(name).null_count:
            raise InputError(file, found=f"an empty {name}", expected="a value in every row")
    events = made.cast(FUNDING).sort_by([("ts", "ascending"), ("symbol", "ascending")])
    return Funding(events, _spans(events))


def _find(table: pa.Table, name: str) -> pa.ChunkedArray | None:
    for alias in _NAMES[name]:
        if alias in table.column_names:
            return table.column(alias)
    return None


def _as_time(column: pa.ChunkedArray | None) -> pa.ChunkedArray:
    assert column is not None
    if pa.types.is_integer(column.type):
        return column.cast(pa.timestamp("ms", tz="UTC")).cast(TIME)
    # The venue's stamps may be in nanoseconds; what is below a microsecond is of no account.
    return column.cast(TIME, safe=False)


def _as_prices(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # Old rows of the venue have an empty text where later ones have the price.
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.if_else(pc.equal(column, ""), "nan", column)
    return column.cast(pa.float64()).fill_null(float("nan"))


def _spans(events: pa.Table) -> dict[str, tuple[int, int]]:
    """Return the span each symbol's events cover: from the first up to when the one after the last may be due."""
    spans = {}
    for name in pc.unique(events.column("symbol")).to_pylist():
        times = events.filter(pc.equal(events.column("symbol"), name)).column("ts").cast(pa.int64()).to_pylist()
        last_interval = times[-1] - times[-2] if len(times) > 1 else 0
        spans[name] = (times[0], times[-1] + last_interval)
    return spans


def _table(events: list[tuple[int, str, float, float]]) -> pa.Table:
    columns = list(zip(*events, strict=True)) if events else [[], [], [], []]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FUNDING, strict=True)], schema=FUNDING)


def join_events(funding: Funding | None, rows: Rows, pair: Pair, *, from_us: int, interval_us: int) -> Floats:
    """Return the events of the pair's legs as the kernel reads them, each with the row of the bar it falls into.

    Parameters
    ----------
    funding
        The events known; None for none.
    rows
        The rows about to be run, at least one.
    pair
        Whose legs' events to take.
    from_us
        The end of the bar before, so that slices neither lose nor repeat an event.
    interval_us
        Length of a bar.
    """
    if funding is None or not funding.events.num_rows:
        return np.empty(0)
    times: Times = funding.events.column("ts").cast(pa.int64()).to_numpy()
    first, last = np.searchsorted(times, [from_us, rows.ts[-1] + interval_us])
    events = funding.events.slice(first, last - first)
    symbols = events.column("symbol")
    events = events.filter(pc.is_in(symbols, pa.array([pair.y, pair.x])))
    values = np.empty((kernel.EVENT_SLOTS, events.num_rows))
    values[kernel.E_ROW] = np.searchsorted(rows.ts + interval_us, events.column("ts").cast(pa.int64()), side="right")
    values[kernel.E_LEG] = pc.equal(events.column("symbol"), pair.x).to_numpy()
    values[kernel.E_RATE] = events.column("rate").to_numpy()
    values[kernel.E_MARK] = events.column("mark_price").to_numpy()
    return values.reshape(-1)
