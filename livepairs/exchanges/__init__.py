"""What each exchange says on the wire and in its files: bytes in, rows out; pure.

A room for a venue has ``decode(frames, recv_us) -> Decoded`` for what its websocket sends and, beside it, where to
connect and what to ask, the bodies its REST interface answers with, and the row formats of the files it publishes. The
live source and the importers call the same functions, so a frame means the same thing wherever it is read. Nothing here
opens a socket or a file, or looks at a clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

import pyarrow as pa

from livepairs.errors import LivepairsError
from livepairs.schema import MARKS, TRADES, empty

__all__ = [
    "Ack",
    "Decoded",
    "Malformed",
    "Notice",
    "Refusal",
    "Reject",
    "RowError",
    "Shutdown",
    "VenueRefusal",
    "WireError",
]


class WireError(LivepairsError):
    """A body a venue answered with is not what it should be; ``found`` says what stands there instead."""

    def __init__(self, *, found: str, expected: str) -> None:
        self.found, self.expected = found, expected
        super().__init__(f"the venue answered {found}; expected {expected}")


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
class Ack:
    """The venue took note of a request. It proves nothing: a stream that does not exist is acknowledged as well.

    ``streams`` is what a request for the list of subscriptions is answered with; else empty.
    """

    request_id: int | str | None
    streams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The venue refused a request; ``request_id`` is None where it could not even read one."""

    request_id: int | str | None
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """The venue will close this connection soon; ``ts_us`` is when it said so, 0 if it did not say."""

    ts_us: int


Notice = Ack | Refusal | Shutdown
"""What a venue says about the connection itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRefusal:
    """An answer other than 200 to a request or a handshake.

    Parameters
    ----------
    status
        The HTTP status.
    code, message
        What the venue says itself: its own error code, 0 if the body holds none.
    kind
        What to do: ``blocked`` (this address is not served; nothing helps but another place), ``wait`` (too many
        requests; wait as long as said), ``retry`` (the venue's fault; try again with back-off), ``too_old`` (rows no
        longer to be had), ``bad_symbol``, ``bad_request`` (asking again would give the same).
    retry_after_s
        How long to wait at least, seconds; None if not said.
    retry_at_us
        Until when a ban lasts, microseconds since the epoch; None if not said.
    sentence
        The refusal for people, in a sentence.
    """

    status: int
    code: int
    message: str
    kind: Literal["blocked", "wait", "retry", "too_old", "bad_symbol", "bad_request"]
    retry_after_s: float | None = None
    retry_at_us: int | None = None
    sentence: str

    @property
    def is_fatal(self) -> bool:
        """Whether the venue will not serve this address whatever is asked, so that trying again only does harm."""
        return self.kind == "blocked"


_NO_TRADES: Final = empty(TRADES)
_NO_MARKS: Final = empty(MARKS)


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
    notices
        What the venue says about the connection, in the order of the frames; these are counted in ``skipped`` too.
    """

    trades: pa.RecordBatch = field(default_factory=lambda: _NO_TRADES)
    agg_trades: pa.RecordBatch = field(default_factory=lambda: _NO_TRADES)
    marks: pa.RecordBatch = field(default_factory=lambda: _NO_MARKS)
    skipped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    rejects: tuple[Reject, ...] = ()
    malformed: tuple[Malformed, ...] = ()
    min_lag_us: int | None = None
    notices: tuple[Notice, ...] = ()
