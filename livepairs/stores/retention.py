"""Recordings that follow one another in one folder: their names, and which of them are old or many enough to go.

Only recordings that were named here are ever removed, oldest first, and never one that is being made.
"""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from livepairs.errors import RecordingError
from livepairs.stores.manifest import MANIFEST, Manifest, read_manifest

__all__ = ["Retention", "name_at", "prune"]

_LOG = logging.getLogger(__name__)

_NAME: Final = re.compile(r"\d{8}T\d{6}Z(-\d+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What may stay: recordings whose last row is at most ``age_us`` old, of ``bytes`` in all; None means any."""

    age_us: int | None = None
    bytes: int | None = None


def name_at(folder: Path, time_us: int) -> Path:
    """Return the path of a recording that begins at a time, which nothing has yet: ``20261122T160000Z``."""
    begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    path = folder / begin.strftime("%Y%m%dT%H%M%SZ")
    for number in range(2, 1_000_000):
        if not path.exists():
            break
        path = folder / f"{begin:%Y%m%dT%H%M%SZ}-{number}"
    return path


def prune(folder: Path, retention: Retention, *, now_us: int) -> list[Path]:
    """Remove the recordings of a folder that may not stay, and return them, oldest first."""
    found = [(path, manifest) for path in sorted(folder.iterdir()) if (manifest := _finished(path)) is not None]
    found.sort(key=lambda entry: entry[1].start_us)
    sizes = [_size(manifest) for _, manifest in found]
    removed = []
    for place, (path, manifest) in enumerate(found):
        is_old = retention.age_us is not None and max(manifest.end_us, manifest.vouched_us) < now_us - retention.age_us
        is_much = retention.bytes is not None and sum(sizes[place:]) > retention.bytes
        if is_old or is_much:
            _remove(path)
            removed.append(path)
    return removed


def _finished(path: Path) -> Manifest | None:
    if not _NAME.fullmatch(path.name) or path.is_symlink() or not (path / MANIFEST).is_file():
        return None
    try:
        return read_manifest(path)
    except RecordingError as error:
        _LOG.warning("not looked at for retention: %s", error)
        return None


def _size(manifest: Manifest) -> int:
    return sum(entry.bytes for entry in manifest.files)


def _remove(path: Path) -> None:
    """Remove a recording so that a crash leaves none that looks whole."""
    _LOG.info("removing recording %s, as it may not stay longer", path)
    (path / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
