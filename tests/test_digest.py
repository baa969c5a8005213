"""The digest, recomputed value by value with ``struct`` from what its documentation says."""

from __future__ import annotations

import hashlib
import struct
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.alerts.event import Event, event_batch
from livepairs.digest import RunDigest
from livepairs.schema import BARS, EVENTS, PAIRS, empty
from tests.factories import make_bars

FORMATS = {"double": "<d", "int64": "<q", "bool": "?", "timestamp[us, tz=UTC]": "<q"}


def streams(batch: pa.RecordBatch) -> list[bytes]:
    """Return the canonical bytes of each column; of texts their lengths, then the texts."""
    found = []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        values = (column.cast(pa.int64()) if pa.types.is_timestamp(field.type) else column).to_pylist()
        if pa.types.is_string(field.type):
            texts = [value.encode() for value in values]
            found += [b"".join(struct.pack("<i", len(text)) for text in texts), b"".join(texts)]
        else:
            found.append(b"".join(struct.pack(FORMATS[str(field.type)], value) for value in values))
    return found


def recipe(batches: dict[str, pa.RecordBatch]) -> str:
    lines = [f"{hop}:{hashlib.sha256(s).hexdigest()}\n" for hop, batch in batches.items() for s in streams(batch)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def pairs_batch(z: np.ndarray) -> pa.RecordBatch:
    columns = {field.name: pa.array(np.arange(float(len(z)))) for field in PAIRS}
    columns |= {"ts": pa.array(range(len(z)), PAIRS.field("ts").type), "pair": pa.array(["Y/X"] * len(z))}
    columns |= {"z": pa.array(z), "is_ready": pa.array([True] * len(z))}
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=PAIRS)


def test_digest_is_the_documented_recipe() -> None:
    batches = {
        "bars": make_bars({"A": [1.5, 2.5], "Ä": [3.5, -0.0]}, first_bar=1_700_000_000),
        "pairs": pairs_batch(np.array([0.25, float("nan")])),
        "events": event_batch([Event(7, "z-score", "Y/X", "fired", "warning", 2.5, "Y/X z +2.50 is beyond 2")]),
    }
    digest = RunDigest()
    for hop, batch in batches.items():
        digest.update(hop, batch)
    assert digest.hex() == recipe(batches)


def test_digest_of_nothing_is_that_of_three_empty_hops() -> None:
    assert RunDigest().hex() == recipe({"bars": empty(BARS), "pairs": empty(PAIRS), "events": empty(EVENTS)})


def test_where_one_text_ends_and_the_next_begins_counts() -> None:
    one, two = RunDigest(), RunDigest()
    one.update("bars", make_bars({"AB": [1.0], "C": [1.0]}))
    two.update("bars", make_bars({"A": [1.0], "BC": [1.0]}))
    assert one.hex() != two.hex()


def test_every_nan_is_the_same_and_zeros_are_told_apart() -> None:
    def digest_of(bits: int) -> str:
        digest = RunDigest()
        digest.update("pairs", pairs_batch(np.array([bits], np.uint64).view(np.float64)))
        return digest.hex()

    quiet, payload, negative = 0x7FF8000000000000, 0x7FF8000000000123, 0xFFF8000000000000
    assert digest_of(quiet) == digest_of(payload) == digest_of(negative)
    assert digest_of(0) != digest_of(1 << 63)


@given(st.sets(st.integers(0, 40)))
def test_neither_slicing_nor_the_turns_of_the_hops_matter(cuts: set[int]) -> None:
    bars = make_bars({"A": range(1, 41)})
    pairs = pairs_batch(np.arange(40.0))
    whole, cut = RunDigest(), RunDigest()
    whole.update("pairs", pairs)
    whole.update("bars", bars)
    for begin, end in pairwise([0, *sorted(cuts), 40]):
        cut.update("bars", bars.slice(begin, end - begin))
        cut.update("pairs", pairs.slice(begin, end - begin))
    assert cut.hex() == whole.hex()


@pytest.mark.parametrize("column", BARS.names)
def test_every_column_counts(column: str) -> None:
    bars = make_bars({"A": [1.5]})
    other = {"ts": 1_000_000, "symbol": "B", "is_filled": True, "trade_count": 2}.get(column, 9.5)
    place = BARS.get_field_index(column)
    changed = bars.set_column(place, BARS.field(column), pa.array([other], BARS.field(column).type))
    one, two = RunDigest(), RunDigest()
    one.update("bars", bars)
    two.update("bars", changed)
    assert one.hex() != two.hex()
