"""Pages: the rows of a fixed number of bars of a recording, cut from what the machines make while it goes through them.

Whoever computes a recording can have its pages on the way: one window of it, or all of it from the start. The rows are
the same, since what the machines say of a bar does not depend on where they began.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.columns import by_symbol, floats_of, ints_of
from livepairs.pairs.spreadbars import NO_TICKS, Lines, Ticks, spread_bars, ticks_of
from livepairs.schema import BARS, PAIRS, Pair

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams

__all__ = ["PAGE_BARS", "Cutter", "Page", "Shelf", "closed_us", "page_key", "page_us", "spread_of"]

PAGE_BARS: Final = 7_200

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a stretch of time.

    Parameters
    ----------
    number
        Which page of time it is: it begins at that many times its length.
    end_us
        Bars up to here, exclusive, are in it.
    bars, pairs
        BARS and PAIRS rows.
    spreads
        By pair: open, high, low and close of the spread, ``(4, n)``, of its rows in ``pairs``.
    """

    number: int
    end_us: int
    bars: pa.Table
    pairs: pa.Table
    spreads: dict[Pair, np.ndarray]

    def until(self, end_us: int) -> Page:
        """Return the part of it that opens before a time."""
        if self.end_us <= end_us:
            return self
        pairs = _split(self.pairs, end_us)[0]
        counts = {pair: int(pc.sum(pc.equal(pairs["pair"], str(pair))).as_py() or 0) for pair in self.spreads}
        spreads = {pair: values[:, : counts[pair]] for pair, values in self.spreads.items()}
        return Page(self.number, end_us, _split(self.bars, end_us)[0], pairs, spreads)


class Shelf(Generic[_Kept]):
    """What was used last, by key, of every run: two runs of one recording share theirs. Thread-safe.

    Parameters
    ----------
    most
        How much is kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[Hashable, tuple[_Kept, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> _Kept | None:
        """Return what is kept under a key."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, kept: _Kept, size: int = 1) -> None:
        """Keep it, and let go of what was not used for the longest time."""
        with self._lock:
            self._size += size - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = (kept, size)
            while self._size > self._most and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1][1]


class Cutter:
    """Cuts pages from the rows of machines, as these make them.

    Parameters
    ----------
    params
        What is computed.
    first_us
        Rows of bars that open earlier are left out; the begin of a page.
    """

    def __init__(self, params: RunParams, first_us: int) -> None:
        self._params = params
        self._first_us = first_us - first_us % page_us(params)
        self._rows = {"bars": BARS.empty_table(), "pairs": PAIRS.empty_table()}
        self._made: dict[str, list[pa.RecordBatch]] = {hop: [] for hop in self._rows}
        self._ticks: dict[str, list[Ticks]] = {leg: [] for pair in params.pairs for leg in (pair.y, pair.x)}

    def add(self, hop: str, batch: pa.RecordBatch) -> None:
        """Take in rows of ``"bars"`` or ``"pairs"``."""
        if batch.num_rows:
            self._made[hop].append(batch)

    def trade(self, trades: pa.RecordBatch) -> None:
        """Take in trades, those from which the bars are made."""
        params = self._params
        for symbol, rows in by_symbol(trades):
            if symbol in self._ticks:
                ticks = ticks_of(rows, interval_us=params.interval_us, grace_us=params.grace_us)
                self._ticks[symbol].append(ticks)

    def lead(self, symbol: str, ticks: Ticks) -> None:
        """Take in the last trade before those that follow, as bars count it."""
        self._ticks[symbol].append(ticks)

    def cut(self, end_us: int, *, is_last: bool = False) -> Iterator[Page]:
        """Yield the pages that are whole now that all bars have closed that end by a time; at last also a part."""
        length_us = page_us(self._params)
        while self._first_us + length_us <= end_us or (is_last and self._first_us < end_us):
            first_us, number = self._first_us, self._first_us // length_us
            page_end_us = self._first_us = min(first_us + length_us, end_us)
            bars, pairs = (self._taken(hop, first_us, page_end_us) for hop in ("bars", "pairs"))
            yield Page(number, page_end_us, bars, pairs, self._spreads(pairs, page_end_us))

    def _taken(self, hop: str, first_us: int, end_us: int) -> pa.Table:
        rows = pa.concat_tables([self._rows[hop], pa.Table.from_batches(self._made[hop], self._rows[hop].schema)])
        self._made[hop].clear()
        taken, self._rows[hop] = _split(rows, end_us)
        return _split(taken, first_us)[1].combine_chunks()

    def _spreads(self, rows: pa.Table, end_us: int) -> dict[Pair, np.ndarray]:
        legs = {symbol: _all(parts) for symbol, parts in self._ticks.items()}
        self._ticks = {symbol: [ticks.since(end_us)] for symbol, ticks in legs.items()}
        return {
            pair: spread_of(rows.filter(pc.equal(rows["pair"], str(pair))), legs[pair.y], legs[pair.x], self._params)
            for pair in self._params.pairs
        }


def page_us(params: RunParams) -> int:
    """Return the length of a page in microseconds."""
    return PAGE_BARS * params.interval_us


def page_key(digest: str, params: RunParams, number: int, *, healed: bool) -> Hashable:
    """Return what a page is kept under: all that its rows depend on."""
    return (digest, healed, (params.pairs, params.interval, params.grace_us, params.pair_params), number)


def closed_us(params: RunParams, now_us: int) -> int:
    """Return the end of the last bar that had closed at a moment."""
    return (now_us - params.grace_us) // params.interval_us * params.interval_us


def spread_of(rows: pa.Table, y: Ticks, x: Ticks, params: RunParams) -> np.ndarray:
    """Return open, high, low and close of the spread, ``(4, n)``, for the PAIRS rows of one pair.

    Parameters
    ----------
    rows
        PAIRS rows, ascending; may be empty.
    y, x
        The legs' trades, those of the bars among them.
    params
        What the run computes.
    """
    if not rows.num_rows:
        return np.empty((4, 0))
    batch = rows.combine_chunks().to_batches()[0]
    lines = Lines(ints_of(batch.column("ts")), floats_of(batch.column("alpha")), floats_of(batch.column("beta")))
    first_us, is_log = int(lines.bars[0]), params.pair_params.price == "log"
    return spread_bars(y.since(first_us), x.since(first_us), lines, interval_us=params.interval_us, is_log=is_log)


def _split(rows: pa.Table, at_us: int) -> tuple[pa.Table, pa.Table]:
    """Return the rows that open before a time, and the others."""
    place = int(np.searchsorted(rows["ts"].cast(pa.int64()).to_numpy(), at_us))
    return rows.slice(0, place), rows.slice(place)


def _all(parts: list[Ticks]) -> Ticks:
    if not parts:
        return NO_TICKS
    return Ticks(np.concatenate([part.ts for part in parts]), np.concatenate([part.price for part in parts]))
