"""Cut a recording's chunks at any event time: the reading half of a replay.

A recording hands out large chunks, one symbol after the other; a replay wants "everything up to this microsecond". The
cut is made on views, rows are copied only where small slices of several symbols are joined. Knows no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.columns import flags_column, ints_of
from livepairs.schema import MARKS, TRADES, Chunk, empty

__all__ = ["SLICE_ROWS", "Slices"]

SLICE_ROWS: Final = 131_072
"""Trades after which a slice is handed out although its end is not reached, so that an order never waits long."""


JOIN_ROWS: Final = 8_192
"""Trades up to which several batches are copied into one: fewer steps are worth more than a small copy."""


class Slices:
    """The rows of a recording in event-time order, taken up to one time after the other.

    Parameters
    ----------
    chunks
        Chunks whose ``now_us`` never goes back; rows may run ahead of it.
    start_us, end_us
        First event time asked for, and the time up to which the recording vouches to be complete.
    """

    def __init__(self, chunks: Iterator[Chunk], *, start_us: int, end_us: int) -> None:
        self._chunks = chunks
        self._trades = _Pending(TRADES)
        self._marks = _Pending(MARKS)
        self._no_marks = empty(MARKS)
        self._end_us = end_us
        self._vouched_us = start_us - 1
        self._is_exhausted = False
        self.now_us = start_us - 1
        """All rows up to here, inclusive, have been taken."""

    @property
    def is_done(self) -> bool:
        """True once every row has been taken."""
        return self.now_us >= self._end_us

    def take(self, until_us: int) -> list[Chunk]:
        """Return the rows after ``now_us`` up to ``until_us``, inclusive, or fewer where there are very many.

        It is one chunk where the rows are few, else one for each batch read, of which the last vouches for the time.
        ``now_us`` then tells how far they go; take again until that is ``until_us``.
        """
        until_us = min(until_us, self._end_us)
        while self._vouched_us < until_us and not self._is_full():
            self._read()
        before_us, self.now_us = self.now_us, max(self.now_us, min(until_us, self._vouched_us))
        # A recording may hold rows past the time it vouches for; they go out with the end rather than get lost.
        while self.is_done and not self._is_exhausted:
            self._read()
        cut_us = np.iinfo(np.int64).max if self.is_done else self.now_us
        *first, last = self._trades.take(cut_us)
        chunks = [Chunk(trades, self._no_marks, before_us) for trades in first]
        return [*chunks, Chunk(last, _joined(self._marks.take(cut_us)), self.now_us)]

    def close(self) -> None:
        """Let go of the recording's files."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def _is_full(self) -> bool:
        return self._trades.rows >= SLICE_ROWS and self._vouched_us > self.now_us

    def _read(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            self._vouched_us, self._is_exhausted = self._end_us, True
            return
        self._trades.add(chunk.trades)
        self._marks.add(chunk.marks)
        self._vouched_us = max(self._vouched_us, chunk.now_us)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A batch that is not empty, its times, and whether they are in order over all its symbols."""

    batch: pa.RecordBatch
    times: npt.NDArray[np.int64]
    is_sorted: bool

    def split(self, cut_us: int) -> tuple[pa.RecordBatch | None, _Rows | None]:
        """Return the rows with ``ts <= cut_us`` and the others; None for none."""
        first, last = (self.times[0], self.times[-1]) if self.is_sorted else (self.times.min(), self.times.max())
        if last <= cut_us:
            return self.batch, None
        if first > cut_us:
            return None, self
        if self.is_sorted:
            count = int(np.searchsorted(self.times, cut_us, side="right"))
            return self.batch.slice(0, count), _Rows(self.batch.slice(count), self.times[count:], is_sorted=True)
        is_due = self.times <= cut_us
        rest = _Rows(self.batch.filter(flags_column(~is_due)), self.times[~is_due], is_sorted=False)
        return self.batch.filter(flags_column(is_due)), rest


class _Pending:
    """Rows read and not yet taken, in the order they came."""

    def __init__(self, schema: pa.Schema) -> None:
        self._held: list[_Rows] = []
        self._schema = schema
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        self._schema = batch.schema  # a projection of columns is as good as all of them
        times = ints_of(batch.column("ts"))
        self._held.append(_Rows(batch, times, is_sorted=bool(np.all(times[1:] >= times[:-1]))))
        self.rows += batch.num_rows

    def take(self, cut_us: int) -> list[pa.RecordBatch]:
        """Return the rows with ``ts <= cut_us``, at least one batch, and keep the others."""
        parts = [rows.split(cut_us) for rows in self._held]
        taken = [due for due, _ in parts if due is not None]
        self._held = [rest for _, rest in parts if rest is not None]
        self.rows -= sum(batch.num_rows for batch in taken)
        if sum(batch.num_rows for batch in taken) > JOIN_ROWS:
            return taken
        return [_joined(taken) if taken else empty(self._schema)]


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
