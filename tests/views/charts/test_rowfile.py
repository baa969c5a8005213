"""Rows as files: what they hold comes back, in the zone that was shown."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from livepairs.views.charts.rowfile import RowsAsked

ROWS = pa.table({"ts": pa.array([1_723_161_372_000_000], pa.timestamp("us", tz="UTC")), "z": [1.5]})
MESSAGE = {"act": "file", "key": "csv", "start": 1_723_161_000_000.0, "end": 1_723_162_000_000.0, "minutes": 120}


def test_csv_writes_times_of_the_zone_with_their_offset() -> None:
    asked = RowsAsked.of(MESSAGE)
    assert asked is not None
    made = asked.export(ROWS, "Y-X-pairs")
    assert made.name == "livepairs-Y-X-pairs-20240808T235000Z.csv"
    assert b'"2024-08-09T01:56:12.000000+02:00",1.5' in made.data
    read = pd.read_csv(io.BytesIO(made.data), parse_dates=["ts"])
    assert read["ts"][0] == pd.Timestamp("2024-08-08T23:56:12Z")


def test_parquet_keeps_the_moment_and_names_the_zone() -> None:
    asked = RowsAsked.of({**MESSAGE, "key": "parquet", "minutes": -90})
    assert asked is not None
    table = parquet.read_table(io.BytesIO(asked.export(ROWS, "Y-X-pairs").data))
    assert table["ts"].cast(pa.int64()).to_pylist() == [1_723_161_372_000_000]
    assert str(table["ts"].type) == "timestamp[us, tz=-01:30]"


@pytest.mark.parametrize("part", [{"key": "exe"}, {"minutes": 5000}, {"minutes": "x"}])
def test_what_makes_no_sense_is_no_file(part: dict[str, object]) -> None:
    assert RowsAsked.of({**MESSAGE, **part}) is None
