"""Reads a file to be imported as blocks of whole lines, whether it is plain, gzip or a zip of one file.

It counts lines, so that an error can name one, and reads ahead on a thread, since inflating and parsing cost about the
same. It knows nothing of what the lines mean.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Final, TypeVar, cast

from livepairs.errors import InputError

__all__ = ["Block", "InputFile"]

_BLOCK_BYTES: Final = 8 << 20
_HEAD_BYTES: Final = 64 << 10
_LONGEST_LINE: Final = 64 << 20
_ALWAYS_BYTES: Final = 64 << 20
_LONGEST_ZIP_END: Final = 22 + 20 + 65_535
_LONGEST_ZIP_LIST: Final = 100_000
_TEXT: Final = "a text file, plain, gzip or a zip of one file, or Parquet"
_OTHER_MAGIC: Final = {
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
}
_DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; ``first_line`` is counted from 1. Only the last block of a file may lack its final line break."""

    first_line: int
    data: bytes
    is_last: bool


class InputFile:
    """A file named by the user.

    Parameters
    ----------
    path
        As the user named it.
    on_bytes
        Called with the position reached in the file on disk.
    most_ratio
        How many times its own size it may unpack to, if that is more than ``_ALWAYS_BYTES``; None for without end.

    Raises
    ------
    InputError
        If there is no such file, or it cannot hold anything to import.
    """

    def __init__(
        self, path: str | Path, *, on_bytes: Callable[[int], None] | None = None, most_ratio: int | None = None
    ) -> None:
        self.path = Path(path)
        self._on_bytes = on_bytes
        if not self.path.exists():
            raise InputError(path, found="no such file", expected="a file to import")
        if not self.path.is_file():
            raise InputError(path, found="a folder" if self.path.is_dir() else "no regular file", expected=_TEXT)
        self.size = self.path.stat().st_size
        self._most_bytes = None if most_ratio is None else max(_ALWAYS_BYTES, most_ratio * self.size)
        if not self.size:
            raise InputError(path, found="an empty file", expected=_TEXT)
        try:
            with self.path.open("rb") as file:
                self._magic = file.read(8)
        except OSError as error:
            raise InputError(path, found=f"a file that cannot be read ({error.strerror})", expected=_TEXT) from error

    @property
    def is_parquet(self) -> bool:
        """Whether the file says it is Parquet."""
        return self._magic.startswith(b"PAR1")

    @property
    def is_limited(self) -> bool:
        """Whether it may not unpack to just anything."""
        return self._most_bytes is not None

    @cached_property
    def name(self) -> str:
        """The name that may carry the symbol: that of the file inside a zip, else the file's own."""
        if self._magic.startswith(b"PK"):
            with self._zip() as archive:
                return Path(self._member(archive)).name
        return self.path.name

    @cached_property
    def head(self) -> bytes:
        """The first lines, 64 KiB at most."""
        if self.is_parquet:
            return self._magic
        with self._stream() as (stream, _):
            head = self._guarded(lambda: stream.read(_HEAD_BYTES), line=1)
        if not head.strip():
            raise InputError(self.path, found="nothing but blanks", expected=_TEXT)
        return self._check_text(head)

    def check_unpacked(self, size: int) -> None:
        """Refuse a file that unpacks to more than it may: a small archive can hold terabytes.

        Raises
        ------
        InputError
            If so many bytes are too many.
        """
        if self._most_bytes is not None and size > self._most_bytes:
            raise InputError(
                self.path,
                found=f"over {self._most_bytes / 1e6:,.0f} MB unpacked from {self.size / 1e6:,.1f} MB",
                expected="a file that packs trades; use 'livepairs import' if it is one",
            )

    def report(self, position: int) -> None:
        """Tell whoever watches how far reading has come in the file on disk."""
        if self._on_bytes is not None:
            self._on_bytes(position)

    def blocks(self, *, block_bytes: int = _BLOCK_BYTES) -> Iterator[Block]:
        """Yield the file in whole lines, reading one block ahead.

        Raises
        ------
        InputError
            If the compressed data is damaged, a line is endless, or the text is not UTF-8 compatible.
        """
        blocks = self._cut(block_bytes)
        with closing(blocks), ThreadPoolExecutor(1, thread_name_prefix="livepairs-import") as pool:
            upcoming = pool.submit(next, blocks, None)
            while (block := upcoming.result()) is not None:
                upcoming = pool.submit(next, blocks, None)
                try:
                    yield block
                except GeneratorExit:
                    # The thread must have left the generator before it can be closed.
                    upcoming.exception()
                    raise

    def _cut(self, block_bytes: int) -> Generator[Block]:
        line, rest, unpacked = 1, b"", 0
        is_first = True
        with self._stream() as (stream, position):
            while True:
                read_line = line
                data = self._guarded(lambda: stream.read(block_bytes), line=read_line)
                self.report(position())
                unpacked += len(data)
                self.check_unpacked(unpacked)
                if is_first:
                    data, is_first = data.removeprefix(b"\xef\xbb\xbf"), False
                if not data:
                    yield Block(line, rest, is_last=True)
                    return
                whole, line_break, rest_of = data.rpartition(b"\n")
                if not line_break:
                    rest += data
                    if len(rest) > _LONGEST_LINE:
                        raise InputError(self.path, found="a line of over 64 MiB", expected=_TEXT, line=line)
                    continue
                block = Block(line, rest + whole + b"\n", is_last=False)
                rest = rest_of
                yield block
                line += block.data.count(b"\n")

    @contextmanager
    def _stream(self) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        """Open the text within, and tell the position on disk."""
        with self.path.open("rb") as file:
            if self._magic.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield cast("IO[bytes]", unpacked), file.tell
            elif self._magic.startswith(b"PK"):
                with self._zip() as archive:
                    member = self._member(archive)
                    with self._guarded(lambda: archive.open(member), line=None) as unzipped:
                        # zipfile shares its handle, so the position is that of the unpacked text, scaled.
                        scale = self.size / max(1, archive.getinfo(member).file_size)
                        yield unzipped, lambda: int(unzipped.tell() * scale)
            else:
                yield file, file.tell

    def _zip(self) -> zipfile.ZipFile:
        if self.is_limited:
            self._check_list()
        try:
            return zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            raise self._damaged(error, None) from error

    def _check_list(self) -> None:
        """Refuse a zip with a long list of files: each of millions would be remembered before they could be counted."""
        with self.path.open("rb") as file:
            file.seek(max(0, self.size - _LONGEST_ZIP_END))
            end = file.read()
        places = [found.start() for found in re.finditer(re.escape(b"PK\5\6"), end)]
        sizes = [int.from_bytes(end[at + 12 : at + 16], "little") for at in places]
        # In the form for more than four gigabytes the size stands elsewhere.
        if max(sizes, default=0) > _LONGEST_ZIP_LIST or b"PK\6\7" in end:
            raise InputError(self.path, found="a zip with a long list of files", expected="a zip of one file")

    def _member(self, archive: zipfile.ZipFile) -> str:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if len(names) != 1:
            listed = ", ".join(names[:3])
            raise InputError(self.path, found=f"a zip of {len(names)} files ({listed})", expected="a zip of one file")
        return names[0]

    def _guarded(self, read: Callable[[], T], *, line: int | None) -> T:
        try:
            return read()
        except _DAMAGED as error:
            raise self._damaged(error, line) from error

    def _damaged(self, error: BaseException, line: int | None) -> InputError:
        return InputError(
            self.path, found=f"damaged or incomplete data ({error})", expected="a whole file; fetch it again", line=line
        )

    def _check_text(self, head: bytes) -> bytes:
        for magic, name in _OTHER_MAGIC.items():
            if head.startswith(magic):
                raise InputError(self.path, found=f"a {name} archive", expected=_TEXT + "; unpack it first")
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError(self.path, found="UTF-16 text", expected="UTF-8 text; convert it first", line=1)
        if b"\x00" in head:
            line = head[: head.index(b"\x00")].count(b"\n") + 1
            raise InputError(self.path, found="binary data", expected=_TEXT, line=line)
        return head.removeprefix(b"\xef\xbb\xbf")
