"""Where uploads arrive: pieces of a file, in order, into a hidden folder beside the recordings.

What a browser says of a file is not trusted: its name only lends letters to ours, its size is a promise it must keep.
"""

from __future__ import annotations

import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from livepairs.errors import ConfigError, InputError

__all__ = ["Delivery", "Inbox"]

MOST: Final = 4
"""Uploads at a time: each may fill the disk up to the limit."""

_PREFIX: Final = ".upload-"
_FORGOTTEN_S: Final = 86_400.0


class Delivery:
    """One file on its way.

    Parameters
    ----------
    path
        Where it goes; its folder exists and is its own.
    size
        Bytes it will have.
    inbox
        Where it is counted.
    """

    def __init__(self, path: Path, size: int, inbox: Inbox) -> None:
        self.path, self.size = path, size
        self.received = 0
        self._inbox = inbox

    @property
    def is_whole(self) -> bool:
        """Whether everything has come."""
        return self.received == self.size

    def append(self, offset: int, data: bytes) -> None:
        """Add the next piece.

        Raises
        ------
        InputError
            If it does not follow on the last one, or makes the file larger than was said; or the disk refuses.
        """
        if offset != self.received or self.received + len(data) > self.size:
            raise InputError(
                self.path.name,
                found=f"a piece of {len(data):,} bytes at {offset:,}",
                expected=f"what follows byte {self.received:,} of {self.size:,}; send the file again",
            )
        try:
            with self.path.open("ab") as file:
                file.write(data)
        except OSError as error:
            found = f"no room for it ({error.strerror})"
            raise InputError(self.path.name, found=found, expected="a disk with room; make some") from error
        self.received += len(data)

    def close(self) -> None:
        """Remove what has come of it; more than once if need be."""
        shutil.rmtree(self.path.parent, ignore_errors=True)
        self._inbox.forget(self)


class Inbox:
    """Hands out places for uploads; of one thread only, the server's.

    Parameters
    ----------
    folder
        Folder of the recordings; made when the first upload comes.
    limit_bytes
        Largest file taken.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._folder = folder
        self._open: set[Delivery] = set()

    def expect(self, name: str, size: int) -> Delivery:
        """Return the place of a file that is about to come.

        Raises
        ------
        ConfigError
            If it is too large or empty, too many come at once, or the folder cannot be written.
        """
        if size > self.limit_bytes:
            raise ConfigError(
                f"the file has {size / 1e6:,.1f} MB and {self.limit_bytes / 1e6:,.0f} MB may be uploaded; "
                "use 'livepairs import', or raise the setting transfer_mb"
            )
        if size <= 0:
            raise ConfigError("the file is empty; choose another one")
        if len(self._open) >= MOST:
            raise ConfigError(f"{MOST} uploads are under way, as many as may be; try again when one has ended")
        self._sweep()
        folder = self._folder / f"{_PREFIX}{secrets.token_hex(8)}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise ConfigError(
                f"folder {self._folder.name!r} cannot be written ({error.strerror}); "
                "name another one with the setting recordings"
            ) from error
        delivery = Delivery(folder / _plain(name), size, self)
        self._open.add(delivery)
        return delivery

    def forget(self, delivery: Delivery) -> None:
        """Stop counting a file; called by its ``close``."""
        self._open.discard(delivery)

    def _sweep(self) -> None:
        """Remove what a server that was killed left behind."""
        ours = {delivery.path.parent for delivery in self._open}
        for left in self._folder.glob(f"{_PREFIX}*"):
            if left not in ours and time.time() - left.stat().st_mtime > _FORGOTTEN_S:
                shutil.rmtree(left, ignore_errors=True)


def _plain(name: str) -> str:
    """Return a file name made of a stranger's, which an importer may read a symbol from."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in last)
    return kept.lstrip(".")[-80:] or "file"
