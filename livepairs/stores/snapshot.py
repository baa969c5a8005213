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
from contextlib import ExitStack, contextmanager
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
    with ExitStack() as places:
        yield open_recording(_anywhere(folder, places))


def _anywhere(folder: Path, places: ExitStack) -> Path:
    """Take it beside the recording, where files can be linked to, or else wherever there is room."""
    for beside in (folder.parent, None):
        try:
            place = Path(tempfile.mkdtemp(prefix=f".{folder.name}.snapshot-", dir=beside))
            places.callback(shutil.rmtree, place, ignore_errors=True)
            return _taken(folder, place / folder.name)
        except OSError as error:
            problem = error
    raise RecordingError(
        f"recording {str(folder)!r} is being recorded and cannot be looked at ({problem.strerror}); "
        "wait until it has stopped, or make room"
    ) from problem


def _taken(folder: Path, to: Path) -> Path:
    """Copy until nothing was moved meanwhile: the list of files is made durable before anything is removed."""
    for _ in range(TRIES):
        if not (folder / JOURNAL).is_dir():
            return folder  # its recorder has just finished it
        shutil.rmtree(to, ignore_errors=True)
        before = _listing(folder)
        try:
            _copy(folder, to)
        except FileNotFoundError:
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
    for name in ("trades", "marks", "proof", JOURNAL):
        for path in (folder / name).rglob("*"):
            if path.is_file():
                copy = to / path.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                (_link if path.suffix == ".parquet" else shutil.copyfile)(path, copy)


def _link(source: Path, to: Path) -> None:
    try:
        os.link(source, to)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, to)
