"""What waits between a feed and the thread that writes it down: bounded in bytes, and never silently short of a row."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

from livepairs.schema import Chunk, Gap

__all__ = ["Backlog", "Computed", "Item"]

_TRADE_BYTES: Final = 43
_MARK_BYTES: Final = 50
_ITEM_BYTES: Final = 300


@dataclass(frozen=True, slots=True)
class Computed:
    """What the pipeline has made of everything up to a chunk: the digest, and the checks of the rows the chunk closed.

    Parameters
    ----------
    digest
        64 hexadecimal digits.
    checks
        Four bytes for each row of BARS, of PAIRS and of EVENTS, as ``digest.row_checks`` makes them.
    """

    digest: str
    checks: tuple[bytes, bytes, bytes] = (b"", b"", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to write down: a chunk, the ledger where it has changed, or both; ``on_disk`` is set once it is."""

    chunk: Chunk | None = None
    computed: Computed | None = None
    gaps: tuple[Gap, ...] | None = None
    notes: dict[str, Any] | None = None
    on_disk: threading.Event | None = None

    @property
    def bytes(self) -> int:
        """About what it takes, in memory as on disk."""
        if self.chunk is None:
            return _ITEM_BYTES
        trades, marks = int(self.chunk.trades.num_rows), int(self.chunk.marks.num_rows)
        return _ITEM_BYTES + _TRADE_BYTES * trades + _MARK_BYTES * marks


class Backlog:
    """A queue from one thread to another one, which says beforehand whether something fits.

    Parameters
    ----------
    limit_bytes
        What may wait. An item counts until it was written, not only until it was taken.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._is_urgent = False
        self.bytes = 0
        self.is_closed = False

    def has_room(self, size: int) -> bool:
        """Return whether something of that size fits; one that is alone always does."""
        return self.bytes == 0 or self.bytes + size <= self._limit_bytes

    def put(self, item: Item) -> None:
        """Add an item; ask ``has_room`` first where it may be large."""
        with self._changed:
            self._items.append(item)
            self._is_urgent |= item.on_disk is not None
            self.bytes += item.bytes
            self._changed.notify_all()

    def take(self, *, turn_us: int, enough_bytes: int) -> list[Item]:
        """Return all that waits: after a turn, or sooner if there is enough, it is urgent, or the backlog is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.is_closed or self._is_urgent or self.bytes >= enough_bytes, turn_us / 1e6
            )
            items, self._items = self._items, []
            self._is_urgent = False
            return items

    def done(self, items: list[Item]) -> None:
        """Count these as written."""
        with self._changed:
            self.bytes -= sum(item.bytes for item in items)

    def close(self) -> None:
        """Let the writer write what is there, and stop waiting."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()

    def wait_until_closed(self, duration_us: int) -> bool:
        """Wait that long, or until somebody closes it; return whether it is closed."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_closed, duration_us / 1e6)
