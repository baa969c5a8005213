"""The recordings of this server, and the work on them that takes a while: checking, recovering, importing an upload.

Work is done on one thread of its own, one piece after the other, so that a page never waits for it and ten visitors
cost no more than one. Pages are woken when something changes and read what there is.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from livepairs.clock import Clock, SystemClock
from livepairs.errors import ConfigError, LivepairsError
from livepairs.hub.proof import Proof, known_proof, prove
from livepairs.hub.publishers import Publishers
from livepairs.stores.inbox import Inbox
from livepairs.stores.shelf import Entry, Shelf

if TYPE_CHECKING:
    from livepairs.stores.intake import ImportOptions
    from livepairs.stores.recording import Recording

__all__ = ["Importing", "Library"]

_LOG = logging.getLogger(__name__)

WAKE_HZ: Final = 4.0

STEP: Final = 0.02
"""How much further a check has come when pages are told."""

MOST_RATIO: Final = 100
"""How many times its own size an upload may unpack to; lists of trades pack to a tenth."""

SPARED_BYTES: Final = 500_000_000
"""Room that an import leaves on the disk: a small archive may hold terabytes."""


@dataclass(frozen=True, slots=True)
class Importing:
    """How an import goes.

    Parameters
    ----------
    status
        ``refused`` and ``done`` are ends; the first comes with an ``error``, the second with warnings or without.
    stage, share
        What is being done, and how much of it is, from 0 to 1.
    """

    name: str
    status: Literal["waiting", "working", "done", "refused"] = "waiting"
    stage: str = ""
    share: float = 0.0
    error: LivepairsError | None = None
    warnings: tuple[str, ...] = ()


class Library:
    """A shelf of recordings with what is being done to them. Thread-safe.

    Parameters
    ----------
    shelf
        Where they are.
    limit_bytes
        Largest file a browser may bring.
    most_rows
        Most trades it may hold.
    clock
        Says when a recording was checked.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        limit_bytes: int = 512_000_000,
        most_rows: int = 50_000_000,
        clock: Clock | None = None,
    ) -> None:
        self.shelf = shelf
        self._clock = clock or SystemClock()
        self.inbox = Inbox(shelf.folder, limit_bytes)
        self._most_rows = most_rows
        self._proofs: dict[str, Proof] = {}
        self._found: dict[str, Proof] = {}
        self._recovering: set[Path] = set()
        self._publishers = Publishers(WAKE_HZ)
        self._workers: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._is_closed = False
        self.on_proved: Callable[[Recording, Proof], None] = lambda _recording, _proof: None
        """Called, on the thread of the work, with how each check came out that this server has made."""

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back on the running loop when something here changed; return what ends it."""
        return self._publishers.subscribe(callback)

    def changed(self) -> None:
        """Wake whoever looks, because something on the shelf is new."""
        self._publishers.changed()

    def proof(self, entry: Entry) -> Proof | None:
        """Return what is known of a recording's proof; None where it cannot be opened."""
        return None if entry.recording is None else self.proof_of(entry.recording)

    def proof_of(self, recording: Recording) -> Proof:
        """Return what is known of the proof of an open recording, on the shelf or elsewhere."""
        key = _key(recording)
        known = self._proofs.get(key) or self._found.get(key)
        if known is None:
            known = self._found[key] = known_proof(recording)
        return known

    @property
    def proofs(self) -> Counter[str]:
        """How the checks made by this server came out, or stand: how many of each status."""
        return Counter(proof.status for proof in tuple(self._proofs.values()))

    def prove(self, name: str) -> None:
        """Begin to check a recording: its files, and where it was recorded live, that a replay gives the same.

        Raises
        ------
        ConfigError, RecordingError
            If there is no such recording.
        """
        self.prove_recording(self.shelf.open(name))

    def prove_recording(self, recording: Recording) -> None:
        """Begin to check an open recording, on the shelf or elsewhere; one being checked already is left to it."""
        key = _key(recording)
        known = self._proofs.get(key)
        if known is not None and known.status == "checking":
            return
        self._proofs[key] = Proof("checking")

        def tell(proof: Proof) -> None:
            if self._is_closed:
                raise ConfigError("the server is stopping")
            if proof.share - self._proofs[key].share >= STEP:
                self._proofs[key] = proof
                self.changed()

        def work() -> None:
            try:
                proof = self._proofs[key] = prove(recording, self._clock, tell)
            except Exception as error:
                why = f"an internal error ({type(error).__name__}); the server's log says more"
                self._proofs[key] = Proof("unproven", f"It could not be checked: {why}")
                raise
            finally:
                self.changed()
            self.on_proved(recording, proof)

        self._do(work)
        self.changed()

    def recover(self, entry: Entry) -> None:
        """Begin to make a recording of what an interrupted recorder left; at once back, and only once for each."""
        if entry.path in self._recovering:
            return
        self._recovering.add(entry.path)

        def work() -> None:
            try:
                self.shelf.recover(entry)
                self._recovering.discard(entry.path)
            finally:
                self.changed()

        self._do(work)

    def delete(self, name: str) -> None:
        """Remove a recording from disk; errors as ``Shelf.delete``."""
        self.shelf.delete(name)
        self.changed()

    def import_file(self, path: Path, name: str, options: ImportOptions, report: Callable[[Importing], bool]) -> None:
        """Begin to make a recording of an uploaded file.

        Parameters
        ----------
        path
            The file; whoever asked removes it when the import has ended.
        name
            Of the recording to make.
        options
            What the user says of the file.
        report
            Called on the worker's thread with how it goes; what it returns says whether to go on.

        Raises
        ------
        ConfigError, RecordingError
            If the name cannot be given.
        """
        to, limited = self.shelf.free_path(name), self.limited(options)
        self._do(lambda: self._import(path, to, limited, report))

    def limited(self, options: ImportOptions) -> ImportOptions:
        """Return the options with the limits of whatever a browser brings."""
        return replace(options, most_rows=self._most_rows, most_ratio=MOST_RATIO)

    def close(self) -> None:
        """Finish the piece of work at hand, drop the rest."""
        with self._lock:
            self._is_closed = True
            workers, self._workers = self._workers, None
        if workers is not None:
            workers.shutdown(wait=True, cancel_futures=True)
        self._publishers.clear()

    def _do(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._is_closed:
                raise ConfigError("the server is stopping; start it again")
            if self._workers is None:
                self._workers = ThreadPoolExecutor(1, thread_name_prefix="livepairs-library")
            self._workers.submit(_logged, work)

    def _import(self, path: Path, to: Path, options: ImportOptions, report: Callable[[Importing], bool]) -> None:
        # Here and not above: a server whose visitors upload nothing needs no importer.
        from livepairs.stores.importing import import_files

        state = Importing(to.name, "working")

        def go_on(stage: str, done: int, total: int) -> None:
            nonlocal state
            if self._is_closed or not report(state):
                raise ConfigError("the import was cancelled")
            if shutil.disk_usage(to.parent).free < SPARED_BYTES:
                raise ConfigError("the disk is nearly full; make room and try again")
            state = replace(state, stage=stage, share=min(1.0, done / max(1, total)))

        try:
            made = import_files([path], to, options=options, on_progress=go_on)
            report(replace(state, status="done", share=1.0, warnings=made.warnings))
        except LivepairsError as error:
            report(replace(state, status="refused", error=error))
        except OSError as error:
            failure = ConfigError(f"the disk refused ({error.strerror or error}); make room and try again")
            report(replace(state, status="refused", error=failure))
        except Exception as error:
            failure = ConfigError(f"the import failed ({type(error).__name__}); the server's log says more")
            report(replace(state, status="refused", error=failure))
            raise
        finally:
            self.changed()


def _key(recording: Recording) -> str:
    """Return what tells a recording from others and from itself after a change: a copy may be damaged."""
    return f"{recording.path} {recording.digest}"


def _logged(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001 - nobody waits for this future, so this is where it must be heard of
        _LOG.exception("work on a recording failed")
