"""Notes on a recording: moments worth jumping to, in a small file in its folder that any session may change.

The recording itself stays as it is: its manifest, and so its digest, know nothing of the file. Markers planted by
whoever made the recording are in the manifest and cannot be changed here. The file is replaced as a whole, so a reader
never finds half of it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

import msgspec

from livepairs.errors import ConfigError, RecordingError
from livepairs.schema import Marker
from livepairs.stores.layout import replace_file

__all__ = ["FILE", "MarkerBook"]

FILE: Final = "markers.json"

MOST: Final = 500
LONGEST_LABEL: Final = 60
LONGEST_NOTE: Final = 1_000

_Stamp = tuple[int, int, int]
_ABSENT: Final[_Stamp] = (0, 0, 0)


class MarkerBook:
    """The markers kept in one recording's folder, in the order of time. Thread-safe.

    Parameters
    ----------
    folder
        The recording.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._stamp = _ABSENT
        self._markers: tuple[Marker, ...] = ()

    def markers(self) -> tuple[Marker, ...]:
        """Return what is kept now, whoever wrote it.

        Raises
        ------
        RecordingError
            If there is a file that cannot be read.
        """
        with self._lock:
            return self._read()

    def put(self, marker: Marker, *, instead_of: Marker | None = None) -> None:
        """Add a marker, or change one.

        Raises
        ------
        ConfigError
            If it has no label, or a text is too long, or there are too many.
        RecordingError
            If the file cannot be written.
        """
        _check(marker)
        with self._lock:
            others = [kept for kept in self._read() if kept not in (instead_of, marker)]
            if len(others) >= MOST:
                raise ConfigError(f"this recording has {MOST} markers, as many as may be; delete one first")
            self._write(sorted([*others, marker], key=lambda kept: (kept.ts_us, kept.label)))

    def remove(self, marker: Marker) -> None:
        """Take a marker away; one that is not there is gone already.

        Raises
        ------
        RecordingError
            If the file cannot be written.
        """
        with self._lock:
            kept = self._read()
            if marker in kept:
                self._write([other for other in kept if other != marker])

    def _read(self) -> tuple[Marker, ...]:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._markers = () if stamp == _ABSENT else _parsed(self._path)
            self._stamp = stamp
        return self._markers

    def _write(self, markers: list[Marker]) -> None:
        content = msgspec.json.format(msgspec.json.encode(markers), indent=1)
        try:
            replace_file(self._path, content)
        except OSError as error:
            raise RecordingError(
                f"markers of recording {self._path.parent.name!r} cannot be kept ({error.strerror}); "
                "copy the recording to a folder that may be written to"
            ) from error


def _check(marker: Marker) -> None:
    if not marker.label.strip():
        raise ConfigError("a marker needs a label; give it a word or two")
    for name, text, most in (("label", marker.label, LONGEST_LABEL), ("note", marker.note, LONGEST_NOTE)):
        if len(text) > most:
            raise ConfigError(f"the {name} has {len(text)} characters; use at most {most}")


def _parsed(path: Path) -> tuple[Marker, ...]:
    try:
        return tuple(msgspec.json.decode(path.read_bytes(), type=list[Marker]))
    except (OSError, msgspec.MsgspecError) as error:
        raise RecordingError(
            f"file {path.name!r} of recording {path.parent.name!r} cannot be read ({error}); correct or delete it"
        ) from error


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return _ABSENT
    return (found.st_mtime_ns, found.st_size, found.st_ino)
