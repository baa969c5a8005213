"""The record button of a live run: what it delivers from now on goes into a recording as well, until told to stop.

Orders come from pages, on the server's loop; they are carried out with the next chunk, on the run's thread, which alone
touches the session. Making the recording of what was written takes seconds for some million trades and is done aside.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from livepairs.errors import ConfigError, LivepairsError

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.schema import Chunk
    from livepairs.session import Feed, Session, SessionState
    from livepairs.sources import Source

__all__ = ["TapeState", "Taping"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TapeState:
    """What the record button is doing; replaced, never changed.

    Parameters
    ----------
    status
        ``saving`` makes the recording of what was written; ``saved`` and ``failed`` say how the last one went.
    name
        Of the recording, the present one or the last.
    since_us
        Event time at which it began; None until the first chunk.
    session
        Where it stands; None until the first chunk.
    sentence
        Why it failed, or what keeps it from writing right now.
    """

    status: Literal["off", "recording", "saving", "saved", "failed"] = "off"
    name: str = ""
    since_us: int | None = None
    session: SessionState | None = None
    sentence: str = ""


class Taping:
    """Records a live run on demand.

    Parameters
    ----------
    source
        What is recorded; its ledger, clock and rejects are kept where it has a ``feed``.
    label
        The source as the user named it.
    params
        Tells what the run computes now; a recording proves what was computed when it began.
    """

    def __init__(
        self, source: Source, label: str, params: Callable[[], RunParams], *, is_synthetic: bool = False
    ) -> None:
        self._source, self._label, self._params = source, label, params
        self._is_synthetic = is_synthetic
        self._session: Session | None = None
        self._wanted: Path | None = None
        self._lock = threading.Lock()
        self._saving: threading.Thread | None = None
        self.state = TapeState()
        self.on_saved: Callable[[], None] = lambda: None
        """Called, on a thread of its own, once a recording was made or could not be."""

    def start(self, path: Path) -> None:
        """Record to a new folder from the next chunk on; from any thread.

        Raises
        ------
        ConfigError
            If it is recording already, or still makes the last recording.
        """
        with self._lock:
            if self.state.status in ("recording", "saving"):
                raise ConfigError(f"the live feed is being recorded as {self.state.name!r} already; stop that first")
            self._wanted = path
            self.state = TapeState("recording", path.name)

    def stop(self) -> None:
        """Stop with the next chunk and make the recording; from any thread, also if it is not recording."""
        with self._lock:
            if self.state.status == "recording":
                self._wanted = None
                self.state = replace(self.state, status="saving")

    def heed(self, chunk: Chunk | None) -> None:
        """Do as told, and record a chunk if there is one; on the run's thread, as often as it turns."""
        wanted = self._wanted
        try:
            if self._session is not None and wanted is None:
                self._save(self._session)
            elif self._session is None and self.state.status == "saving":
                self._failed("it was stopped before anything came")
            elif wanted is not None and chunk is not None:
                self._record(wanted, chunk)
        except LivepairsError as error:
            self._failed(str(error))
        except Exception as error:  # noqa: BLE001 - recording is beside the run: its bugs must not end the feed
            _LOG.exception("recording of %s failed", self._label)
            self._failed(f"an internal error ({type(error).__name__}); the server's log says more")

    def close(self) -> None:
        """Make the recording of what was written so far; on the run's thread, when it ends."""
        self.stop()
        self.heed(None)
        if self._saving is not None:
            self._saving.join()

    def _record(self, path: Path, chunk: Chunk) -> None:
        if self._session is None:
            # Here and not above: most runs are never recorded.
            from livepairs.session import Session

            self._session = Session(
                path, self._params(), source=self._label, symbols=self._source.symbols, is_synthetic=self._is_synthetic
            )
            self.state = replace(self.state, since_us=chunk.now_us)
        session = self._session
        session.update(chunk)
        feed: Feed | None = getattr(self._source, "feed", None)  # of a live source; others have none
        if feed is not None:
            session.follow(feed)
        found = session.state
        self.state = replace(self.state, session=found, sentence=found.problem or "")

    def _save(self, session: Session) -> None:
        self._session = None

        def save() -> None:
            try:
                session.close()
                self.state = replace(self.state, status="saved", session=session.state, sentence="")
            except LivepairsError as error:
                self.state = replace(self.state, status="failed", sentence=str(error))
            except Exception as error:  # noqa: BLE001 - the page must hear of it, and the log
                _LOG.exception("recording %s could not be made", session.path)
                self.state = replace(
                    self.state, status="failed", sentence=f"an internal error ({type(error).__name__})"
                )
            self.on_saved()

        self.state = replace(self.state, status="saving")
        self._saving = threading.Thread(target=save, name="livepairs-saving", daemon=True)
        self._saving.start()

    def _failed(self, sentence: str) -> None:
        session, self._session, self._wanted = self._session, None, None
        if session is not None:
            session.abandon()  # what was written stays, and is recovered when it is opened
        self.state = replace(self.state, status="failed", sentence=sentence)
        self.on_saved()
