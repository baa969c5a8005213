"""The folder that holds the recordings: what is in it, and whether a name may be opened, given or deleted.

Names come from browsers too, so none of them is trusted: a name is a plain name of one entry of the folder, never a
path, and nothing is deleted that is not a recording lying in the folder itself.
"""

from __future__ import annotations

import itertools
import secrets
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from livepairs.errors import ConfigError, RecordingError, did_you_mean
from livepairs.stores.lock import is_held
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recording import Recording, open_recording
from livepairs.stores.sealing import JOURNAL

__all__ = ["Entry", "Shelf", "check_name"]

_LONGEST: Final = 80

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording in the list.

    Parameters
    ----------
    name
        By which it is opened: its folder's; one elsewhere whose name is taken gets a number, as ``demo-2``.
    path
        Its folder.
    recording
        None if it cannot be opened.
    reason
        Why it cannot be opened, in a sentence.
    is_kept
        It lies in the folder itself and may be deleted; others are there to be looked at.
    status
        ``recording`` is being written right now, by whichever process; ``interrupted`` was, until something stopped its
        recorder, and can be recovered.
    """

    name: str
    path: Path
    recording: Recording | None
    reason: str = ""
    is_kept: bool = True
    status: Literal["whole", "damaged", "recording", "interrupted"] = "whole"


def check_name(name: str) -> str:
    """Return the name if it can be that of a recording, on any system.

    Letters and digits of any script, ``_``, ``-`` and ``.`` are allowed, the first being a letter, digit or ``_``.

    Raises
    ------
    ConfigError
        For anything else, such as ``"../demo"``, ``"a/b"`` or an empty name.

    Examples
    --------
    >>> check_name("monday-1")
    'monday-1'
    """
    is_plain = all(letter.isalnum() or letter in "_-." for letter in name)
    if not name or not is_plain or name[0] in "-." or name[-1] == "." or len(name.encode()) > _LONGEST:
        raise ConfigError(
            f"{name[:_LONGEST]!r} cannot name a recording; use letters, digits, '_', '-' and '.', at most {_LONGEST}, "
            "beginning with a letter or digit"
        )
    return name


class Shelf:
    """A folder of recordings. Thread-safe.

    Parameters
    ----------
    folder
        It need not exist yet; it is made when something is put there.
    others
        Recordings elsewhere that are listed too, and never deleted.
    """

    def __init__(self, folder: Path, *, others: Sequence[Path] = ()) -> None:
        self.folder = folder
        self._others = tuple(others)
        self._known: dict[Path, tuple[_Stamp, Entry]] = {}
        self._reasons: dict[Path, str] = {}
        self._lock = threading.Lock()

    def entries(self) -> tuple[Entry, ...]:
        """Return what is there now, the latest recorded first, what cannot be opened last."""
        with self._lock:
            found = [self._entry(path, name, is_kept=is_kept) for path, name, is_kept in self._paths()]
            self._known = {path: known for path, known in self._known.items() if path in {one.path for one in found}}
        return tuple(sorted(found, key=_order))

    def find(self, name: str) -> Entry:
        """Return the entry of that name.

        Raises
        ------
        ConfigError
            If the name is no plain name, or there is none of that name; with the nearest one.
        """
        check_name(name)
        entries = self.entries()
        for entry in entries:
            if entry.name == name:
                return entry
        names = [entry.name for entry in entries]
        verb = "is" if len(names) == 1 else "are"
        there = f"there {verb} {', '.join(names[:12])}" if names else "there is none yet"
        raise ConfigError(f"no recording {name!r} in {self.folder.name!r}{did_you_mean(name, names)}; {there}")

    def open(self, name: str) -> Recording:
        """Return the recording of that name.

        Raises
        ------
        ConfigError
            As for ``find``.
        RecordingError
            If it cannot be opened.
        """
        entry = self.find(name)
        if entry.recording is None:
            raise RecordingError(entry.reason)
        return entry.recording

    def free_path(self, name: str) -> Path:
        """Return where a new recording of that name goes; the folder is made.

        Raises
        ------
        ConfigError
            If the name cannot be given, or is taken.
        RecordingError
            If the folder cannot be made.
        """
        path = self.folder / check_name(name)
        taken = {entry.name.casefold() for entry in self.entries()}
        if name.casefold() in taken or path.exists() or path.is_symlink():
            raise ConfigError(f"there is a recording {name!r} already; give another name")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordingError(
                f"folder {self.folder.name!r} cannot be made ({error.strerror}); "
                "name another one with the setting recordings"
            ) from error
        return path

    def delete(self, name: str) -> None:
        """Remove a recording from disk.

        It is moved aside first, so that it is gone at once and never half there.

        Raises
        ------
        ConfigError
            If there is none of that name, it is being recorded, or it does not lie in the folder itself.
        RecordingError
            If the disk refuses.
        """
        entry = self.find(name)
        path = self.folder / entry.name
        if entry.status == "recording":
            raise ConfigError(f"recording {name!r} is being made right now; stop it first")
        if not entry.is_kept or entry.path != path or path.is_symlink():
            raise ConfigError(f"recording {name!r} does not lie in {self.folder.name!r}; delete it where it is")
        aside = self.folder / f".deleted-{secrets.token_hex(6)}"
        try:
            path.rename(aside)
            shutil.rmtree(aside)
        except OSError as error:
            raise RecordingError(f"recording {name!r} cannot be deleted ({error.strerror})") from error

    def recover(self, entry: Entry) -> None:
        """Make a recording of what an interrupted recorder left; takes a second for some million trades.

        If that cannot be done, the entry's reason says why from then on.
        """
        try:
            open_recording(entry.path)
            self._reasons.pop(entry.path, None)
        except RecordingError as error:
            self._reasons[entry.path] = _said(error, entry.path, entry.name)

    def _paths(self) -> list[tuple[Path, str, bool]]:
        """Return the folder of each recording, its name, and whether it is kept here."""
        try:
            here = [path for path in self.folder.iterdir() if _is_recording(path)]
        except OSError:
            here = []
        found = [(path, path.name, True) for path in here]
        seen, names = {path.resolve() for path in here}, {path.name for path in here}
        for path in self._others:
            if path.resolve() not in seen:
                name = _free_name(path.resolve().name, names)
                found.append((path, name, False))
                seen.add(path.resolve())
                names.add(name)
        return found

    def _entry(self, path: Path, name: str, *, is_kept: bool) -> Entry:
        if (path / JOURNAL).is_dir():
            return self._unfinished(path, name, is_kept=is_kept)
        stamp = _stamp(path / MANIFEST)
        known = self._known.get(path)
        if known is None or known[0] != stamp or known[1].name != name:
            known = self._known[path] = (stamp, _opened(path, name, is_kept=is_kept))
        return known[1]

    def _unfinished(self, path: Path, name: str, *, is_kept: bool) -> Entry:
        if is_held(path):
            return Entry(name, path, None, "It is being recorded right now.", is_kept, "recording")
        reason = self._reasons.get(path, "Its recorder was interrupted; what it wrote is being recovered.")
        return Entry(name, path, None, reason, is_kept, "interrupted")


def _free_name(name: str, taken: set[str]) -> str:
    """Return the name, with a number behind it where it is taken.

    Examples
    --------
    >>> _free_name("demo", {"monday"}), _free_name("demo", {"demo", "demo-2"})
    ('demo', 'demo-3')
    """
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _is_recording(path: Path) -> bool:
    """Return whether a folder is worth listing: hidden ones are unfinished or on their way out."""
    try:
        is_one = (path / MANIFEST).exists() or (path / JOURNAL).is_dir()
        return not path.name.startswith(".") and path.is_dir() and is_one
    except OSError:
        return False


def _opened(path: Path, name: str, *, is_kept: bool) -> Entry:
    try:
        return Entry(name, path, open_recording(path), is_kept=is_kept)
    except RecordingError as error:
        return Entry(name, path, None, _said(error, path, name), is_kept, "damaged")


def _said(error: RecordingError, path: Path, name: str) -> str:
    """Return an error without the way to the recording: where a server keeps its files is nobody's business."""
    return str(error).replace(str(path), name)


def _stamp(manifest: Path) -> _Stamp:
    try:
        found = manifest.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _order(entry: Entry) -> tuple[bool, int, str]:
    recording = entry.recording
    return (recording is None, 0 if recording is None else -recording.end_us, entry.name)
