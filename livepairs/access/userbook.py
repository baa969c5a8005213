"""The users as the file has them at this moment: what ``livepairs passwd`` changes holds from the next request on."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from livepairs.access.users import Users, read_users
from livepairs.errors import ConfigError

__all__ = ["Userbook"]

_LOG = logging.getLogger(__name__)


class Userbook:
    """Reads the users file again whenever it has changed. Thread-safe.

    Parameters
    ----------
    path
        The file; None for no users, whose key is then made up.
    key
        What to sign with where there is no file.

    Raises
    ------
    ConfigError
        If the file cannot be used.
    """

    def __init__(self, path: Path | None, *, key: bytes | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._complaint = ""
        self._users = Users() if key is None else Users(key)
        if path is not None:
            self._read(path)

    @property
    def path(self) -> Path | None:
        """The file."""
        return self._path

    @property
    def users(self) -> Users:
        """Who there is now; from a file that cannot be used any more, nobody, while the key stays."""
        if self._path is None:
            return self._users
        with self._lock:
            try:
                if _stamp(self._path) != self._stamp:
                    self._read(self._path)
                self._complaint = ""
            except (ConfigError, OSError) as error:
                self._users = Users(self._users.key)
                self._stamp = None
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    _LOG.error("nobody gets in: %s", error)
            return self._users

    def _read(self, path: Path) -> None:
        stamp = _stamp(path) if path.exists() else None
        self._users = read_users(path)
        self._stamp = stamp


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino
