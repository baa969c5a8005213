"""Where chunks come from: a recording replayed, a generator, or a live feed.

A source is anything with the shape of ``Source``. The pipeline cannot tell which one it is reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from livepairs.schema import Chunk

if TYPE_CHECKING:
    from livepairs.sources.live_feed import FeedState

__all__ = ["Line", "Source"]


@runtime_checkable
class Source(Protocol):
    """What yields chunks, in event time, until it is closed or has no more."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it may deliver."""

    def chunks(self) -> AsyncIterator[Chunk]:
        """Yield chunks whose ``now_us`` never goes back. Closing the iterator releases what the source holds."""


@runtime_checkable
class Line(Protocol):
    """What a source with a connection has besides; all of it for any thread."""

    @property
    def feed(self) -> FeedState:
        """How the connection is doing; replaced, never changed."""

    def start(self) -> None:
        """Connect again after ``stop`` or a refusal."""

    def stop(self) -> None:
        """Hang up until started again."""
