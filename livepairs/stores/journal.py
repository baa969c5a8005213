"""The journal of a recording that is being made: append-only pages with checksums, readable after a crash at any byte.

A page is what the writer had at hand: trades, marks, the time vouched for, and what the pipeline had computed by then.
Pages stand in numbered segments, one behind the other and numbered through. Reading stops at the first page that is not
whole, so what is read is always what had been written up to some moment, with the digest of that moment. ``recorder``
writes pages and ``sealing`` turns segments into Parquet.

A page is 24 bytes (magic, CRC-32 of all that follows, number, length of the body; little endian), then the body: the
length of the head as four bytes, the head (MessagePack), and the columns one after the other, as ``TRADE_COLUMNS`` and
``MARK_COLUMNS`` name them, at last four bytes for each row of BARS, PAIRS and EVENTS closed since the page before.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import codes_of, flags_of, floats_of, ints_of
from livepairs.schema import Gap

__all__ = [
    "HOPS",
    "MARK_COLUMNS",
    "TRADE_COLUMNS",
    "Body",
    "Head",
    "Page",
    "SegmentWriter",
    "columns_of",
    "has_pages_after",
    "pages_of",
    "segments_of",
]

_PREFIX: Final = struct.Struct("<4sIQQ")
_MAGIC: Final = b"LPJ1"
_SUFFIX: Final = ".pages"

HOPS: Final = ("bars", "pairs", "events")

TRADE_COLUMNS: Final = {
    "ts": "<i8",
    "recv_ts": "<i8",
    "symbol": "<u2",
    "trade_id": "<i8",
    "price": "<f8",
    "qty": "<f8",
    "buyer_is_maker": "|u1",
}
"""Columns of TRADES in a page; a symbol is its place in the head's list."""

MARK_COLUMNS: Final = {
    "ts": "<i8",
    "recv_ts": "<i8",
    "symbol": "<u2",
    "mark_price": "<f8",
    "index_price": "<f8",
    "funding_rate": "<f8",
    "next_funding_ts": "<i8",
}


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What a page says besides its rows.

    Parameters
    ----------
    now_us
        Time vouched for, with the rows of this page.
    symbols
        What the symbol columns refer to.
    trades, marks
        Rows in the page.
    checks
        Closed rows of each of ``HOPS`` whose four bytes the page holds.
    digest
        Of all rows closed so far; empty if nothing computes one.
    gaps, notes
        The whole ledger, and what else is known of the session, where one of them has changed; else None.
    """

    now_us: int
    symbols: tuple[str, ...]
    trades: int
    marks: int
    checks: tuple[int, int, int] = (0, 0, 0)
    digest: str = ""
    gaps: tuple[Gap, ...] | None = None
    notes: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page read back: columns by name, the row checks of each hop as bytes, and where it ends in its segment."""

    head: Head
    trades: dict[str, NDArray[Any]]
    marks: dict[str, NDArray[Any]]
    checks: tuple[bytes, bytes, bytes]
    end: int


@dataclass(frozen=True, slots=True)
class Body:
    """What is to become a page: its head, and the buffers behind it in their order."""

    head: Head
    buffers: Sequence[Any]  # whatever has a buffer of bytes


def columns_of(batches: Sequence[pa.RecordBatch], columns: dict[str, str], symbols: dict[str, int]) -> Iterator[Any]:
    """Yield the columns of some TRADES or MARKS batches as they stand in a page; new symbols are added to the list."""
    for name, kind in columns.items():
        for batch in batches:
            column = batch.column(name)
            if name == "symbol":
                places = [symbols.setdefault(text, len(symbols)) for text in column.dictionary.to_pylist()]
                yield np.array(places, kind)[codes_of(column)]
            elif kind == "<f8":
                yield floats_of(column)
            else:
                yield flags_of(column) if kind == "|u1" else ints_of(column)


class SegmentWriter:
    """Appends pages to one segment; a page is there whole or not at all, also where the disk is full.

    Parameters
    ----------
    folder, number
        Where the segments are, and which one this is; it must not exist.
    first_page
        The number of its first page.

    Attributes
    ----------
    bytes
        Its length.
    next_page
        The number of the page to come.
    """

    def __init__(self, folder: Path, number: int, *, first_page: int) -> None:
        self.path = folder / f"{number:08d}{_SUFFIX}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self.bytes, self.next_page = 0, first_page

    def append(self, body: Body) -> None:
        """Write a page behind the last one.

        Raises
        ------
        OSError
            If it could not be written whole; the segment then ends with the page before.
        """
        page = _encode(body, self.next_page)
        try:
            _write_all(self._file, page)
        except OSError:
            self._cut_back()
            raise
        self.bytes += len(page)
        self.next_page += 1

    def sync(self) -> None:
        """Force what was appended to disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _cut_back(self) -> None:
        os.ftruncate(self._file, self.bytes)
        os.lseek(self._file, self.bytes, os.SEEK_SET)


def segments_of(folder: Path) -> dict[int, Path]:
    """Return the segments there are by their number, in order."""
    return {int(path.name.removesuffix(_SUFFIX)): path for path in sorted(folder.glob(f"*{_SUFFIX}"))}


def pages_of(segment: Path, *, first_page: int) -> Iterator[Page]:
    """Yield the pages of a segment up to the first that is not whole, or is not the one expected."""
    content = memoryview(segment.read_bytes())
    place, expected = 0, first_page
    while len(content) - place >= _PREFIX.size:
        magic, checksum, number, length = _PREFIX.unpack_from(content, place)
        end = place + _PREFIX.size + length
        if (
            magic != _MAGIC
            or number != expected
            or end > len(content)
            or zlib.crc32(content[place + 8 : end]) != checksum
        ):
            return
        yield _decode(content[place + _PREFIX.size : end], end)
        place, expected = end, expected + 1


def has_pages_after(segment: Path, end: int) -> bool:
    """Return whether something that looks like a whole page begins behind the damaged one at ``end``."""
    content = segment.read_bytes()
    place = content.find(_MAGIC, end + 1)
    while place >= 0:
        if len(content) - place >= _PREFIX.size:
            _, checksum, _, length = _PREFIX.unpack_from(content, place)
            behind = place + _PREFIX.size + length
            if behind <= len(content) and zlib.crc32(memoryview(content)[place + 8 : behind]) == checksum:
                return True
        place = content.find(_MAGIC, place + 1)
    return False


def _encode(body: Body, number: int) -> bytearray:
    head = msgspec.msgpack.encode(body.head)
    page = bytearray(_PREFIX.size)
    page += len(head).to_bytes(4, "little")
    page += head
    for buffer in body.buffers:
        page += memoryview(buffer).cast("B") if len(buffer) else b""
    length = len(page) - _PREFIX.size
    _PREFIX.pack_into(page, 0, _MAGIC, 0, number, length)
    _PREFIX.pack_into(page, 0, _MAGIC, zlib.crc32(memoryview(page)[8:]), number, length)
    return page


def _decode(body: memoryview, end: int) -> Page:
    place = 4 + int.from_bytes(body[:4], "little")
    head = msgspec.msgpack.decode(body[4:place], type=Head)
    trades, place = _columns(body, place, TRADE_COLUMNS, head.trades)
    marks, place = _columns(body, place, MARK_COLUMNS, head.marks)
    checks = []
    for rows in head.checks:
        checks.append(bytes(body[place : place + 4 * rows]))
        place += 4 * rows
    return Page(head, trades, marks, (checks[0], checks[1], checks[2]), end)


def _columns(body: memoryview, place: int, columns: dict[str, str], rows: int) -> tuple[dict[str, NDArray[Any]], int]:
    found = {}
    for name, kind in columns.items():
        found[name] = np.frombuffer(body, kind, rows, place)
        place += found[name].nbytes
    return found, place


def _write_all(file: int, content: bytearray) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]
