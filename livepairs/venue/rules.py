"""What a venue allows: limits, pings and lifetimes, each with the value that was documented or measured.

Numbers of ``um`` were measured on the live venue in October 2026 where they could be, else documented; those of
``spot`` are documented. ``Rules`` can be changed field by field, which is how a test shortens a day to a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["RULES", "Market", "Rules"]

Market = Literal["um", "spot"]

_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US


@dataclass(frozen=True, slots=True)
class Rules:
    """What one market allows its clients.

    Parameters
    ----------
    streams
        Streams a connection may have; one more is answered by error 4 and close code 1008.
    messages_burst, messages_per_s
        Messages (ping and pong frames too) a client may send at once, and in the long run; beyond that close code 1008.
    ping_every_us, pong_within_us
        How often the venue pings, and how long it waits for the pong before it hangs up without a close frame.
    lifetime_us
        When a connection is ended, however busy it is.
    is_cut_announced
        Whether that end comes with a close frame (1001); else the line just goes dead.
    attempts, attempts_within_us
        Handshakes allowed within that time; then HTTP 429.
    weight_per_minute
        Request weight in a UTC minute; then HTTP 429, and 418 for those who go on.
    history_us
        How far back aggregated trades can be asked for; then error -4166.
    aggregation_us, latency_us
        How long after its trade an aggregated trade is sent, and a raw trade.
    backlog_bytes
        What may wait for a client that reads slowly; beyond that the venue hangs up without a close frame.
    """

    streams: int = 1024
    messages_burst: int = 15
    messages_per_s: float = 10.0
    ping_every_us: int = 180 * _SECOND_US
    pong_within_us: int = 600 * _SECOND_US
    lifetime_us: int = 24 * _HOUR_US
    is_cut_announced: bool = True
    attempts: int = 300
    attempts_within_us: int = 300 * _SECOND_US
    weight_per_minute: int = 2400
    history_us: int = 48 * _HOUR_US
    aggregation_us: int = 150_000
    latency_us: int = 1_000
    backlog_bytes: int = 16_777_216


RULES: Final[dict[Market, Rules]] = {
    "um": Rules(),
    "spot": Rules(
        messages_burst=5,
        messages_per_s=5.0,
        ping_every_us=20 * _SECOND_US,
        pong_within_us=60 * _SECOND_US,
        weight_per_minute=6000,
        aggregation_us=1_000,
    ),
}
