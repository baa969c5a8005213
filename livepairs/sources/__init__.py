"""Where chunks come from: a recording replayed, a generator, or a live feed.

A source is anything with the shape of ``Source``. The pipeline cannot tell which one it is reading.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from livepairs.schema import Chunk

__all__ = ["Source"]


@runtime_checkable
class Source(Protocol):
    """What yields chunks, in event time, until it is closed or has no more."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it may deliver."""

    def chunks(self) -> AsyncIterator[Chunk]:
        """Yield chunks whose ``now_us`` never goes back. Closing the iterator releases what the source holds."""
