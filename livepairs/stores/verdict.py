"""What was found when a recording was last checked, kept in its folder: so a badge outlives the server that earned it.

A verdict is believed only of what it was found of: the same rows by their digest, the same files by size and time of
change, and the same livepairs, for it is this program's replay that was compared. Whatever differs makes it a thing of
the past, to be earned again. The file is no part of the recording: neither its digest nor a download knows of it.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from livepairs.stores.layout import replace_file
from livepairs.stores.recording import Recording

__all__ = ["FILE", "KeptVerdict", "Outcome", "keep_verdict", "kept_verdict"]

_LOG = logging.getLogger(__name__)

FILE: Final = "verdict.json"

Outcome = Literal["whole", "same", "differs", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVerdict:
    """How a check of a recording came out.

    Parameters
    ----------
    outcome
        ``whole``: its files are what was written, and there is no live digest to compare a replay with. ``same``: its
        replay gives the live digest. ``differs``: it gives another. ``damaged``: its files are not what was written.
    sentence
        What was found, for people.
    checked_us
        When, wall time.
    version
        The livepairs that checked it.
    first_us
        Bar time of the first row that differs; None where none does, or none was found.
    """

    outcome: Outcome
    sentence: str
    checked_us: int
    version: str
    first_us: int | None = None


class _Kept(msgspec.Struct, kw_only=True):
    """The content of the file: a verdict, and what it was found of."""

    verdict: KeptVerdict
    digest: str
    files: str


def keep_verdict(recording: Recording, verdict: KeptVerdict) -> bool:
    """Keep a verdict beside the recording; return False where its folder cannot be written to."""
    kept = _Kept(verdict=verdict, digest=recording.digest, files=_fingerprint(recording))
    try:
        replace_file(recording.path / FILE, msgspec.json.format(msgspec.json.encode(kept), indent=1))
    except OSError as error:
        _LOG.info("the verdict on %s is not kept: %s", recording.name, error.strerror)
        return False
    return True


def kept_verdict(recording: Recording) -> KeptVerdict | None:
    """Return the last verdict on the recording as it is now; None if there is none, or it was found of something else.

    Whether the livepairs that found it is the one that asks is for the caller to see.
    """
    try:
        kept = msgspec.json.decode((recording.path / FILE).read_bytes(), type=_Kept)
    except OSError:
        return None
    except msgspec.MsgspecError as error:
        _LOG.warning("the verdict kept with %s cannot be read: %s", recording.name, error)
        return None
    is_of_this = kept.digest == recording.digest and kept.files == _fingerprint(recording)
    return kept.verdict if is_of_this else None


def _fingerprint(recording: Recording) -> str:
    """Return what changes when any file of the recording is written to, copied or restored."""
    marks = [_mark(recording.path / path) for path in recording.manifest.paths]
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()


def _mark(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return f"{path.name} missing"
    return f"{path.name} {found.st_size} {found.st_mtime_ns}"
