"""The thread that writes a backlog into the journal and forces it to disk, and tries again where the disk refuses."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from livepairs.clock import Clock
from livepairs.stores.backlog import Backlog, Item
from livepairs.stores.journal import MARK_COLUMNS, TRADE_COLUMNS, Body, Head, SegmentWriter, columns_of
from livepairs.stores.layout import fsync_path

__all__ = ["JournalWriter", "RecorderLimits"]

_LOG = logging.getLogger(__name__)

_PAGE_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderLimits:
    """How much is held, and how often it is written.

    Parameters
    ----------
    queue_bytes
        What may wait for the writer; what exceeds it is left out, with a gap in the ledger.
    enough_bytes
        What is written at once rather than at the next turn.
    turn_us, sync_us
        How often what waits is written, and forced to disk.
    retry_us
        How long the writer waits after the disk has refused something.
    segment_bytes, segment_us
        When a segment is full, and goes to be sealed.
    """

    queue_bytes: int = 256 << 20
    enough_bytes: int = 4 << 20
    turn_us: int = 100_000
    sync_us: int = 400_000
    retry_us: int = 1_000_000
    segment_bytes: int = 64 << 20
    segment_us: int = 600_000_000


class JournalWriter:
    """Writes what waits in a backlog; started at once, it ends when the backlog is closed and written.

    Parameters
    ----------
    folder
        The journal, without any segment.
    backlog
        What to write.
    limits, clock
        When to do what.
    on_full
        Called with each segment that is complete, on the writer's thread.

    Attributes
    ----------
    trades, marks, bytes
        Written so far.
    lost
        Trades that could not be written in the end, because the disk did not recover before the backlog was closed.
    problem
        What keeps it from writing, as part of a sentence; None if nothing does.
    """

    def __init__(
        self, folder: Path, backlog: Backlog, limits: RecorderLimits, clock: Clock, on_full: Callable[[Path], None]
    ) -> None:
        self._folder, self._backlog, self._limits, self._clock, self._on_full = folder, backlog, limits, clock, on_full
        self.trades = self.marks = self.bytes = self.lost = 0
        self.problem: str | None = None
        self._has_given_up = False
        self._now_us, self._number = 0, 0
        self._segment = self._open(first_page=0)
        self._unsynced_since_us: int | None = None
        self._thread = threading.Thread(target=self._run, name="livepairs-recorder", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until everything is written or given up; the backlog must be closed."""
        self._thread.join()

    def _run(self) -> None:
        while True:
            is_last = self._backlog.is_closed
            items = self._backlog.take(turn_us=self._limits.turn_us, enough_bytes=self._limits.enough_bytes)
            is_asked = any(item.on_disk is not None for item in items)
            for page in _pages(items):
                self._keep(page)
                self._backlog.done(page)
                self._look_at_the_clock(is_asked=False)
            self._look_at_the_clock(is_asked=is_asked)
            for item in items:
                if item.on_disk is not None:
                    item.on_disk.set()
            if is_last and not items:
                break
        self._insist(self._end_segment)

    def _keep(self, page: list[Item]) -> None:
        # After a page that was given up nothing may follow: the journal is what was received up to some moment.
        if self._has_given_up or not self._insist(lambda: self._write(page)):
            self._has_given_up = True
            self.lost += sum(item.chunk.trades.num_rows for item in page if item.chunk is not None)

    def _write(self, page: list[Item]) -> None:
        """Append one page made of some items."""
        body = self._body(page)
        before = self._segment.bytes
        self._segment.append(body)
        self._now_us = body.head.now_us
        self.trades += body.head.trades
        self.marks += body.head.marks
        self.bytes += self._segment.bytes - before
        if self._unsynced_since_us is None:
            self._unsynced_since_us = self._clock.now_us()

    def _body(self, page: list[Item]) -> Body:
        chunks = [item.chunk for item in page if item.chunk is not None]
        computed = [item.computed for item in page if item.computed is not None]
        trades = [chunk.trades for chunk in chunks if chunk.trades.num_rows]
        marks = [chunk.marks for chunk in chunks if chunk.marks.num_rows]
        checks = [b"".join(made.checks[hop] for made in computed) for hop in range(3)]
        symbols: dict[str, int] = {}
        buffers = [*columns_of(trades, TRADE_COLUMNS, symbols), *columns_of(marks, MARK_COLUMNS, symbols), *checks]
        head = Head(
            now_us=max([self._now_us, *(chunk.now_us for chunk in chunks)]),
            symbols=tuple(symbols),
            trades=sum(batch.num_rows for batch in trades),
            marks=sum(batch.num_rows for batch in marks),
            checks=(len(checks[0]) // 4, len(checks[1]) // 4, len(checks[2]) // 4),
            digest=computed[-1].digest if computed else "",
            gaps=next((item.gaps for item in reversed(page) if item.gaps is not None), None),
            notes=next((item.notes for item in reversed(page) if item.notes is not None), None),
        )
        return Body(head, buffers)

    def _look_at_the_clock(self, *, is_asked: bool) -> None:
        now_us = self._clock.now_us()
        since_us = self._unsynced_since_us
        if since_us is not None and (is_asked or now_us - since_us >= self._limits.sync_us):
            self._insist(self._sync)
        is_old = self._segment.bytes > 0 and now_us - self._opened_us >= self._limits.segment_us
        if is_old or self._segment.bytes >= self._limits.segment_bytes:
            self._insist(self._next_segment)

    def _sync(self) -> None:
        self._segment.sync()
        self._unsynced_since_us = None

    def _next_segment(self) -> None:
        # The new one first: if that fails, the old one can still be written to.
        self._number += 1
        try:
            new = self._open(first_page=self._segment.next_page)
        except OSError:
            self._number -= 1
            raise
        old, self._segment = self._segment, new
        old.sync()
        old.close()
        self._unsynced_since_us = None
        self._on_full(old.path)

    def _end_segment(self) -> None:
        self._segment.sync()
        self._segment.close()

    def _open(self, *, first_page: int) -> SegmentWriter:
        self._opened_us = self._clock.now_us()
        segment = SegmentWriter(self._folder, self._number, first_page=first_page)
        fsync_path(self._folder)
        return segment

    def _insist(self, step: Callable[[], None]) -> bool:
        """Do something with the disk until it succeeds; give up, and return False, once the backlog is closed."""
        while True:
            try:
                step()
            except OSError as error:
                self._complain(error)
                if self._backlog.wait_until_closed(self._limits.retry_us):
                    return False
            else:
                if self.problem is not None and not self._has_given_up:
                    _LOG.warning("recording to %s goes on", self._folder.parent)
                self.problem = None
                return True

    def _complain(self, error: OSError) -> None:
        why = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else os.strerror(error.errno or 0)
        if self.problem is None:
            _LOG.warning("recording to %s is held up: %s; trying again every second", self._folder.parent, why)
        self.problem = why


def _pages(items: list[Item]) -> Iterator[list[Item]]:
    """Cut items into runs of a page each."""
    page: list[Item] = []
    size = 0
    for item in items:
        if page and size + item.bytes > _PAGE_BYTES:
            yield page
            page, size = [], 0
        page.append(item)
        size += item.bytes
    if page:
        yield page
