"""What the pages of a Parquet file unpack to, as each page says; the end of the file, which says so too, can lie.

Readers believe a page: before one is unpacked, so much memory is taken. Its head is a struct in Thrift's compact form.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

__all__ = ["page_sizes"]

_DEEPEST: Final = 8
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_NUMBERS: Final = (4, 5, 6)
_UNPACKED, _PACKED = 2, 3
"""Numbers of the fields of a page's head."""


def page_sizes(path: Path, metadata: pq.FileMetaData) -> Iterator[int]:
    """Yield the bytes that each page unpacks to, where a reader with this metadata looks for pages.

    Raises
    ------
    ValueError
        If something there is no page.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                start = min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)
                yield from _pages(data, start, start + column.total_compressed_size)


def _pages(data: mmap.mmap, at: int, end: int) -> Iterator[int]:
    if at < 0 or end > len(data):
        raise ValueError("a column that lies outside of the file")
    while at < end:
        head = _Head(data, at, end)
        fields = head.numbers()
        if fields.get(_UNPACKED, -1) < 0 or fields.get(_PACKED, -1) < 0:
            raise ValueError("a page without a size")
        yield fields[_UNPACKED]
        at = head.at + fields[_PACKED]


class _Head:
    """The head of a page, read from its first byte."""

    def __init__(self, data: mmap.mmap, at: int, end: int) -> None:
        self._data, self._end = data, end
        self.at = at

    def numbers(self, depth: int = 0) -> dict[int, int]:
        """Read a struct to its end; return its whole numbers by field."""
        found, field = dict[int, int](), 0
        while (byte := self._byte()) != 0:
            kind, step = byte & 15, byte >> 4
            field = field + step if step else self._number()
            if kind in _NUMBERS:
                found[field] = self._number()
            else:
                self._skip(kind, depth)
        return found

    def _skip(self, kind: int, depth: int, *, in_list: bool = False) -> None:
        if kind in _NUMBERS:
            self._number()
        elif kind in (_TRUE, _FALSE, _BYTE):
            self.at += kind == _BYTE or in_list
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            self.at += self._unsigned()
        elif kind == _STRUCT and depth < _DEEPEST:
            self.numbers(depth + 1)
        elif kind in (_LIST, _SET) and depth < _DEEPEST:
            byte = self._byte()
            count = self._unsigned() if byte >> 4 == 15 else byte >> 4
            if count > self._end - self.at:
                raise ValueError("a page with a list that has no end")
            for _ in range(count):
                self._skip(byte & 15, depth + 1, in_list=True)
        else:
            raise ValueError("a page with a head of another kind")

    def _byte(self) -> int:
        if self.at >= self._end:
            raise ValueError("a page that has no end")
        self.at += 1
        return self._data[self.at - 1]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a page with a number that has no end")

    def _number(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
