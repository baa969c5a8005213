"""Carries a live source into sessions until it is told to stop: what ``livepairs record`` does.

One session for all of it, or one after the other at fixed times of day. A session that is over is sealed on a thread,
while the next one takes the feed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock
from livepairs.errors import FeedError, RecordingError
from livepairs.pipeline import RunParams
from livepairs.schema import Chunk, Gap
from livepairs.session import AWAY, Feed, Session, SessionState, Summary
from livepairs.stores.retention import Retention, name_at, prune

if TYPE_CHECKING:
    from livepairs.sources import Source

__all__ = ["Capture", "Rotation"]

_LOG = logging.getLogger(__name__)

HEAL_US: Final = 600_000_000
"""How long a new session is put off while a gap is being filled: its rows belong to the session before."""

LOOK_US: Final = 200_000
"""How often it is asked whether the venue has refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A new recording at each full ``period_us`` of UTC, each named by its begin, and what of them may stay."""

    period_us: int
    retention: Retention = field(default_factory=Retention)


class Capture:
    """Records a source; every method is for the loop that runs it.

    Parameters
    ----------
    source
        What to record; its ledger, clock and rejects are kept where it has a ``feed``.
    params
        What each session computes.
    path
        The recording to make; with a rotation, the folder of recordings.
    name
        The source as the user named it.
    clock
        What paces looking after the feed.
    rotation
        When a new recording begins; None for one recording.

    Raises
    ------
    RecordingError
        If the recording cannot be made there.
    """

    def __init__(
        self,
        source: Source,
        params: RunParams,
        path: Path,
        *,
        name: str,
        clock: Clock,
        rotation: Rotation | None = None,
    ) -> None:
        self._source, self._params, self._path, self._name = source, params, path, name
        self._clock, self._rotation = clock, rotation
        self._session = self._open(path) if rotation is None else None
        self._due_us = 0
        self._closing: list[asyncio.Task[None]] = []
        self._error: RecordingError | None = None
        # Sealing one recording while another's closing removes old ones would have them meet in one folder.
        self._one_at_a_time = threading.Lock()
        self.on_closed: Callable[[Summary], None] = lambda _summary: None
        """Called with each recording that was made."""
        self.on_chunk: Callable[[Chunk, str], None] = lambda _chunk, _name: None
        """Called with each chunk that was recorded, and the name of the recording it is in."""

    @property
    def state(self) -> SessionState | None:
        """Of the session under way; None where the first is yet to begin."""
        return None if self._session is None else self._session.state

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The source's ledger."""
        feed = getattr(self._source, "feed", None)
        return () if feed is None else tuple(feed.gaps)

    async def run(self, stop: asyncio.Event) -> None:
        """Record until the event is set or the source ends; then make the recording.

        Raises
        ------
        FeedError
            If the venue refuses for good. What was received is a recording all the same.
        RecordingError
            If the last recording could not be made; see ``Session.close``.
        """
        feeding = asyncio.ensure_future(self._feed())
        stopping = asyncio.ensure_future(stop.wait())
        watching = asyncio.ensure_future(self._watch())
        tasks = (feeding, stopping, watching)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await self._close_all()
        for error in (*ends, self._error):
            feed: Feed | None = getattr(self._source, "feed", None)
            if isinstance(error, RecordingError) and feed is not None and feed.status in AWAY:
                raise RecordingError(f"{error}; the feed is away: {feed.sentence}") from error
            if isinstance(error, FeedError) and self._error is None:
                raise FeedError(f"{error}; what was received until then is recorded") from error
            if isinstance(error, Exception):
                raise error

    async def _feed(self) -> None:
        async with aclosing(self._source.chunks()) as chunks:  # type: ignore[type-var]  # ours are async generators
            async for chunk in chunks:
                self._take(chunk)

    async def _watch(self) -> None:
        """End with the refusal of a venue, after which nothing more will come."""
        while True:
            await self._clock.sleep(LOOK_US)
            feed = getattr(self._source, "feed", None)
            if feed is not None and feed.status == "refused":
                raise FeedError(feed.sentence)

    def _take(self, chunk: Chunk) -> None:
        if self._rotation is not None and chunk.now_us >= self._due_us:
            self._rotate(chunk, self._rotation)
        session = self._session
        assert session is not None
        session.update(chunk)
        feed: Feed | None = getattr(self._source, "feed", None)  # of a live source; others have none
        if feed is not None:
            session.follow(feed)
        self.on_chunk(chunk, session.path.name)

    def _rotate(self, chunk: Chunk, rotation: Rotation) -> None:
        is_healing = any(gap.how == "open" for gap in self.gaps)
        if self._session is not None and is_healing and chunk.now_us < self._due_us + HEAL_US:
            return
        old = self._session
        self._due_us = (chunk.now_us // rotation.period_us + 1) * rotation.period_us
        self._session = self._open(name_at(self._path, chunk.now_us))
        if old is not None:
            self._closing.append(asyncio.ensure_future(asyncio.to_thread(self._close, old)))
            self._closing = [task for task in self._closing if not task.done()]

    def _open(self, path: Path) -> Session:
        symbols = tuple(self._source.symbols)
        is_synthetic = self._name.startswith("synthetic:")
        return Session(path, self._params, source=self._name, symbols=symbols, is_synthetic=is_synthetic)

    async def _close_all(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._closing.append(asyncio.ensure_future(asyncio.to_thread(self._close, session)))
        await asyncio.gather(*self._closing)

    def _close(self, session: Session) -> None:
        with self._one_at_a_time:
            try:
                summary = session.close()
            except RecordingError as error:
                # Told at the end: a recording that could not be sealed must not end those after it.
                if self._rotation is not None:
                    _LOG.warning("%s", error)
                self._error = error
                return
            if self._rotation is not None:
                prune(self._path, self._rotation.retention, now_us=session.state.now_us)
            self.on_closed(summary)
