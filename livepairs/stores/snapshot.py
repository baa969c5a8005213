"""A recording that is being written, as it was at one moment: what its recorder had put on disk by then.

The recorder is not asked and not held up. Parquet files of a recorder are never changed in place, so a hard link to
each is enough; the journal is copied, and what is copied is recovered as after a crash. A snapshot is a recording like
any other, with the live digest of that moment, and can be verified; but it is not the recording that will be: its
digest is another, so no link or page may lead to it, and it is gone with the context that made it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from livepairs.errors import RecordingError
from livepairs.stores.lock import is_held
from livepairs.stores.recording import Recording, open_recording
from livepairs.stores.sealing import JOURNAL, LISTING

__all__ = ["is_being_recorded", "snapshot"]

TRIES: Final = 20
"""Sealing a segment moves its rows under the eyes of a reader; that takes a second, and comes once in many."""


def is_being_recorded(path: str | Path) -> bool:
    """Return whether a recorder of any process writes there right now."""
    folder = Path(path)
    return (folder / JOURNAL).is_dir() and is_held(folder)


@contextmanager
def snapshot(path: str | Path) -> Iterator[Recording]:
    """Yield what is on disk now of a recording that is being written.

    Raises
    ------
    RecordingError
        If nothing is on disk yet, or the disk has no room for the copy of the journal.
    """
    folder = Path(path).resolve()
    with _understood(folder):
        place = _place(folder)
    try:
        with _understood(folder):
            recording = open_recording(_taken(folder, place / folder.name))
        yield recording
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _understood(folder: Path) -> Iterator[None]:
    """Say what was being done when a file could not be had; what the caller does with the snapshot is its own."""
    try:
        yield
    except OSError as error:
        raise RecordingError(
            f"recording {str(folder)!r} is being recorded and cannot be looked at ({error.strerror or error}); "
            "wait until it has stopped, or make room"
        ) from error


def _place(folder: Path) -> Path:
    """Return a new folder beside the recording, where its files can be linked to; else wherever there is one."""
    try:
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}.snapshot-", dir=folder.parent))
    except OSError:
        return Path(tempfile.mkdtemp(prefix="livepairs-snapshot-"))


def _taken(folder: Path, to: Path) -> Path:
    """Copy until nothing was moved meanwhile: the list of files is made durable before anything is removed."""
    for _ in range(TRIES):
        shutil.rmtree(to, ignore_errors=True)
        before = _listing(folder)
        try:
            _copy(folder, to)
        except OSError:  # of a copied folder it comes as the one of them all
            if _listing(folder) == before:
                raise
            continue
        if _listing(folder) == before:
            return to
    raise RecordingError(
        f"recording {str(folder)!r} is being written too quickly to be looked at; wait until it has stopped"
    )


def _listing(folder: Path) -> bytes:
    listing = folder / JOURNAL / LISTING
    return listing.read_bytes() if listing.is_file() else b""


def _copy(folder: Path, to: Path) -> None:
    for name in ("trades", "marks"):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, to / name, copy_function=_link)
    for name in ("proof", JOURNAL):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, to / name)


def _link(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, to)
