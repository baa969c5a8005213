"""Records a live feed: what is handed in is on disk within a second, and a recording in the end, whatever happens.

The feed's thread only puts chunks into a bounded backlog. ``journal_writer`` writes them down on a thread of its own,
and another thread seals full segments into Parquet. While the disk is full or stuck the backlog holds what comes; what
does not fit into it is left out whole, and stands as a gap in the ledger.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa

from livepairs.clock import SystemClock
from livepairs.errors import RecordingError
from livepairs.schema import MARKS, TRADES, Chunk, Gap, check
from livepairs.stores.backlog import Backlog, Computed, Item
from livepairs.stores.journal_writer import JournalWriter, RecorderLimits
from livepairs.stores.layout import check_symbol
from livepairs.stores.lock import FolderLock
from livepairs.stores.manifest import MANIFEST, Manifest
from livepairs.stores.sealing import JOURNAL, QUICK, SMALL, About, Sealing, begin_journal, is_begun

__all__ = ["About", "Computed", "Recorder", "RecorderLimits", "RecorderState"]

_LOG = logging.getLogger(__name__)

RUSH_US: Final = 10_000_000
"""Segments that fill within this time are sealed quickly rather than small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderState:
    """Where a recorder stands.

    Parameters
    ----------
    trades, marks
        Rows written.
    dropped
        Trades left out because the disk did not take them in time.
    bytes
        On disk, in Parquet and in the journal.
    queued_bytes
        Waiting for the writer.
    problem
        What keeps it from writing right now; None if nothing does.
    """

    trades: int = 0
    marks: int = 0
    dropped: int = 0
    bytes: int = 0
    queued_bytes: int = 0
    problem: str | None = None


class Recorder:
    """Records chunks into a new folder; use it as a context manager and call ``finish`` at the end.

    Leaving the context without ``finish`` leaves the journal, from which opening the recording recovers everything.
    ``append``, ``set_gaps`` and ``note`` are for one thread, the feed's; ``state`` may be read from any.

    Parameters
    ----------
    path
        The folder to make; it may be there if it is empty.
    about
        Where the rows come from.
    limits
        How much is held, and how often it is written.

    Raises
    ------
    RecordingError
        If there is something at ``path``, another recorder works there, or the folder cannot be written to.
    """

    def __init__(self, path: str | Path, about: About, *, limits: RecorderLimits | None = None) -> None:
        for symbol in about.symbols:
            check_symbol(symbol)
        self.path = Path(path).absolute()
        limits = RecorderLimits() if limits is None else limits
        self._lock = _take_folder(self.path, about)
        self._sealing = _SealingThread(self.path)
        self._backlog = Backlog(limits.queue_bytes)
        self._writer = JournalWriter(self.path / JOURNAL, self._backlog, limits, SystemClock(), self._sealing.add)
        self._gaps: tuple[Gap, ...] = ()
        self._left_out: list[Gap] = []
        self._is_leaving_out = False
        self._notes: dict[str, Any] = {}
        self._now_us = 0
        self._is_over = False

    @property
    def state(self) -> RecorderState:
        """Where it stands now."""
        writer = self._writer
        return RecorderState(
            trades=writer.trades,
            marks=writer.marks,
            dropped=sum(gap.missing or 0 for gap in tuple(self._left_out)) + writer.lost,
            bytes=writer.bytes - self._sealing.journal_bytes + self._sealing.parquet_bytes,
            queued_bytes=self._backlog.bytes,
            problem=writer.problem,
        )

    def has_room(self, chunk: Chunk) -> bool:
        """Return whether ``append`` will take this chunk; if not, leave it out of whatever the recording must equal."""
        return self._backlog.has_room(Item(chunk=chunk).bytes)

    def append(self, chunk: Chunk, computed: Computed | None = None) -> bool:
        """Hand over a chunk, without waiting for the disk.

        Parameters
        ----------
        chunk
            Full TRADES and MARKS. Rows may come in any order.
        computed
            What the pipeline has made of everything up to this chunk, this one included.

        Returns
        -------
        bool
            False if it did not fit. Its rows are then missing, and stand in the ledger.

        Raises
        ------
        SchemaError
            If a batch has other columns.
        """
        check(chunk.trades, TRADES)
        check(chunk.marks, MARKS)
        if not self.has_room(chunk):
            self._leave_out(chunk)
            return False
        self._now_us = max(self._now_us, chunk.now_us)
        ledger = self._ledger() if self._is_leaving_out else None
        self._is_leaving_out = False
        self._backlog.put(Item(chunk=chunk, computed=computed, gaps=ledger))
        return True

    def set_gaps(self, gaps: tuple[Gap, ...]) -> None:
        """Replace the ledger of the source's gaps."""
        if gaps != self._gaps:
            self._gaps = gaps
            self._backlog.put(Item(gaps=self._ledger()))

    def add_gap(self, gap: Gap) -> None:
        """Put a gap of our own into the ledger, beside those of the source."""
        self._left_out.append(gap)
        self._backlog.put(Item(gaps=self._ledger()))

    def note(self, **facts: Any) -> None:  # JSON values: what the manifest holds
        """Keep facts for the manifest: ``clock_offset_us``, ``skipped``, ``repairs``; a later value replaces one."""
        if any(self._notes.get(name) != value for name, value in facts.items()):
            self._notes = {**self._notes, **facts}
            self._backlog.put(Item(notes=self._notes))

    def flush(self) -> None:
        """Wait until everything handed over is on disk; if the disk refuses, for as long as it does."""
        on_disk = threading.Event()
        self._backlog.put(Item(on_disk=on_disk))
        on_disk.wait()

    def finish(self) -> Manifest:
        """Write what is left, seal it, and make the folder a recording.

        Raises
        ------
        RecordingError
            If no trade was recorded (nothing is kept then), or the disk does not take what is left: what it took stays
            in the journal.
        """
        sealing = self._stop()
        try:
            return sealing.finish(level=QUICK if self._sealing.is_rushed else SMALL)
        except (OSError, pa.ArrowException) as error:
            lost = f"; {self._writer.lost:,} trades that came last are lost" if self._writer.lost else ""
            raise RecordingError(
                f"recording {str(self.path)!r} could not be sealed ({error}){lost}; everything else is safe in its "
                f"journal: make room and open it, for example with 'livepairs info {self.path}'"
            ) from error
        finally:
            self._lock.release()
            self._remove_if_empty()

    def abandon(self) -> None:
        """Write what is left and stop there, as a crash would: opening the recording seals it."""
        if not self._is_over:
            self._stop()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.abandon()

    def _stop(self) -> Sealing:
        self._is_over = True
        if self._is_leaving_out:
            self._backlog.put(Item(gaps=self._ledger()))
        self._backlog.close()
        self._writer.join()
        return self._sealing.stop()

    def _ledger(self) -> tuple[Gap, ...]:
        return (*self._gaps, *self._left_out)

    def _leave_out(self, chunk: Chunk) -> None:
        rows = chunk.trades.num_rows
        if self._is_leaving_out:
            last = self._left_out[-1]
            self._left_out[-1] = replace(last, end_us=chunk.now_us + 1, missing=(last.missing or 0) + rows)
            return
        _LOG.warning("%s: rows are left out, because the disk does not take them in time", self.path)
        cause = f"not recorded: {self._writer.problem or 'the disk is too slow'}"
        self._left_out.append(Gap(None, self._now_us + 1, chunk.now_us + 1, cause, rows))
        self._is_leaving_out = True

    def _remove_if_empty(self) -> None:
        """Remove the folder of a session without a trade, of which nothing is kept."""
        if not any(self.path.iterdir()):
            self.path.rmdir()


class _SealingThread:
    """Seals segments as they are handed over; what it cannot seal is left for the end."""

    def __init__(self, folder: Path) -> None:
        self._sealing = Sealing(folder)
        self._journal, self._clock = folder / JOURNAL, SystemClock()
        self._full: SimpleQueue[Path | None] = SimpleQueue()
        self.journal_bytes = self.parquet_bytes = 0
        self.is_rushed = False
        self._thread = threading.Thread(target=self._run, name="livepairs-sealing", daemon=True)
        self._thread.start()

    def add(self, segment: Path) -> None:
        self._full.put(segment)

    def stop(self) -> Sealing:
        """End after the segment at hand and return the sealing, which knows what is left."""
        self._full.put(None)
        self._thread.join()
        return self._sealing

    def _run(self) -> None:
        pending: list[Path] = []
        came_us = self._clock.now_us()
        while (segment := self._full.get()) is not None:
            pending.append(segment)
            before_us, came_us = came_us, self._clock.now_us()
            # Also where sealing cannot keep up with what comes, however seldom that is.
            self.is_rushed = came_us - before_us < RUSH_US or not self._full.empty()
            try:
                while pending:
                    self._seal(pending[0], is_rushed=self.is_rushed or len(pending) > 1)
                    pending.pop(0)
            except (OSError, pa.ArrowException) as error:
                _LOG.warning("a segment of %s cannot be sealed yet: %s", self._journal.parent, error)

    def _seal(self, segment: Path, *, is_rushed: bool) -> None:
        size = segment.stat().st_size
        self._sealing.take(segment, level=QUICK if is_rushed else SMALL)
        self.journal_bytes += size
        self.parquet_bytes = self._sealing.bytes


def _take_folder(path: Path, about: About) -> FolderLock:
    """Make the folder and its journal, and keep others away from it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"folder {str(path)!r} cannot be made ({os.strerror(error.errno or 0)}); name one that can be"
        ) from error
    lock = FolderLock(path)
    try:
        _check_free(path)
        begin_journal(path, about)
    except OSError as error:
        lock.release()
        raise RecordingError(
            f"folder {str(path)!r} cannot be written to ({os.strerror(error.errno or 0)}); name one that can be"
        ) from error
    except RecordingError:
        lock.release()
        raise
    return lock


def _check_free(path: Path) -> None:
    if (path / MANIFEST).is_file():
        raise RecordingError(f"recording {str(path)!r} exists; choose another name or remove it first")
    if is_begun(path):
        raise RecordingError(
            f"{str(path)!r} holds a recording that was interrupted; 'livepairs info {path}' recovers it; "
            "choose another name for the new one"
        )
    if any(entry.name[0] != "." and entry.name != JOURNAL for entry in path.iterdir()):
        raise RecordingError(f"{str(path)!r} exists and is not a recording; choose another name")
