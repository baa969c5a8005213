"""Turns the row groups of several symbols into one run of chunks in event time.

Whichever symbol's next trade is the earliest gives the next chunk. What each symbol still has to come begins no earlier
than a time known from the footers, so every chunk can say up to when all of them are complete.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from livepairs.schema import MARKS, Chunk, empty
from livepairs.stores.scan import EVER_US, Scan, times_of

__all__ = ["merge"]

_NO_MARKS: Final = empty(MARKS)


class _Upcoming:
    """Batches not yet handed out, in the order of event time, and when the next of them begins at the earliest."""

    def __init__(self, scan: Scan) -> None:
        self._starts_us = [scan.start_us(group) for group in scan.groups]
        self._batches = scan.batches()
        self.taken = 0

    @property
    def next_us(self) -> int:
        return self._starts_us[self.taken] if self.taken < len(self._starts_us) else EVER_US

    def take(self) -> pa.RecordBatch:
        self.taken += 1
        return next(self._batches)

    def close(self) -> None:
        self._batches.close()


class _Trades:
    """Hands out trades, at most ``batch_rows`` of one symbol at a time, whichever is the earliest."""

    def __init__(self, upcoming: _Upcoming, batch_rows: int) -> None:
        self._upcoming, self._batch_rows = upcoming, batch_rows
        # Of equally early rows those planned first go first: a symbol's row groups never overtake each other.
        self._held: list[tuple[int, int, pa.RecordBatch]] = []

    @property
    def next_us(self) -> int:
        """A time before which no trade is left; ``EVER_US`` if none is left at all."""
        return min(self._held[0][0] if self._held else EVER_US, self._upcoming.next_us)

    def take(self) -> pa.RecordBatch | None:
        """Return the next trades; None if there are none."""
        while self._upcoming.next_us < EVER_US and self._upcoming.next_us <= self.next_us:
            batch = self._upcoming.take()
            self._hold(self._upcoming.taken, batch)
        if not self._held:
            return None
        _, place, batch = heapq.heappop(self._held)
        self._hold(place, batch.slice(self._batch_rows))
        return batch.slice(0, self._batch_rows)

    def _hold(self, place: int, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            heapq.heappush(self._held, (int(times_of(batch)[0]), place, batch))


class _Marks:
    """Hands out marks up to a time."""

    def __init__(self, upcoming: _Upcoming) -> None:
        self._upcoming = upcoming
        self._held: list[pa.RecordBatch] = []

    def until(self, now_us: int) -> pa.RecordBatch:
        """Return the marks with ``ts <= now_us`` that were not handed out yet."""
        while self._upcoming.next_us <= now_us:
            self._held.append(self._upcoming.take())
        if not self._held:
            return _NO_MARKS
        cuts = [(batch, int(np.searchsorted(times_of(batch), now_us, side="right"))) for batch in self._held]
        self._held = [batch.slice(end) for batch, end in cuts if end < batch.num_rows]
        return _joined([batch.slice(0, end) for batch, end in cuts if end])


def merge(trades: Scan, marks: Scan, *, batch_rows: int, last_us: int) -> Iterator[Chunk]:
    """Yield what two scans of one span read as chunks of one symbol's trades.

    Parameters
    ----------
    batch_rows
        Most trades a chunk may hold.
    last_us
        What the last chunk vouches for; no chunk vouches for more. Rows later than that come all the same.
    """
    upcoming = _Upcoming(trades), _Upcoming(marks)
    source, heralds = _Trades(upcoming[0], batch_rows), _Marks(upcoming[1])
    try:
        while (batch := source.take()) is not None:
            if source.next_us == EVER_US:
                break
            now_us = min(source.next_us - 1, last_us)
            yield Chunk(batch, heralds.until(now_us), now_us)
        yield Chunk(empty(trades.schema) if batch is None else batch, heralds.until(EVER_US - 1), last_us)
    finally:
        for ahead in upcoming:
            ahead.close()


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) < 2:
        return batches[0] if batches else _NO_MARKS
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]
