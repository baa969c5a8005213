"""Cursors: a place in a table of rows, as a text that a program keeps and hands back.

A cursor names the table it belongs to by a stamp of this process, so one from before a restart, from another run or
from another table is known for what it is and never points at other rows.
"""

from __future__ import annotations

import re
import secrets
import threading
from http import HTTPStatus
from typing import Final
from weakref import WeakKeyDictionary

from livepairs.api.problems import RefusedError
from livepairs.tables.ring import Cursor, Table

__all__ = ["GONE", "NOWHERE", "PATTERN", "Places"]

PATTERN: Final = r"^[0-9a-f]{12}-[0-9]{1,9}-[0-9]{1,15}$"

NOWHERE: Final = Cursor(-1, 0)
"""A place in no table: whoever comes from there is told to begin anew."""

GONE: Final = (
    "this cursor is of rows that are gone: the run was sought or begun anew, or it was read too late; "
    "ask again without a cursor"
)


class Places:
    """Turns a reader's place into text and back. Thread-safe."""

    def __init__(self) -> None:
        self._stamps: WeakKeyDictionary[Table, str] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def text(self, table: Table, place: Cursor) -> str:
        """Return the cursor for a place in that table."""
        return f"{self._stamp(table)}-{place.generation}-{place.rows}"

    def find(self, table: Table, text: str) -> Cursor | None:
        """Return the place a cursor names; None if it is of another table, or no cursor at all."""
        if not re.fullmatch(PATTERN, text) or not text.isascii():
            return None
        stamp, generation, rows = text.split("-")
        return Cursor(int(generation), int(rows)) if stamp == self._stamp(table) else None

    def require(self, table: Table, text: str) -> Cursor:
        """Return the place a cursor names, or refuse with 410."""
        place = self.find(table, text)
        if place is None:
            raise RefusedError(HTTPStatus.GONE, GONE)
        return place

    def _stamp(self, table: Table) -> str:
        with self._lock:
            return self._stamps.setdefault(table, secrets.token_hex(6))
