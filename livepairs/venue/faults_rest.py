"""Faults of the venue's clock and of REST; ``faults`` finds every public function here by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from livepairs.errors import ConfigError
from livepairs.venue.venue import Venue

__all__ = ["clock", "history", "rest_lag", "rest_malformed", "rest_slow"]

_SECOND_US: Final = 1_000_000


def clock(venue: Venue, *, ahead_ms: float = 1270.0, drift_ppm: float = 0.0) -> None:
    """Let the venue's clock run ahead of its clients' (they are behind), and gain or lose on theirs."""
    venue.time.skew(ahead_us=ahead_ms * 1_000, drift_ppm=drift_ppm)


def rest_lag(venue: Venue, *, by_ms: float = 500.0) -> None:
    """Let REST show trades so much later than the stream does."""
    venue.rest_lag_us = round(by_ms * 1_000)


def rest_slow(venue: Venue, *, by_ms: float = 1000.0) -> None:
    """Answer each REST request so much later."""
    venue.rest_delay_us = round(by_ms * 1_000)


def rest_malformed(venue: Venue, *, kind: str = "truncated", times: int = 1) -> None:
    """Spoil REST answers; kind is truncated, html or empty."""
    spoilers: dict[str, Callable[[str], str]] = {
        "truncated": lambda body: body[: len(body) // 2],
        "html": lambda _: "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "empty": lambda _: "",
    }
    if kind not in spoilers:
        raise ConfigError(f"fault rest-malformed has kind {kind!r}; it must be one of {', '.join(spoilers)}")
    left = times

    def spoil(body: str) -> str:
        nonlocal left
        left -= 1
        if left <= 0:
            venue.spoil_rest = None
        return spoilers[kind](body)

    venue.spoil_rest = spoil


def history(venue: Venue, *, last_s: float = 5.0) -> None:
    """Let REST refuse (-4166) what is older than so many seconds instead of 48 hours."""
    venue.history_us = round(last_s * _SECOND_US)
