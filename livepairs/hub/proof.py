"""Whether a recording is what it says it is: its files whole, and its replay the very numbers that were seen live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from livepairs import __version__
from livepairs.errors import LivepairsError, RecordingError
from livepairs.moment import to_iso
from livepairs.stores.verdict import KeptVerdict, keep_verdict, kept_verdict

if TYPE_CHECKING:
    from livepairs.clock import Clock
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
    at_us
        Bar time of the first row that differs; None where none does, or none was found.
    checked_us
        When it was checked, wall time; None if it was not.
    version
        The livepairs that checked it.
    """

    status: Literal["unproven", "unclaimed", "checking", "whole", "same", "differs", "damaged"]
    sentence: str = ""
    share: float = 0.0
    at_us: int | None = None
    checked_us: int | None = None
    version: str = ""


def known_proof(recording: Recording) -> Proof:
    """Return what its manifest says and the verdict kept beside it, without looking at a row."""
    kept = kept_verdict(recording)
    is_claimed = recording.manifest.live_digest is not None
    if kept is None:
        return Proof("unproven" if is_claimed else "unclaimed")
    if kept.version == __version__ or kept.outcome in ("whole", "damaged"):
        return _proof_of(kept, recording)
    # The proof is of a program as much as of a recording: it is for this version to reach the digest anew.
    sentence = (
        f"livepairs {kept.version} found at {to_iso(kept.checked_us)}: {kept.sentence}. "
        f"This is {__version__}, which has not checked it yet"
    )
    return Proof("unproven", sentence)


def prove(recording: Recording, clock: Clock, progress: Callable[[Proof], None] = lambda _proof: None) -> Proof:
    """Check a recording's files, and its replay against the digest taken live, and keep what was found beside it.

    Takes as long as reading all of it.

    Parameters
    ----------
    clock
        Says when it was checked.
    progress
        Called with how far it has come, on this thread; what it raises ends the check, of which nothing is kept then.
    """
    # Here and not above: it brings the pipeline and its kernels.
    from livepairs.verification import to_keep, verify

    whole_us = max(1, recording.vouched_us - recording.start_us)

    def look(chunk: Chunk) -> None:
        progress(Proof("checking", share=min(1.0, max(0.0, (chunk.now_us - recording.start_us) / whole_us))))

    try:
        kept = to_keep(verify(recording, on_chunk=look), clock.now_us())
    except RecordingError as error:
        kept = to_keep(error, clock.now_us())
    except LivepairsError as error:
        return Proof("unproven", f"It could not be checked: {error}")
    keep_verdict(recording, kept)
    return _proof_of(kept, recording)


def _proof_of(kept: KeptVerdict, recording: Recording) -> Proof:
    # Pages show it to whoever looks, and where a server keeps its files is nobody's business.
    sentence = kept.sentence.replace(str(recording.path), recording.name)
    return Proof(kept.outcome, sentence, 1.0, at_us=kept.first_us, checked_us=kept.checked_us, version=kept.version)
