"""What each exchange says on the wire and in its files: bytes in, rows out; pure.

A room for a venue has ``decode(frames, recv_us) -> Decoded`` for what its websocket sends and, beside it, the row
formats of the files it publishes. The live source and the importers call the same functions, so a frame means the same
thing wherever it is read. Nothing here opens a socket or a file, or looks at a clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from livepairs.errors import LivepairsError
from livepairs.schema import MARKS, TRADES, empty

__all__ = ["Decoded", "Malformed", "Reject", "RowError"]


class RowError(LivepairsError):
    """A line of a venue's file is not what it should be.

    Parameters
    ----------
    line
        The line within the block given, counted from 0.
    found, expected
        What stands there, and what should.
    """

    exit_code = 2

    def __init__(self, line: int, *, found: str, expected: str) -> None:
        self.line, self.found, self.expected = line, found, expected
        super().__init__(f"line {line}: found {found}; expected {expected}")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that is not what the venue sends: its position among the frames given, and what stands there."""

    position: int
    found: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A trade left out of the rows; its id is spent, so it is no gap. ``kind`` is "trade" or "aggTrade"."""

    kind: str
    symbol: str
    trade_id: int
    ts_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a run of frames holds.

    Parameters
    ----------
    trades, agg_trades
        TRADES batches of the venue's single and aggregated trades, in the order of the frames. The two number their
        trades differently, so a recording must never mix them for one symbol.
    marks
        A MARKS batch, in the order of the frames.
    skipped
        Frames left out by kind: they are well formed but hold neither trades nor marks.
    rejected
        Trades and marks left out by reason.
    rejects
        The trades left out, for whoever watches ids.
    malformed
        Frames that could not be read at all.
    min_lag_us
        The smallest difference of receipt and the venue's event time over all frames; None if no frame tells.
    """

    trades: pa.RecordBatch = field(default_factory=lambda: empty(TRADES))
    agg_trades: pa.RecordBatch = field(default_factory=lambda: empty(TRADES))
    marks: pa.RecordBatch = field(default_factory=lambda: empty(MARKS))
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rejects: tuple[Reject, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    min_lag_us: int | None = None
