"""The numbers a live source goes by, and where it connects: plain values, so that tests can shorten every wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from livepairs.exchanges.binance_routes import Market

__all__ = ["MINUTE_WEIGHT", "Endpoints", "LiveLimits"]

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US

MINUTE_WEIGHT: Final[dict[Market, int]] = {"um": 2400, "spot": 6000}
"""Request weight an address may spend in a clock minute; on futures it is shared with the coin-margined market."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a market is served: scheme, host and port of its websocket and of its REST interface."""

    ws: str
    rest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """How long a live source waits for what, and how much it holds. Times are microseconds.

    Parameters
    ----------
    chunk_us
        A chunk comes at least this often, and at the moment a bar closes.
    queue_frames
        Frames that may wait to be decoded; what comes beyond is dropped, and fetched again like any other gap.
    batch_frames
        Frames decoded at a time, so that a backlog does not hold up the loop.
    stale_us
        Age of the data, by the venue's own stamps or in our queue, beyond which it is quicker to connect anew.
    open_us
        How long a connection may take to open.
    first_data_us
        How long a new connection may stay without data. The venue refuses no wrong name, so this is what tells.
    silent_us
        How long a connection with a heartbeat may be silent, and how long one stream of it, before it is named.
    quiet_us
        How long a symbol may be without a trade before the venue is asked whether there were any; doubles while quiet.
    quiet_most_us
        What that doubles up to.
    recheck_us
        The same for a symbol of which nothing has come since a connection was lost.
    slack_us
        Age at which a trade that REST has should have come by the stream as well.
    rotate_us
        Age at which a connection is replaced; the venue cuts it at 24 hours.
    overlap_us
        How long the old connection goes on once the new one has data.
    backoff_us, backoff_most_us
        First and longest wait before connecting again; doubles, jittered, until data has come.
    connects, connects_us
        Connections tried within that time at most; the venue bans who tries more than 300 in five minutes.
    close_us
        How long the venue may take to answer a goodbye.
    clock_us
        How often the venue's clock is asked for.
    request_us
        How long a REST request may take.
    weight_share
        Share of the venue's request weight that is spent at most; other programs of this address need some too.
    tail_tries
        How often rows that the stream announced and REST does not have yet are asked for.
    retry_us
        First wait before a failed request is tried again; doubles up to ``backoff_most_us``.
    most_gaps
        Entries the ledger keeps.
    """

    chunk_us: int = 50_000
    queue_frames: int = 200_000
    batch_frames: int = 20_000
    stale_us: int = 10 * SECOND_US
    open_us: int = 10 * SECOND_US
    first_data_us: int = 10 * SECOND_US
    silent_us: int = 10 * SECOND_US
    quiet_us: int = 30 * SECOND_US
    quiet_most_us: int = 15 * MINUTE_US
    recheck_us: int = 3 * SECOND_US
    slack_us: int = 2 * SECOND_US
    rotate_us: int = 23 * HOUR_US
    overlap_us: int = 2 * SECOND_US
    backoff_us: int = SECOND_US // 2
    backoff_most_us: int = MINUTE_US
    connects: int = 100
    connects_us: int = 5 * MINUTE_US
    close_us: int = 2 * SECOND_US
    clock_us: int = MINUTE_US
    request_us: int = 10 * SECOND_US
    weight_share: float = 0.8
    tail_tries: int = 8
    retry_us: int = SECOND_US // 2
    most_gaps: int = 10_000
