"""Faults of the line: connections lost, closed, silent, slow or refused.

``faults`` finds every public function here by its name.
"""

from __future__ import annotations

import math
from typing import Final

from livepairs.errors import ConfigError
from livepairs.venue.client import Client
from livepairs.venue.gate import Refusal, Scope
from livepairs.venue.venue import Venue

__all__ = ["close", "drop", "freeze", "mute_handshake", "refuse", "shutdown", "silence", "slow", "stall"]

_SECOND_US: Final = 1_000_000


def drop(venue: Venue, *, how: str = "reset", which: str = "all") -> None:
    """Lose the TCP connection without a close frame; how is reset or end, which is all, oldest or newest."""
    if how not in ("reset", "end"):
        raise ConfigError(f"fault drop has how {how!r}; it must be reset or end")
    venue.audience.each("drop", which, lambda client: client.hang_up(is_reset=how == "reset"))


def close(venue: Venue, *, code: int = 1001, reason: str = "", which: str = "all") -> None:
    """Close with a close frame of that code."""
    if not (1000 <= code <= 4999) or code in (1004, 1005, 1006, 1015):
        raise ConfigError(f"fault close has code {code}; it must be one that may be sent, such as 1001, 1008 or 1012")
    venue.audience.each("close", which, lambda client: venue.closing.append((client, code, reason)))


def shutdown(venue: Venue, *, lead_s: float = 1.0) -> None:
    """Announce serverShutdown, and close with 1001 after so long."""

    def announce(client: Client) -> None:
        message = f'{{"e":"serverShutdown","E":{venue.time.now_us() // 1_000}}}'
        venue.audience.tell([("!serverShutdown", client)], [message])
        venue.later(round(lead_s * _SECOND_US), lambda: venue.closing.append((client, 1001, "")))

    venue.audience.each("shutdown", "all", announce)


def stall(venue: Venue, *, for_s: float = 0.0, which: str = "all") -> None:
    """Send no data on open connections (pings go on); for_s 0 is for good."""
    venue.audience.each("stall", which, lambda client: client.stall(_until(venue, for_s)))


def freeze(venue: Venue, *, which: str = "all") -> None:
    """Neither read nor write on open connections any more: no data, no pings, no pongs."""
    venue.audience.each("freeze", which, Client.freeze)


def silence(venue: Venue, *, stream: str = "", for_s: float = 0.0) -> None:
    """Let one stream fall silent on open connections; for_s 0 is for good."""
    if not stream:
        raise ConfigError("fault silence needs a stream, for example silence:stream=ethusdt@aggTrade")
    venue.audience.each(f"silence {stream}", "all", lambda client: client.silence(stream, _until(venue, for_s)))


def slow(venue: Venue, *, per_s: float = 10.0, for_s: float = 0.0, which: str = "all") -> None:
    """Send no more than so many messages a second on open connections, so that data falls behind."""

    def slow_down(client: Client) -> None:
        client.slow_down(per_s, venue.now_us())
        if for_s > 0:
            venue.later(round(for_s * _SECOND_US), lambda: client.slow_down(math.inf, venue.now_us()))

    venue.audience.each("slow", which, slow_down)


def mute_handshake(venue: Venue, *, for_s: float = 0.0) -> None:
    """Accept connections and never answer the handshake; for_s 0 is for good."""
    venue.is_deaf = True
    if for_s > 0:
        venue.later(round(for_s * _SECOND_US), lambda: setattr(venue, "is_deaf", False))


def refuse(
    venue: Venue, *, status: int = 429, retry_after_s: int = 0, times: int = 0, for_s: float = 0.0, scope: str = "both"
) -> None:
    """Answer 429, 418, 451, 403 or 5xx at handshake, rest or both, so many times or for so long (0: for good)."""
    if scope not in ("handshake", "rest", "both"):
        raise ConfigError(f"fault refuse has scope {scope!r}; it must be handshake, rest or both")
    if not 400 <= status <= 599:
        raise ConfigError(f"fault refuse has status {status}; it must be 400 to 599")
    where: Scope = scope  # type: ignore[assignment]  # one of the three, as was just seen
    venue.gate.refuse(Refusal(where, status, retry_after_s or None, times or math.inf, _until(venue, for_s)))


def _until(venue: Venue, for_s: float) -> float:
    """Return the end of so many seconds from now on, on the machine's clock; never for 0."""
    return venue.now_us() + for_s * _SECOND_US if for_s > 0 else math.inf
