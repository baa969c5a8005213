"""The alerts of a live feed that no page watches: kept and told as a server does it, while ``livepairs record`` runs.

It has a pipeline of its own beside those of the sessions: a new recording begins with cold windows, so that its replay
can prove it, while alerts go on over the change; and it takes changed rules, which a recording under way does not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from livepairs.config import Settings
from livepairs.errors import LivepairsError
from livepairs.hub.rulebook import open_rulebook
from livepairs.hub.taping import TapeState
from livepairs.hub.telling import open_chronicle, open_post_office
from livepairs.pipeline import Pipeline
from livepairs.stores.recording import open_recording

if TYPE_CHECKING:
    from livepairs.clock import Clock
    from livepairs.runparams import RunParams
    from livepairs.schema import Chunk
    from livepairs.tables.board import Tables

__all__ = ["Unattended"]

_LOG = logging.getLogger(__name__)

LAST_WRITE_S: Final = 30.0
"""How long its end waits for a database that is there and busy; one that is away gets the chronicle's few seconds."""

ROWS_KEPT: Final = 1
"""Nobody looks at its tables."""


@dataclass
class _Tape:
    state: TapeState


class Unattended:
    """Makes events of a live feed, and has them kept and told. ``update`` is for the feed's thread.

    Parameters
    ----------
    settings
        Name the rules, the database and the addresses.
    params
        What is computed.
    symbols
        Those of the source, in their order.
    clock
        Stamps what is kept, and paces delivery.
    folder
        Where the recordings are made, and history where no other folder of recordings is named.

    Raises
    ------
    ConfigError
        If the rules, the database or the addresses cannot be used.
    """

    kind: Literal["live"] = "live"
    recording = None
    is_healed = False

    def __init__(
        self, settings: Settings, params: RunParams, symbols: tuple[str, ...], clock: Clock, *, folder: Path
    ) -> None:
        self.label = settings.source or ""
        if settings.recordings == Settings().recordings:
            kept_at = replace(settings, recordings=str(folder))
        else:
            kept_at = settings
        self._rulebook = open_rulebook(settings, clock)
        self._pipeline = Pipeline(symbols, params, limit_rows=ROWS_KEPT)
        self._post = open_post_office(
            settings, clock, history=lambda: self._chronicle.history, rules=lambda: self._rulebook.current
        )
        self._chronicle = open_chronicle(kept_at, clock, on_told=self._post.wake)
        self.taping = _Tape(TapeState())
        self._is_broken = False
        self._chronicle.follow(self)
        self._rulebook.start()

    @property
    def params(self) -> RunParams:
        """What is computed now."""
        return self._pipeline.params

    @property
    def tables(self) -> Tables:
        """Where its events come up."""
        return self._pipeline.tables

    @property
    def problem(self) -> str:
        """What keeps events from being kept right now; empty if nothing does."""
        return (
            "an internal error ended the alerts; the log says more"
            if self._is_broken
            else self._chronicle.state.sentence
        )

    def announce(self) -> None:
        """Nobody is woken by what was kept."""

    def update(self, chunk: Chunk, name: str) -> None:
        """Take in a chunk that goes into the recording of that name; an error here never ends the recording."""
        if self._is_broken:
            return
        if self.taping.state.name != name:
            self.taping.state = TapeState("recording", name)
        try:
            if self._rulebook.rules is not self._pipeline.params.rules:
                self._pipeline.set_rules(self._rulebook.rules)
            self._pipeline.update(chunk)
        except Exception:  # noqa: BLE001 - a border: what is recorded is worth more than what is said of it
            self._is_broken = True
            _LOG.exception("alerts have stopped; the recording goes on")

    def recorded(self, path: Path) -> None:
        """Note that a recording is made, so that its events can be replayed; from any thread."""
        try:
            self._chronicle.recorded(path.name, open_recording(path).digest)
        except LivepairsError as error:
            _LOG.warning("events of %s cannot be replayed from it: %s", path.name, error)

    def close(self) -> None:
        """Write what came, and let go; what is still to be told is told after the next start."""
        self._pipeline.close()
        self._rulebook.close()
        if not self._chronicle.state.sentence:
            self._chronicle.flush(LAST_WRITE_S)
        self._post.close()
        self._chronicle.close()
