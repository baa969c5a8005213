"""How a live feed is doing, as one frozen value that any thread may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from livepairs.schema import Gap

__all__ = ["FeedState", "FeedStatus", "StreamState"]

FeedStatus = Literal["connecting", "subscribed", "live", "silent", "rotating", "waiting", "stopped", "refused"]
"""``subscribed`` is connected without data so far; ``silent`` is connected, and the data has stopped; ``waiting`` is
between two attempts; ``refused`` is for good, until somebody starts it again."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """One stream: when its last data came (None if none has), how many rows, and whether it should have had some."""

    last_data_us: int | None = None
    rows: int = 0
    is_silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What there is to say of a live feed. Times are microseconds on the exchange's clock.

    Parameters
    ----------
    status, sentence
        Where it stands, in a word for programs and a sentence for people.
    connected_since_us
        When the present connection opened; None while there is none.
    last_data_us
        When anything came last; None before.
    streams
        By the venue's name of the stream, as ``"btcusdt@aggTrade"``.
    queue_depth, queue_limit
        Frames waiting to be decoded, and how many may.
    offset_us
        Local clock minus the exchange's, as estimated.
    lag_us
        Age of the newest data when it came, by the venue's own stamps and corrected for the clocks; None before any.
    reconnects
        Connections opened after the first one, planned ones included.
    received
        Rows delivered: trades and marks.
    duplicates
        Trades that came again and were left out.
    overflowed
        Frames dropped because the queue was full; the trades in them are gaps in the ledger, or fetched since.
    malformed
        Frames that could not be read.
    rejected
        Trades and marks left out, by reason.
    fetched
        Trades delivered that REST gave.
    gaps
        The ledger, in the order in which gaps were noticed.
    gaps_forgotten
        Entries that the ledger no longer lists because there were too many.
    """

    status: FeedStatus = "connecting"
    sentence: str = "connecting"
    connected_since_us: int | None = None
    last_data_us: int | None = None
    streams: Mapping[str, StreamState] = field(default_factory=dict)
    queue_depth: int = 0
    queue_limit: int = 0
    offset_us: int = 0
    lag_us: int | None = None
    reconnects: int = 0
    received: int = 0
    duplicates: int = 0
    overflowed: int = 0
    malformed: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    fetched: int = 0
    gaps: tuple[Gap, ...] = ()
    gaps_forgotten: int = 0

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """The gaps not healed yet, those that never will be included."""
        return tuple(gap for gap in self.gaps if not gap.is_healed)
