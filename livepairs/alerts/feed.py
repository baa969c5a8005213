"""How the trades of each symbol came, bar by bar: FEED rows from chunks and the bars they close.

Everything is by the time at which a row was received, which the row itself carries, so a replay of the recorded rows
makes the same numbers as the live feed did:

- ``age_s``: from the newest trade that had been received to the end of the bar, in seconds; NaN before the first.
- ``lag_s``: the longest way of a trade received in the bar, from trade to receipt, in seconds; NaN if none came.
- ``late_share``: share of late trades among those received in the last minute, whole bars of it; NaN if none came.
- ``gap_open``: trades are missing by their ids; see ``holes``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.alerts.holes import Holes
from livepairs.columns import by_symbol, codes_of, flags_column, floats_column, ints_of
from livepairs.schema import FEED, Chunk, empty

__all__ = ["SHARE_US", "FeedMachine"]

SHARE_US: Final = 60_000_000
"""Time over which the share of late trades is taken."""

Ints = NDArray[np.int64]


class FeedMachine:
    """Turns chunks into FEED rows.

    Parameters
    ----------
    symbols
        Those that are watched; the others are passed over.
    interval_us, grace_us
        Of the bars, in microseconds.
    """

    def __init__(self, symbols: Iterable[str], *, interval_us: int = 1_000_000, grace_us: int = 500_000) -> None:
        self.symbols = frozenset(symbols)
        self.interval_us, self.grace_us = interval_us, grace_us
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        self._arrivals = {symbol: _Arrivals(self.interval_us) for symbol in self.symbols}

    def watch(self, symbols: Iterable[str]) -> None:
        """Watch these symbols from now on; what is known of those already watched is kept."""
        self.symbols = frozenset(symbols)
        kept = self._arrivals
        self._arrivals = {symbol: kept.get(symbol) or _Arrivals(self.interval_us) for symbol in self.symbols}

    def update(self, chunk: Chunk, bars: pa.RecordBatch) -> pa.RecordBatch:
        """Take in a chunk and return a FEED row for each bar of a watched symbol that it has closed, in their order.

        Parameters
        ----------
        chunk
            Without ``recv_ts`` no trade is late, and without ``trade_id`` none is missing.
        bars
            The BARS batch that the bar machine made of the same chunk.
        """
        for symbol, trades in by_symbol(chunk.trades):
            if symbol in self.symbols:
                self._arrivals[symbol].add(_Rows.of(trades, self.interval_us, self.grace_us))
        if bars.num_rows == 0:
            return empty(FEED)
        names = bars.column("symbol").dictionary_encode()
        codes, ts = codes_of(names), ints_of(bars.column("ts"))
        table, is_watched = np.empty((4, bars.num_rows)), np.zeros(bars.num_rows, np.bool_)
        for code, symbol in enumerate(names.dictionary.to_pylist()):
            if symbol in self.symbols:
                rows = np.flatnonzero(codes == code)
                table[:, rows] = self._arrivals[symbol].close(ts[rows] // self.interval_us)
                is_watched[rows] = True
        columns = [bars.column("ts"), bars.column("symbol"), *(floats_column(values) for values in table[:3])]
        feed = pa.RecordBatch.from_arrays([*columns, flags_column(table[3] != 0.0)], schema=FEED)
        return feed if is_watched.all() else feed.filter(flags_column(is_watched))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Trades of one symbol: the bar in which each was received, and what is wanted of it, ``(n,)`` each."""

    bar: Ints
    ts: Ints
    lag_us: Ints
    is_late: Ints
    trade_id: Ints

    @classmethod
    def of(cls, trades: pa.RecordBatch, interval_us: int, grace_us: int) -> _Rows:
        ts = ints_of(trades.column("ts"))
        received = ints_of(trades.column("recv_ts")) if "recv_ts" in trades.schema.names else ts
        ids = ints_of(trades.column("trade_id")) if "trade_id" in trades.schema.names else np.zeros(0, np.int64)
        late = received >= (ts // interval_us + 1) * interval_us + grace_us
        # By clocks that differ a little a trade may seem received before it was made.
        return cls(np.maximum(received, ts) // interval_us, ts, received - ts, late.astype(np.int64), ids)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> _Rows:
        """Return some of the rows."""
        ids = self.trade_id[rows] if len(self.trade_id) else self.trade_id
        return _Rows(self.bar[rows], self.ts[rows], self.lag_us[rows], self.is_late[rows], ids)


class _Arrivals:
    """What has been received of one symbol in bars that have not closed, and what is kept of those that have."""

    def __init__(self, interval_us: int) -> None:
        self._interval_us = interval_us
        self._waiting: list[_Rows] = []
        self._newest_us: int | None = None
        self._holes = Holes(interval_us)
        # Rows and late rows of the bars that a share still counts.
        self._counts = np.zeros((2, max(1, -(-SHARE_US // interval_us)) - 1), np.int64)

    def add(self, rows: _Rows) -> None:
        self._waiting.append(rows)

    def close(self, bars: Ints) -> NDArray[np.float64]:
        """Return age, lag, share and gap of consecutive bars that have closed, ``(4, n_bars)``."""
        rows = self._received_by(int(bars[-1]))
        # Nothing is known to come into a bar that has closed; what claims to counts in the next one.
        place = np.maximum(rows.bar, bars[0]) - bars[0]
        order = np.lexsort((rows.trade_id, place)) if len(rows.trade_id) else np.argsort(place, kind="stable")
        rows, place = rows.take(order), place[order]
        counts = np.bincount(place, minlength=len(bars))
        late = np.bincount(place[rows.is_late != 0], minlength=len(bars))
        gap = self._holes.update(bars, rows.trade_id, counts if len(rows.trade_id) else np.zeros_like(counts))
        lag_s = _largest(rows.lag_us, counts) / 1e6
        return np.array([self._ages(bars, rows, counts), lag_s, self._shares(counts, late), gap])

    def _received_by(self, bar: int) -> _Rows:
        """Take the rows received in bars up to that one from those that wait."""
        rows = _joined(self._waiting)
        is_due = rows.bar <= bar
        self._waiting = [] if is_due.all() else [rows.take(~is_due)]
        return rows if is_due.all() else rows.take(is_due)

    def _ages(self, bars: Ints, rows: _Rows, counts: Ints) -> NDArray[np.float64]:
        newest = _largest(rows.ts, counts)
        before = np.nan if self._newest_us is None else float(self._newest_us)
        newest = np.fmax.accumulate(np.concatenate(([before], newest)))[1:]
        self._newest_us = None if np.isnan(newest[-1]) else int(newest[-1])
        ends = (bars + 1) * float(self._interval_us)
        return np.asarray((ends - newest) / 1e6)

    def _shares(self, counts: Ints, late: Ints) -> NDArray[np.float64]:
        kept = self._counts.shape[1]
        known = np.concatenate((self._counts, [counts, late]), axis=1)
        self._counts = known[:, known.shape[1] - kept :]
        sums = np.concatenate((np.zeros((2, 1), np.int64), np.cumsum(known, axis=1)), axis=1)
        rows, late_rows = sums[:, kept + 1 :] - sums[:, : len(counts)]
        with np.errstate(invalid="ignore"):
            return np.asarray(late_rows / rows)


def _largest(values: Ints, counts: Ints) -> NDArray[np.float64]:
    """Return the largest of each bar's values, which stand together; NaN for a bar without any."""
    found = np.full(len(counts), np.nan)
    full = np.flatnonzero(counts)
    if len(full):
        starts = np.cumsum(counts) - counts
        found[full] = np.maximum.reduceat(values, starts[full])
    return found


def _joined(parts: list[_Rows]) -> _Rows:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        nothing = np.zeros(0, np.int64)
        return _Rows(nothing, nothing, nothing, nothing, nothing)
    names = ("bar", "ts", "lag_us", "is_late", "trade_id")
    return _Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
