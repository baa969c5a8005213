"""Which address is which route, and which route owns a stream.

Since April 2026 the futures venue serves each stream on one route only, and nothing tells a client that it asked on the
wrong one: it is acknowledged, listed and silent. A stream of a kind nobody serves is treated just so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, unquote

from livepairs.venue.rules import Market

__all__ = ["Endpoint", "Kind", "Stream", "endpoint_of", "stream_of"]

Kind = Literal["aggTrade", "trade", "markPrice", "kline", "bookTicker", "miniTicker"]
_Route = Literal["market", "public", "private", ""]

_PATH: Final = re.compile(r"(?:/(market|public|private))?/(ws|stream)((?:/[^/]+)*)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client connected.

    Parameters
    ----------
    route
        Whose streams are delivered; the old unrouted address has those of ``public``, spot has one route, ``""``.
    is_combined
        Whether data comes as ``{"stream": ..., "data": ...}``.
    streams
        Those named in the address, as they were written.
    is_in_microseconds
        Whether times are in microseconds; spot alone can be asked for that.
    """

    route: _Route
    is_combined: bool
    streams: tuple[str, ...] = ()
    is_in_microseconds: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """What a name stands for: a kind of data of one symbol, or of all (``symbol`` None), every so many seconds."""

    route: _Route
    kind: Kind
    symbol: str | None
    every_s: int = 1
    interval: str = ""


def endpoint_of(target: str, market: Market) -> Endpoint | None:
    """Read the path and query of a websocket request; None if it is no websocket address of the venue.

    Examples
    --------
    >>> endpoint_of("/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade", "um").streams
    ('btcusdt@aggTrade', 'ethusdt@aggTrade')
    >>> endpoint_of("/stream", "um").route
    'public'
    >>> endpoint_of("/market/ws/", "um") is None
    True
    """
    path, _, query = target.partition("?")
    found = _PATH.fullmatch(unquote(path))
    if found is None or (market == "spot" and found[1]):
        return None
    given = parse_qs(query, keep_blank_values=True)
    is_combined = found[2] == "stream"
    if is_combined and found[3]:
        return None
    text = given.get("streams", [""])[0] if is_combined else found[3]
    unit = given.get("timeUnit", [""])[0].upper()
    return Endpoint(
        route=_route(found[1], market),
        is_combined=is_combined,
        streams=tuple(dict.fromkeys(name for name in text.split("/") if name)),
        is_in_microseconds=market == "spot" and unit == "MICROSECOND",
    )


def _route(segment: str | None, market: Market) -> _Route:
    if market == "spot":
        return ""
    return "public" if segment is None else segment  # type: ignore[return-value]  # the pattern has no other


_SYMBOL: Final = r"(?P<symbol>[^!@]+)"
_INTERVAL: Final = r"(?P<interval>1m|3m|5m|15m|30m|1h)"
_NAMES: Final[tuple[tuple[str, _Route, Kind], ...]] = (
    (_SYMBOL + "@aggTrade", "market", "aggTrade"),
    (_SYMBOL + "@markPrice(?P<quick>@1s)?", "market", "markPrice"),
    ("!markPrice@arr(?P<quick>@1s)?", "market", "markPrice"),
    (_SYMBOL + "@kline_" + _INTERVAL, "market", "kline"),
    (_SYMBOL + "@miniTicker", "market", "miniTicker"),
    ("!miniTicker@arr", "market", "miniTicker"),
    (_SYMBOL + "@bookTicker", "public", "bookTicker"),
    # Undocumented on futures, and served on the other route than its aggregated sister.
    (_SYMBOL + "@trade", "public", "trade"),
)
_PATTERNS: Final = tuple((re.compile(pattern), route, kind) for pattern, route, kind in _NAMES)


def stream_of(name: str, market: Market) -> Stream | None:
    """Return what a stream's name stands for; None for one that will be silent for ever.

    Examples
    --------
    >>> stream_of("btcusdt@markPrice@1s", "um")
    Stream(route='market', kind='markPrice', symbol='BTCUSDT', every_s=1, interval='')
    >>> stream_of("BTCUSDT@aggTrade", "um") is None
    True
    """
    matches = ((pattern.fullmatch(name), route, kind) for pattern, route, kind in _PATTERNS)
    match = next((match for match in matches if match[0]), None)
    if match is None or (found := match[0]) is None:
        return None
    route, kind = match[1:]
    if market == "spot" and kind == "markPrice":
        return None
    parts = found.groupdict()
    symbol = parts.get("symbol")
    if symbol is not None and symbol != symbol.lower():
        return None
    return Stream(
        route="" if market == "spot" else route,
        kind=kind,
        symbol=None if symbol is None else symbol.upper(),
        every_s=3 if kind == "markPrice" and not parts.get("quick") else 1,
        interval=parts.get("interval") or "",
    )
