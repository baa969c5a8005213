"""The rows of a run in any window, also those older than its tables: computed again from its recording, page by page.

A page is a fixed number of bars. Its rows come from the same machines as the run's own, begun early enough to have
every window full, so they are the rows the run had, or would have had, at that time. Nothing beyond the run's moment is
ever given: whatever the pages hold, the tables begin at or before that moment, and pages are only asked for what is
older.

Reading a page takes up to some tenths of a second; it is done on a thread of the caller's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.bars.machine import BarMachine
from livepairs.columns import floats_of, ints_of
from livepairs.pairs.machine import PairMachine
from livepairs.pairs.spreadbars import NO_TICKS, Lines, Ticks, spread_bars, ticks_of
from livepairs.schema import BARS, MARKS, PAIRS, TRADES, Chunk, Pair, empty

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording

__all__ = ["PAGE_BARS", "Lookback", "Page", "spread_of"]

PAGE_BARS: Final = 7_200
PAGES_KEPT: Final = 96
"""A week of 1-s bars is 84 pages of about 2.5 MB each; what all runs of the process keep together."""

_COLUMNS: Final = ("ts", "recv_ts", "symbol", "price", "qty", "buyer_is_maker")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a stretch of time.

    Parameters
    ----------
    end_us
        Bars up to here, exclusive, are in it.
    bars, pairs
        BARS and PAIRS rows.
    spreads
        By pair: open, high, low and close of the spread, ``(4, n)``, of its rows in ``pairs``.
    """

    end_us: int
    bars: pa.Table
    pairs: pa.Table
    spreads: dict[Pair, np.ndarray]

    def until(self, end_us: int) -> Page:
        """Return the part of it that opens before a time."""
        if self.end_us <= end_us:
            return self
        pairs = _before(self.pairs, end_us)
        counts = {pair: int(pc.sum(pc.equal(pairs["pair"], str(pair))).as_py() or 0) for pair in self.spreads}
        spreads = {pair: values[:, : counts[pair]] for pair, values in self.spreads.items()}
        return Page(end_us, _before(self.bars, end_us), pairs, spreads)


class _Shelf:
    """The pages used last, of every run: two runs of one recording share theirs."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Page | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def put(self, key: Hashable, page: Page) -> None:
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)


_SHELF: Final = _Shelf()


class Lookback:
    """Older rows of one replay; any thread may ask.

    Parameters
    ----------
    recording
        What is replayed.
    healed
        Whether back-filled trades count.
    """

    def __init__(self, recording: Recording, *, healed: bool = False) -> None:
        self._recording = recording
        self.is_healed = healed

    @property
    def start_us(self) -> int:
        """Time of the first trade: there is nothing before."""
        return self._recording.start_us

    def is_read(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> bool:
        """Return whether all rows of a window that had closed by the run's moment are at hand."""
        return not self._missing(params, start_us, min(end_us, _closed_us(params, now_us)))

    def read_next(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> bool:
        """Read the newest page of a window that is missing; return whether there was one.

        Parameters
        ----------
        params
            What the run computes.
        start_us, end_us
            The window.
        now_us
            The run's moment; no bar that had not closed by then is made.
        """
        missing = self._missing(params, start_us, min(end_us, _closed_us(params, now_us)))
        if not missing:
            return False
        _SHELF.put(self._key(params, missing[-1]), self._computed(params, missing[-1], now_us))
        return True

    def pages(self, params: RunParams, start_us: int, end_us: int, *, now_us: int) -> list[Page]:
        """Return the pages at hand that may hold rows of a window, oldest first, without what closes later than now."""
        closed_us = _closed_us(params, now_us)
        numbers = self._numbers(params, start_us, min(end_us, closed_us))
        found = (_SHELF.get(self._key(params, number)) for number in numbers)
        return [page.until(closed_us) for page in found if page is not None]

    def _key(self, params: RunParams, number: int) -> Hashable:
        measured = (params.pairs, params.interval, params.grace_us, params.pair_params)
        return (self._recording.digest, self.is_healed, measured, number)

    def _numbers(self, params: RunParams, start_us: int, end_us: int) -> range:
        length = PAGE_BARS * params.interval_us
        return range(max(start_us, self.start_us) // length, -(-end_us // length))

    def _missing(self, params: RunParams, start_us: int, end_us: int) -> list[int]:
        length, missing = PAGE_BARS * params.interval_us, []
        for number in self._numbers(params, start_us, end_us):
            page = _SHELF.get(self._key(params, number))
            if page is None or page.end_us < min(end_us, (number + 1) * length):
                missing.append(number)
        return missing

    def _computed(self, params: RunParams, number: int, now_us: int) -> Page:
        interval_us, legs = params.interval_us, self._legs(params)
        first_us = number * PAGE_BARS * interval_us
        end_us = min(first_us + PAGE_BARS * interval_us, _closed_us(params, now_us))
        begin_us = max(self.start_us, first_us - (params.pair_params.warmup_bars + 1) * interval_us)
        begin_us -= begin_us % interval_us
        bars, pairs = BarMachine(legs, interval_us=interval_us, grace_us=params.grace_us), _pair_machine(params)
        for symbol in legs:
            before = self._recording.last_trade_before(symbol, begin_us)
            if before is not None:
                bars.seed(symbol, begin_us - interval_us, before[1])
        found: tuple[list[pa.RecordBatch], list[pa.RecordBatch]] = ([], [])
        ticks: dict[str, list[Ticks]] = {symbol: [] for symbol in legs}
        for chunk in self._chunks(legs, begin_us, end_us, params):
            closed = bars.update(chunk)
            found[0].append(closed)
            found[1].append(pairs.update(closed))
            for symbol in legs:
                rows = chunk.trades.filter(pc.equal(chunk.trades.column("symbol"), symbol))
                if rows.num_rows:
                    ticks[symbol].append(ticks_of(rows, interval_us=interval_us, grace_us=params.grace_us))
        shown = [_since(pa.Table.from_batches(part, schema=schema), first_us) for part, schema in
                 zip(found, (BARS, PAIRS), strict=True)]  # fmt: skip
        return Page(end_us, shown[0], shown[1], _spreads(params, shown[1], ticks))

    def _legs(self, params: RunParams) -> tuple[str, ...]:
        # In the source's order, which is the order of the rows of one moment.
        needed = {leg for pair in params.pairs for leg in (pair.y, pair.x)}
        return tuple(symbol for symbol in self._recording.symbols if symbol in needed)

    def _chunks(self, legs: tuple[str, ...], begin_us: int, end_us: int, params: RunParams) -> list[Chunk]:
        chunks = self._recording.chunks(
            symbols=legs, start_us=begin_us, end_us=end_us, columns=_COLUMNS, healed=self.is_healed
        )
        # The rows' own end vouches for no more than their last moment; the grace after it closes the last bar.
        return [*chunks, Chunk(empty(TRADES), empty(MARKS), end_us + params.grace_us)]


def _closed_us(params: RunParams, now_us: int) -> int:
    """Return the end of the last bar that had closed at a moment."""
    return (now_us - params.grace_us) // params.interval_us * params.interval_us


def _pair_machine(params: RunParams) -> PairMachine:
    return PairMachine(params.pairs, params.pair_params, interval_us=params.interval_us)


def _before(rows: pa.Table, end_us: int) -> pa.Table:
    return rows.slice(0, int(np.searchsorted(rows["ts"].cast(pa.int64()).to_numpy(), end_us)))


def _since(rows: pa.Table, first_us: int) -> pa.Table:
    rows = rows.combine_chunks()
    return rows.slice(int(np.searchsorted(rows["ts"].cast(pa.int64()).to_numpy(), first_us)))


def _spreads(params: RunParams, rows: pa.Table, ticks: dict[str, list[Ticks]]) -> dict[Pair, np.ndarray]:
    legs = {symbol: _all(parts) for symbol, parts in ticks.items()}
    return {
        pair: spread_of(rows.filter(pc.equal(rows["pair"], str(pair))), legs[pair.y], legs[pair.x], params)
        for pair in params.pairs
    }


def _all(parts: list[Ticks]) -> Ticks:
    if not parts:
        return NO_TICKS
    return Ticks(np.concatenate([part.ts for part in parts]), np.concatenate([part.price for part in parts]))


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
