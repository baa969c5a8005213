"""Equality of batches and tables to the last bit, every NaN being the same NaN."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["same_bits"]


def same_bits(one: pa.RecordBatch | pa.Table, other: pa.RecordBatch | pa.Table) -> bool:
    """Return whether both have the same schema and the same rows; how they are cut into batches does not matter."""
    if not one.schema.equals(other.schema) or one.num_rows != other.num_rows:
        return False
    return all(_same(one.column(name), other.column(name)) for name in one.schema.names)


def _same(one: pa.Array | pa.ChunkedArray, other: pa.Array | pa.ChunkedArray) -> bool:
    if not pa.types.is_floating(one.type):
        return one.to_pylist() == other.to_pylist()
    return _canonical(one) == _canonical(other)


def _canonical(column: pa.Array | pa.ChunkedArray) -> bytes:
    values = np.concatenate([np.empty(0), *(part.to_numpy() for part in getattr(column, "chunks", [column]))])
    return np.where(np.isnan(values), np.nan, values).tobytes()
