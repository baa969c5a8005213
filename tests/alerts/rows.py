"""PAIRS and FEED rows for the tests of rules: what a test does not name is zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from livepairs.schema import FEED, PAIRS


def pair_rows(
    columns: Mapping[str, Sequence[float]],
    *,
    pairs: Sequence[str] = ("Y/X",),
    first_bar: int = 0,
    bar_us: int = 1_000_000,
) -> pa.RecordBatch:
    """Return PAIRS rows of consecutive bars, each bar with all pairs; a column is given bar by bar, pair by pair."""
    rows = len(next(iter(columns.values())))
    values = {name: [0.0] * rows for name in PAIRS.names} | {name: list(given) for name, given in columns.items()}
    return _batch(PAIRS, values, pairs, first_bar, bar_us)


def feed_rows(
    columns: Mapping[str, Sequence[float]],
    *,
    symbols: Sequence[str] = ("Y", "X"),
    first_bar: int = 0,
    bar_us: int = 1_000_000,
) -> pa.RecordBatch:
    """Return FEED rows in the same way."""
    rows = len(next(iter(columns.values())))
    values = {name: [0.0] * rows for name in FEED.names} | {name: list(given) for name, given in columns.items()}
    return _batch(FEED, values, symbols, first_bar, bar_us)


def _batch(
    schema: pa.Schema, values: dict[str, list[float]], subjects: Sequence[str], first_bar: int, bar_us: int
) -> pa.RecordBatch:
    rows = len(values["ts"])
    arrays = []
    for field in schema:
        if field.name == "ts":
            times = [(first_bar + row // len(subjects)) * bar_us for row in range(rows)]
            arrays.append(pa.array(times, pa.int64()).cast(field.type))
        elif pa.types.is_string(field.type):
            arrays.append(pa.array([subjects[row % len(subjects)] for row in range(rows)], field.type))
        elif pa.types.is_boolean(field.type):
            arrays.append(pa.array([bool(value) for value in values[field.name]], field.type))
        else:
            arrays.append(pa.array([float(value) for value in values[field.name]], field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
