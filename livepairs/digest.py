"""The digest of a run: SHA-256 over the canonical bytes of every closed row, in order.

Each column has a hash of its own, which takes the column's bytes as they lie in Arrow's memory; the digest is the hash
of those hashes. So two runs that have computed the same BARS, PAIRS and EVENTS have the same digest, however their rows
were cut into batches and however the three hops took turns. Equality is of bits, not within a tolerance; every NaN is
the same NaN.

Canonical are: numbers and times as eight bytes, little endian; booleans as one byte; of texts first the lengths in
bytes as four bytes each, then, hashed apart, the UTF-8 of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import flags_of, floats_of, ints_of
from livepairs.schema import BARS, EVENTS, PAIRS, empty

__all__ = ["HOPS", "RunDigest", "row_checks"]

HOPS: Final = {"bars": BARS, "pairs": PAIRS, "events": EVENTS}

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""Multiplying by it spreads a changed bit over those above it (Knuth's multiplicative hashing)."""


class RunDigest:
    """Accumulates the rows of a run.

    Examples
    --------
    >>> RunDigest().hex() == RunDigest().hex()
    True
    """

    def __init__(self) -> None:
        self._hashes = {hop: [hashlib.sha256() for _ in _streams(empty(schema))] for hop, schema in HOPS.items()}

    def update(self, hop: str, batch: pa.RecordBatch) -> None:
        """Take in the next rows of ``"bars"``, ``"pairs"`` or ``"events"``."""
        if batch.num_rows:
            for stream, content in zip(self._hashes[hop], _streams(batch), strict=True):
                stream.update(content)

    def copy(self) -> RunDigest:
        """Return one that has taken in the same rows and goes on by itself."""
        copied = RunDigest()
        copied._hashes = {hop: [stream.copy() for stream in streams] for hop, streams in self._hashes.items()}
        return copied

    def hex(self) -> str:
        """Return the digest of everything so far, 64 hexadecimal digits."""
        joined = "".join(f"{hop}:{stream.hexdigest()}\n" for hop in HOPS for stream in self._hashes[hop])
        return hashlib.sha256(joined.encode()).hexdigest()


def row_checks(batch: pa.RecordBatch) -> NDArray[np.uint32]:
    """Return four bytes for each row of BARS, PAIRS or EVENTS, ``(n,)``, that equal rows have in common.

    They are no proof, which is the digest's part; they find the row at which two runs part.
    """
    mixed = np.zeros(batch.num_rows, np.uint64)
    for column in batch.columns:
        mixed = (mixed ^ _words(column)) * _ODD
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _words(column: pa.Array) -> NDArray[np.uint64]:
    """Return the bits of each value of a column; of a text, the first of its SHA-256."""
    kind = column.type
    if pa.types.is_floating(kind):
        return _with_one_nan(floats_of(column)).view(np.uint64)
    if pa.types.is_string(kind):
        texts = column.to_pylist()
        words = {text: int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") for text in set(texts)}
        return np.array([words[text] for text in texts], np.uint64)
    return flags_of(column).astype(np.uint64) if pa.types.is_boolean(kind) else ints_of(column).view(np.uint64)


def _streams(batch: pa.RecordBatch) -> Iterator[Any]:  # of buffers: arrays and Arrow's own
    """Yield the canonical bytes of each column in schema order; of a column of texts, two of them."""
    for column in batch.columns:
        kind = column.type
        if pa.types.is_floating(kind):
            yield _with_one_nan(floats_of(column))
        elif pa.types.is_string(kind):
            yield from _texts(column)
        elif pa.types.is_boolean(kind):
            yield flags_of(column)
        else:
            yield ints_of(column)


def _with_one_nan(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with every NaN made the same one: sign and payload depend on how it came about."""
    is_nan = np.isnan(values)
    return np.where(is_nan, np.nan, values) if is_nan.any() else values


def _texts(column: pa.Array) -> tuple[NDArray[np.int32], Any]:
    """Return the lengths of the texts in bytes, and the bytes of all of them."""
    _, places, content = column.buffers()
    ends = np.frombuffer(places, np.int32, len(column) + 1, column.offset * 4)
    return np.diff(ends), b"" if content is None else content[int(ends[0]) : int(ends[-1])]
