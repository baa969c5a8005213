"""Funding at its real, recorded times: what is known of it, and into which bars it falls.

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
from livepairs.backtest.result import columns_of
from livepairs.backtest.rows import Floats, Rows, Times, micros, of_name, unique_names
from livepairs.schema import TIME, Pair

__all__ = ["FUNDING", "Funding", "funding_from_marks", "join_events", "known_funding"]

FUNDING: Final = columns_of(ts=TIME, symbol=pa.string(), rate=pa.float64(), mark_price=pa.float64())
"""Funding events in the order of ts: whoever holds ``qty`` then receives ``-qty * mark_price * rate``.

``mark_price`` is NaN where it was not recorded; the last close of the leg before the event stands in.
"""


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
    events: list[tuple[int, str, float, float]] = []
    known = {}
    for name in unique_names(marks.column("symbol")):
        rows = of_name(marks, "symbol", name)
        times = micros(rows.column("ts"))
        known[name] = (int(times[0]), int(times[-1]))
        events += [(int(ts), name, rate, mark) for ts, rate, mark in _events_of(rows, times)]
    return Funding(_table(sorted(events)), known)


def _events_of(rows: pa.Table, times: Times) -> list[tuple[int, float, float]]:
    due = micros(rows.column("next_funding_ts"))
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
    times = micros(events.column("ts"))
    for name in unique_names(events.column("symbol")):
        rows = of_name(marks, "symbol", name)
        before = np.searchsorted(micros(rows.column("ts")), times) - 1
        takes = (names == name) & np.isnan(prices) & (before >= 0)
        prices[takes] = rows.column("mark_price").to_numpy()[before[takes]]
    return events.set_column(3, FUNDING.field(3), pa.array(prices))


def _table(events: list[tuple[int, str, float, float]]) -> pa.Table:
    rows = [dict(zip(FUNDING.names, event, strict=True)) for event in events]
    return pa.Table.from_pylist(rows, schema=FUNDING)


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
    times = micros(funding.events.column("ts"))
    first, last = np.searchsorted(times, [from_us, rows.ts[-1] + interval_us])
    events = funding.events.slice(first, last - first)
    symbols = events.column("symbol")
    events = events.filter(pc.is_in(symbols, pa.array([pair.y, pair.x])))
    values = np.empty((kernel.EVENT_SLOTS, events.num_rows))
    when = micros(events.column("ts"))
    row = np.searchsorted(rows.ts + interval_us, when, side="right")
    values[kernel.E_ROW] = np.where(when < rows.ts[row], row - 0.5, row)
    values[kernel.E_LEG] = pc.equal(events.column("symbol"), pa.scalar(pair.x)).to_numpy()
    values[kernel.E_RATE] = events.column("rate").to_numpy()
    values[kernel.E_MARK] = events.column("mark_price").to_numpy()
    return values.reshape(-1)
