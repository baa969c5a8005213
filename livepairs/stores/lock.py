"""One recorder a folder: a lock that the system lets go of when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from livepairs.errors import RecordingError

__all__ = ["FolderLock", "is_held"]

_NAME: Final = ".recording.lock"


class FolderLock:
    """Holds a folder for one recorder, until ``release`` or the end of the process.

    Parameters
    ----------
    folder
        An existing folder.

    Raises
    ------
    RecordingError
        If another recorder holds it, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        while True:
            self._file = self._open(folder)
            if self._is_still_there():
                break
            # Its holder removed the file between our opening and our locking it; another one is there by now.
            os.close(self._file)
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others have the folder."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def _open(self, folder: Path) -> int:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise RecordingError(
                f"folder {str(folder)!r} cannot be written to ({error.strerror}); name a folder that can be"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 32).decode("ascii", "replace").strip()
            os.close(file)
            raise RecordingError(
                f"{str(folder)!r} is being recorded right now by process {holder or 'unknown'}; "
                "wait until it has stopped, or name another folder"
            ) from None
        return file

    def _is_still_there(self) -> bool:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._file))


def is_held(folder: Path) -> bool:
    """Return whether a recorder of any process works in a folder, without taking it."""
    try:
        file = os.open(folder / _NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False
