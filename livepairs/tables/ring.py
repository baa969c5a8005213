"""A bounded table of the newest rows, written by one thread and read by any.

The writer appends immutable batches; old batches fall off the other end. A reader keeps a cursor and takes what is new
since, at its own pace: a slow reader skips, it never slows the writer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from livepairs.schema import check

__all__ = ["SMALL_ROWS", "Cursor", "Delta", "Table"]

SMALL_ROWS: Final = 256
"""Batches up to this size are joined, so that a day of one-bar batches does not become 86,400 objects."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has come: the table's generation, and the rows appended in it until then."""

    generation: int
    rows: int


@dataclass(frozen=True, slots=True)
class Delta:
    """What a reader gets: the new rows, its next cursor, and whether to throw away what it had."""

    rows: pa.Table
    cursor: Cursor
    is_reset: bool


class Table:
    """A bounded ring of immutable batches.

    Parameters
    ----------
    schema
        The schema of every batch.
    limit_rows
        Rows kept at least, once there are that many; at most a batch more are.
    """

    def __init__(self, schema: pa.Schema, *, limit_rows: int) -> None:
        self.schema = schema
        self.limit_rows = limit_rows
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[[pa.RecordBatch], object], ...] = ()
        self._generation = 0
        self._clear()

    def _clear(self) -> None:
        self._batches: deque[pa.RecordBatch] = deque()
        self._kept = 0
        self._appended = 0

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch at the end; batches without rows are ignored."""
        if check(batch, self.schema).num_rows == 0:
            return
        with self._lock:
            if self._batches and self._batches[-1].num_rows + batch.num_rows <= SMALL_ROWS:
                last = self._batches.pop()
                joined = pa.Table.from_batches([last, batch]).combine_chunks().to_batches()
                self._batches.extend(joined)
            else:
                self._batches.append(batch)
            self._kept += batch.num_rows
            self._appended += batch.num_rows
            while self._batches and self._kept - self._batches[0].num_rows >= self.limit_rows:
                self._kept -= self._batches.popleft().num_rows
        for heard in self._listeners:
            heard(batch)

    def listen(self, heard: Callable[[pa.RecordBatch], object]) -> None:
        """Call back, on the writer's thread, with each batch from now on: for who must miss none, and is quick.

        A reader with a cursor misses what falls off the ring, or was there before a reset, between two of its looks.
        """
        with self._lock:
            self._listeners = (*self._listeners, heard)

    def since(self, cursor: Cursor | None) -> Delta:
        """Return what was appended after the cursor.

        Parameters
        ----------
        cursor
            The one from the last call; None at the first.

        Returns
        -------
        Delta
            ``is_reset`` is true at the first call, after ``reset()``, and when rows the reader has not seen have
            fallen off: ``rows`` is then all there is, and what the reader had is void.
        """
        with self._lock:
            here = Cursor(self._generation, self._appended)
            oldest = self._appended - self._kept
            is_reset = cursor is None or cursor.generation != self._generation or cursor.rows < oldest
            wanted = self._kept if is_reset or cursor is None else self._appended - cursor.rows
            return Delta(self._newest(wanted), here, is_reset)

    def tail(self, rows: int) -> pa.Table:
        """Return the newest rows, at most that many, oldest first."""
        with self._lock:
            return self._newest(min(rows, self._kept))

    def _newest(self, rows: int) -> pa.Table:
        chosen: list[pa.RecordBatch] = []
        missing = rows
        for batch in reversed(self._batches):
            if missing <= 0:
                break
            take = min(missing, batch.num_rows)
            chosen.append(batch.slice(batch.num_rows - take))
            missing -= take
        return pa.Table.from_batches(chosen[::-1], schema=self.schema)

    def reset(self) -> None:
        """Drop all rows; every reader's next ``since`` says so."""
        with self._lock:
            self._generation += 1
            self._clear()

    @property
    def total_rows(self) -> int:
        """Rows appended since the start or the last reset."""
        return self._appended

    def __len__(self) -> int:
        return self._kept
