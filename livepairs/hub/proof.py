"""Whether a recording is what it says it is: its files whole, and its replay the very numbers that were seen live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from livepairs.errors import LivepairsError

if TYPE_CHECKING:
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording

__all__ = ["Proof", "known_proof", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a recording.

    Parameters
    ----------
    status
        ``unproven``: it was recorded live, nobody has checked it yet. ``unclaimed``: nothing was computed while it was
        made (an import), so there is nothing to compare. ``whole``: unclaimed, and its files are what was written.
        ``same``: its replay gives the digest that was taken live. ``differs`` and ``damaged`` come with a sentence.
    sentence
        What was found.
    share
        How much of a check is done, from 0 to 1.
    """

    status: Literal["unproven", "unclaimed", "checking", "whole", "same", "differs", "damaged"]
    sentence: str = ""
    share: float = 0.0


def known_proof(recording: Recording) -> Proof:
    """Return what its manifest says, without looking at a row."""
    return Proof("unclaimed" if recording.manifest.live_digest is None else "unproven")


def prove(recording: Recording, progress: Callable[[Proof], None] = lambda _proof: None) -> Proof:
    """Check a recording's files, and its replay against the digest taken live; takes as long as reading all of it.

    Parameters
    ----------
    progress
        Called with how far it has come, on this thread.
    """
    # Here and not above: it brings the pipeline and its kernels.
    from livepairs.verification import verify

    whole_us = max(1, recording.vouched_us - recording.start_us)

    def look(chunk: Chunk) -> None:
        progress(Proof("checking", share=min(1.0, max(0.0, (chunk.now_us - recording.start_us) / whole_us))))

    try:
        verdict = verify(recording, on_chunk=look)
    except LivepairsError as error:
        return Proof("damaged", str(error))
    if verdict.is_proven is None:
        return Proof("whole", verdict.sentence)
    return Proof("same" if verdict.is_proven else "differs", verdict.sentence)
