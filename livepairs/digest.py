"""The digest of a run: SHA-256 over the canonical bytes of every closed row, in order.

Two runs that have computed the same BARS, PAIRS and EVENTS have the same digest, however their rows were cut into
batches and however the three hops took turns. Equality is of bits, not within a tolerance; every NaN is the same NaN.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import ints_of
from livepairs.schema import BARS, EVENTS, PAIRS

__all__ = ["RunDigest"]

NAME_BYTES: Final = 128
"""Texts are padded with zeros to this length, which no symbol or pair reaches."""

HOPS: Final = {"bars": BARS, "pairs": PAIRS, "events": EVENTS}


class RunDigest:
    """Accumulates the rows of a run.

    Examples
    --------
    >>> RunDigest().hex() == RunDigest().hex()
    True
    """

    def __init__(self) -> None:
        self._hashes = {hop: hashlib.sha256() for hop in HOPS}

    def update(self, hop: str, batch: pa.RecordBatch) -> None:
        """Take in the next rows of ``"bars"``, ``"pairs"`` or ``"events"``."""
        if batch.num_rows:
            self._hashes[hop].update(canonical_bytes(batch))

    def hex(self) -> str:
        """Return the digest of everything so far, 64 hexadecimal digits."""
        joined = "".join(f"{hop}:{self._hashes[hop].hexdigest()}\n" for hop in HOPS)
        return hashlib.sha256(joined.encode()).hexdigest()


def canonical_bytes(batch: pa.RecordBatch) -> bytes:
    """Return the rows one after the other, columns in schema order, little endian and without padding between them."""
    columns = [_canonical(column) for column in batch.columns]
    rows = np.empty(
        batch.num_rows, [(field.name, column.dtype) for field, column in zip(batch.schema, columns, strict=True)]
    )
    for field, column in zip(batch.schema, columns, strict=True):
        rows[field.name] = column
    return rows.tobytes()


def _canonical(column: pa.Array) -> NDArray[Any]:  # of whatever type the column has
    if pa.types.is_string(column.type):
        names = column.dictionary_encode()
        texts = np.array([text.encode() for text in names.dictionary.to_pylist()], f"S{NAME_BYTES}")
        padded: NDArray[np.bytes_] = texts[names.indices.to_numpy()]
        return padded
    if pa.types.is_timestamp(column.type):
        return ints_of(column).astype("<i8", copy=False)
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    if values.dtype.kind == "f":
        return np.where(np.isnan(values), np.nan, values).astype("<f8", copy=False)
    return values.astype("<i8" if values.dtype.kind == "i" else "u1", copy=False)
