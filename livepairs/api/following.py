"""Closed rows as they come, as server-sent events; a reader that was away goes on where it stopped.

Rows are pulled from the run's table by cursor when the reader has taken the last ones, so a slow reader costs a cursor
and nothing else. One that was too slow, or whose run was sought, is told to begin anew (``reset``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import msgspec
import pyarrow as pa

from livepairs.api.places import Places
from livepairs.api.rows import Wanted, matches
from livepairs.api.rowtypes import as_structs
from livepairs.hub import Run
from livepairs.tables.ring import Cursor, Table

__all__ = ["Follower"]

SLICE: Final = 500
"""Rows sent in one piece."""

QUIET_S: Final = 15.0
"""After so long without a row an id is sent by itself, so that a proxy keeps the connection, a lost reader is noticed,
and one that comes back does not begin at the last row it wanted, which may be hours ago."""

RETRY: Final = b"retry: 2000\n"
"""How long, in milliseconds, a browser waits before it comes back."""


@dataclass(frozen=True, slots=True)
class Follower:
    """One reader of one table.

    Parameters
    ----------
    run
        What is followed; the reader counts as one of its viewers.
    table, row
        Of its tables one, and the type of that table's rows.
    wanted
        Which rows.
    places
        Turns cursors into text.
    """

    run: Run
    table: Table
    row: type[msgspec.Struct]
    wanted: Wanted
    places: Places

    async def pieces(self, after: Cursor | None) -> AsyncGenerator[bytes, None]:
        """Yield what is sent, until the run is over.

        Parameters
        ----------
        after
            Where the reader has come to; None for what closes from now on.
        """
        wake = asyncio.Event()
        unsubscribe = self.run.subscribe(wake.set)
        self.run.add_viewer()
        try:
            place = self.table.since(None).cursor if after is None else after
            # With the id, a browser that is cut off before the first row comes back to here and not to later.
            yield RETRY + self._id(place)
            while True:
                wake.clear()
                place, piece, is_all = self._next(place)
                if piece:
                    yield piece
                if not is_all:
                    await asyncio.sleep(0)  # others have their turn while a reader catches up
                elif not self.run.is_alive:
                    yield self._event("over", place, b"{}")
                    return
                elif not await _within(wake, QUIET_S):
                    yield self._id(place)
        finally:
            unsubscribe()
            self.run.remove_viewer()

    def _next(self, place: Cursor) -> tuple[Cursor, bytes, bool]:
        """Return how far a reader comes, what it is sent, and whether that was all there is."""
        delta = self.table.since(place)
        if delta.is_reset:
            return delta.cursor, self._event("reset", delta.cursor, b"{}"), True
        first = delta.cursor.rows - delta.rows.num_rows
        rows = delta.rows.slice(0, SLICE)
        ends = Cursor(place.generation, first + rows.num_rows)
        return ends, self._piece(rows, place.generation, first), rows.num_rows == delta.rows.num_rows

    def _piece(self, rows: pa.Table, generation: int, first: int) -> bytes:
        chosen = matches(rows, self.wanted)
        numbers = chosen.to_pylist()
        values = as_structs(self.row, rows.take(chosen))
        return b"".join(
            self._event("row", Cursor(generation, first + number + 1), msgspec.json.encode(value))
            for number, value in zip(numbers, values, strict=True)
        )

    def _event(self, kind: str, place: Cursor, data: bytes) -> bytes:
        return f"event: {kind}\ndata: ".encode() + data + b"\n" + self._id(place)

    def _id(self, place: Cursor) -> bytes:
        """Return the end of an event; by itself it calls no listener, and a browser keeps the id all the same."""
        return f"id: {self.places.text(self.table, place)}\n\n".encode()


async def _within(wake: asyncio.Event, seconds: float) -> bool:
    """Wait for a wake-up; return False if none came in time."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return False
    return True
