"""Rows of EVENTS, whose id is computed from what they say.

The same event seen live, in a replay and after a restart has the same id, so it is one row wherever it is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from livepairs.columns import floats_column, texts_column, times_column
from livepairs.schema import EVENTS

__all__ = ["CLEARED", "FIRED", "Event", "event_batch"]

FIRED: Final = "fired"
CLEARED: Final = "cleared"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a rule said of a subject (a pair or a stream) at a bar time."""

    ts_us: int
    rule: str
    subject: str
    kind: str
    level: str
    value: float
    message: str

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the other columns, separated by a unit separator."""
        text = "\x1f".join(
            (str(self.ts_us), self.rule, self.subject, self.kind, self.level, float(self.value).hex(), self.message)
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_batch(events: list[Event]) -> pa.RecordBatch:
    """Return the events as an EVENTS batch, in their order."""
    columns = [
        texts_column([event.id for event in events]),
        times_column(np.array([event.ts_us for event in events], np.int64)),
        *(texts_column([getattr(event, name) for event in events]) for name in ("rule", "subject", "kind", "level")),
        floats_column(np.array([event.value for event in events], np.float64)),
        texts_column([event.message for event in events]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)
