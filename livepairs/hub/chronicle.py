"""What carries the events of every run into history, with what is to be told of them: one to a hub, on its own thread.

A run hands its events over and goes on; nothing here makes it wait. The thread writes them in the order they came, and
what is to be told of them in the same transaction. While the database is away they wait, up to a limit; what would go
beyond it is counted and said, and so is what could not be written before the server stopped.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from livepairs.clock import Clock
from livepairs.errors import HistoryError
from livepairs.hub.speaker import Place, Speaker
from livepairs.stores.history_rows import Keep, Origin

if TYPE_CHECKING:
    from livepairs.stores.history import History

__all__ = ["Chronicle", "ChronicleState"]

_LOG = logging.getLogger(__name__)

MOST_WAITING: Final = 100_000
"""Events that wait for the database at most, some 40 MB."""

AT_ONCE: Final = 5_000
"""Events written in one transaction at most, so that a page sees the first of many soon."""

FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 30.0
CLOSE_S: Final = 5.0
"""How long the server's end waits for a database that is away."""

CALM_S: Final = 0.3
LONGEST_CALM_S: Final = 2.0
"""How long no more events of replays come before they are written, and how long that is waited for, at most: they come
as a moment is sought, when the interpreter has to show it, and come again whenever it is sought again."""

PRUNE_US: Final = 3_600_000_000
"""How often what may not stay is removed."""


Addressed = Callable[[Speaker, pa.RecordBatch], Mapping[str, tuple[str, ...]]]
"""Says which channels are to be told of which events of a run, by event id."""


@dataclass(frozen=True, slots=True)
class ChronicleState:
    """How the writing goes; replaced, never changed.

    Parameters
    ----------
    sentence
        What is wrong, for the page; empty if nothing is.
    waiting
        Events that are not written yet.
    lost
        Events that never will be: more came than may wait. Those of a replay come again when it is played again.
    stored
        Events written that were new.
    """

    sentence: str = ""
    waiting: int = 0
    lost: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True)
class _Letter:
    batch: pa.RecordBatch
    origin: Origin
    to: Mapping[str, tuple[str, ...]]
    announce: Callable[[], None]


class Chronicle:
    """Writes what runs say into one history. Thread-safe.

    Parameters
    ----------
    open_history
        Opens where it is kept, once it is needed: not on the way to the first page. Closed with this.
    clock
        Tells when what was written and how old what is kept has become.
    keep
        What may stay.
    addressed
        Which channels are told of which events.
    on_told
        Called, on the writer's thread, after something was written that is to be told.
    """

    def __init__(
        self,
        open_history: Callable[[], History],
        clock: Clock,
        *,
        keep: Keep | None = None,
        addressed: Addressed = lambda _run, _batch: {},
        on_told: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_history = open_history
        self._history: History | None = None
        self._opening = threading.Lock()
        self._clock, self._keep = clock, keep or Keep()
        self._addressed, self._on_told = addressed, on_told
        self._changed = threading.Condition()
        self._letters: deque[_Letter] = deque()
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._leisure_s = 0.0
        self._flushing = 0
        self._is_hurried = False
        self._pruned_us: int | None = None
        self._problem = ""
        self.state = ChronicleState()
        self.revision = 0
        """Goes up with every commit, by whomever in this process: a page that has read at an older one reads again."""

    @property
    def history(self) -> History:
        """What is kept; whoever reads it may wait for the database, so not on the server's loop."""
        with self._opening:
            if self._history is None:
                self._history = self._open_history()
            return self._history

    def follow(self, run: Speaker) -> None:
        """Write every event of a run from now on, until it ends."""
        place = Place(run)

        def heard(batch: pa.RecordBatch) -> None:
            try:
                self._take(_Letter(batch, place.origin(), self._addressed(run, batch), run.announce))
            except Exception as error:  # noqa: BLE001 - on the run's thread: a bug of ours must not stop its feed
                _LOG.exception("events of run %s could not be taken", run.label)
                with self._changed:
                    self._tell(problem=_bug(error), lost=batch.num_rows)

        run.tables.events.listen(heard)

    def add(
        self, batch: pa.RecordBatch, origin: Origin, *, to: Mapping[str, tuple[str, ...]], announce: Callable[[], None]
    ) -> None:
        """Write events that no run has made.

        Parameters
        ----------
        batch, origin
            EVENTS rows, and where they came from.
        to
            Names of channels that are told, by event id.
        announce
            Called, on the writer's thread, once they are kept.
        """
        self._take(_Letter(batch, origin, to, announce))

    def recorded(self, name: str, digest: str) -> None:
        """Note that a recording which was made of a live run is finished, so that its events can be replayed."""
        if self.flush(CLOSE_S):
            try:
                self.history.recorded(name, digest)
            except HistoryError as error:
                self._failed(str(error))
        self.touched()

    def touched(self) -> None:
        """Say that history was changed by somebody else here, as by acknowledging."""
        with self._changed:
            self.revision += 1

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that came is written; return False if it is not by then."""
        with self._changed:
            self._flushing += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._waiting, timeout_s)
            finally:
                self._flushing -= 1

    def close(self) -> None:
        """Write what is waiting, if the database lets us, and let go of it."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_S)
        if self._waiting:
            _LOG.error("%d events were not written: %s", self._waiting, self.state.sentence)
        with self._opening:
            if self._history is not None:
                self._history.close()

    def _take(self, letter: _Letter) -> None:
        rows = letter.batch.num_rows
        with self._changed:
            if self._waiting + rows > MOST_WAITING or self._is_closing:
                if not self.state.lost:
                    _LOG.error("%d events wait for the database; what comes now is not kept", self._waiting)
                self._tell(lost=rows)
                return
            self._letters.append(letter)
            self._is_hurried |= bool(letter.to) or letter.origin.run_kind == "live"
            self._waiting += rows
            self._tell()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="livepairs-chronicle", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def give_way(self, for_s: float) -> None:
        """Let the first write wait this long, unless somebody reads history before or is to be told of an event.

        A server's first pages come before its database, whose libraries take half a second of the interpreter.
        """
        self._leisure_s = for_s

    def _tell(self, *, problem: str | None = None, lost: int = 0, new: int = 0) -> None:
        """Replace the state; called with the lock held."""
        self._problem = self._problem if problem is None else problem
        before = self.state
        lost += before.lost
        said = [self._problem] if self._problem else []
        if lost:
            said.append(f"{lost:,} events are not in history")
        self.state = ChronicleState("; ".join(said), self._waiting, lost, before.stored + new)

    def _work(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._letters or self._is_closing)
                self._changed.wait_for(self._is_pressed, self._leisure_s)
                self._leisure_s = 0.0
                self._await_calm()
                letters = self._due()
            if not letters:
                return
            try:
                self._write(letters)
                retry_s = FIRST_RETRY_S
            except HistoryError as error:
                self._failed(str(error))
                with self._changed:
                    if self._is_closing or self._changed.wait_for(lambda: self._is_closing, retry_s):
                        return
                retry_s = min(LAST_RETRY_S, 2 * retry_s)
            except Exception as error:  # noqa: BLE001 - the thread's border: a bug here must be seen, and end no run
                _LOG.exception("events could not be written")
                self._failed(_bug(error))
                self._drop(letters)
            else:
                self._follow_up(letters)

    def _is_pressed(self) -> bool:
        return self._is_closing or self._history is not None or any(letter.to for letter in self._letters)

    def _await_calm(self) -> None:
        """Wait, with the lock held, while events of replays still come, which nobody is to be told of."""
        until_s, count = monotonic() + LONGEST_CALM_S, -1
        while count != len(self._letters) and monotonic() < until_s:
            count = len(self._letters)
            if self._changed.wait_for(self._is_urgent, CALM_S):
                return

    def _is_urgent(self) -> bool:
        return self._is_closing or self._is_hurried or self._flushing > 0

    def _due(self) -> list[_Letter]:
        """Return the oldest letters of one origin, which stay where they are until they are written."""
        letters: list[_Letter] = []
        rows = 0
        for letter in self._letters:
            if letters and (letter.origin != letters[0].origin or rows + letter.batch.num_rows > AT_ONCE):
                break
            letters.append(letter)
            rows += letter.batch.num_rows
        return letters

    def _write(self, letters: list[_Letter]) -> None:
        batch = letters[0].batch if len(letters) == 1 else _joined(letter.batch for letter in letters)
        to = {event: channels for letter in letters for event, channels in letter.to.items()}
        new = self.history.add(batch, letters[0].origin, now_us=self._clock.now_us(), to=to)
        self._drop(letters, new=new)

    def _follow_up(self, letters: list[_Letter]) -> None:
        """Do what others wait for after a commit, none of which can undo it."""
        try:
            if any(letter.to for letter in letters):
                self._on_told()
            for announce in {letter.announce for letter in letters}:
                announce()
            self._prune()
        except HistoryError as error:
            self._failed(str(error))
        except Exception:  # noqa: BLE001 - the thread's border: what was written stays written, and the next is
            _LOG.exception("events were written, and what follows failed")

    def _drop(self, letters: list[_Letter], *, new: int | None = None) -> None:
        rows = sum(letter.batch.num_rows for letter in letters)
        with self._changed:
            for _ in letters:
                self._letters.popleft()
            self._is_hurried &= bool(self._letters)
            self._waiting -= rows
            if new is None:
                self._tell(lost=rows)
            else:
                self._tell(problem="", new=new)
            self.revision += 1
            self._changed.notify_all()

    def _failed(self, sentence: str) -> None:
        with self._changed:
            is_news = sentence != self._problem
            self._tell(problem=sentence)
            self.revision += 1
        if is_news:
            _LOG.warning("%s", sentence)

    def _prune(self) -> None:
        now_us = self._clock.now_us()
        if self._pruned_us is None or now_us - self._pruned_us >= PRUNE_US:
            self._pruned_us = now_us
            self.history.prune(self._keep, now_us=now_us)


def _joined(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    (joined,) = pa.Table.from_batches(list(batches)).combine_chunks().to_batches()
    return joined


def _bug(error: Exception) -> str:
    return f"an internal error ({type(error).__name__}) keeps events from history; the server's log says more"
