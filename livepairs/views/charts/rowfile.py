"""The rows behind a page's charts as a file: CSV with the times of the zone that is shown, or Parquet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from livepairs.views.backtest.export import Export

__all__ = ["ROW_FILES", "RowsAsked"]

ROW_FILES: Final = {"csv": "{}, CSV", "parquet": "{}, Parquet"}
"""Kinds of files, and what they are called."""

_FARTHEST_MINUTES: Final = 14 * 60
"""No zone is farther from UTC."""


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """Which rows a browser asks for, and how.

    Parameters
    ----------
    kind
        A key of ``ROW_FILES``.
    span_us
        First and last event time.
    ahead_minutes
        How far the zone that is shown is ahead of UTC.
    """

    kind: str
    span_us: tuple[int, int]
    ahead_minutes: int

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> RowsAsked | None:
        """Return what a message asks for; None if it makes no sense. Its span is one, of finite milliseconds."""
        kind, minutes = message.get("key"), message.get("minutes", 0)
        if kind not in ROW_FILES or not isinstance(minutes, int | float) or abs(minutes) > _FARTHEST_MINUTES:
            return None
        return cls(kind, (int(message["start"] * 1000), int(message["end"] * 1000)), int(minutes))

    @property
    def zone(self) -> str:
        """The zone as Arrow and ISO 8601 write it, for example ``+02:00``."""
        hours, minutes = divmod(abs(self.ahead_minutes), 60)
        return f"{'-' if self.ahead_minutes < 0 else '+'}{hours:02d}:{minutes:02d}" if self.ahead_minutes else "UTC"

    def export(self, rows: pa.Table, stem: str) -> Export:
        """Return rows with a ``ts`` column as a file; its name says from when."""
        begin = datetime.fromtimestamp(self.span_us[0] / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ")
        sink, name = pa.BufferOutputStream(), f"livepairs-{stem}-{begin}.{self.kind}"
        if self.kind == "csv":
            csv.write_csv(rows.set_column(rows.schema.get_field_index("ts"), "ts", self._texts(rows["ts"])), sink)
            return Export(name, "text/csv", sink.getvalue().to_pybytes())
        zoned = rows["ts"].cast(pa.timestamp("us", tz=self.zone))
        parquet.write_table(rows.set_column(rows.schema.get_field_index("ts"), "ts", zoned), sink, compression="zstd")
        return Export(name, "application/vnd.apache.parquet", sink.getvalue().to_pybytes())

    def _texts(self, times: pa.ChunkedArray) -> pa.Array:
        """Return times as ISO 8601 with the offset, which every reader understands."""
        micros = times.cast(pa.int64()).to_numpy() + self.ahead_minutes * 60_000_000
        texts = np.datetime_as_string(micros.astype("datetime64[us]"), unit="us").tolist()
        offset = "Z" if self.zone == "UTC" else self.zone
        return pa.array([f"{text}{offset}" for text in texts], pa.string())
