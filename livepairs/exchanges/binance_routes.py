"""Where to connect at Binance and what to ask for there: names of streams, paths, subscription frames.

Since April 2026 the futures' aggTrade and markPrice are served under ``/market`` only. The venue rejects no wrong
route, no unknown name and no name in capitals: it acknowledges and never delivers. So names are made here, once, and
liveness is proved by data, never by an acknowledgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from livepairs.errors import ConfigError

__all__ = [
    "MAX_STREAMS",
    "NAMES_PER_FRAME",
    "Market",
    "connect_path",
    "stream_names",
    "subscribe_frames",
    "symbol_of_stream",
    "url_share",
]

Market = Literal["um", "spot"]
"""USD-M futures or spot."""

MAX_STREAMS: Final = 1024
"""Streams a connection may have; one more and the venue closes it."""
NAMES_PER_FRAME: Final = 200
"""Names in one request; so many have been seen to be accepted."""

_PATHS: Final[dict[Market, str]] = {"um": "/market/stream", "spot": "/stream"}
# Common proxies and servers take request lines of 8 KiB; half of it leaves room for the host and for their own habits.
_MAX_PATH: Final = 4096
_SAFE: Final = "@!_-."


def stream_names(market: Market, symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the streams a run of these symbols needs: each one's aggTrade and, on futures, its mark price.

    The mark price comes every second whether there are trades or not, so it is also the feed's heartbeat.

    Raises
    ------
    ConfigError
        If these are more streams than a connection may have.

    Examples
    --------
    >>> stream_names("um", ["BTCUSDT"])
    ('btcusdt@aggTrade', 'btcusdt@markPrice@1s')
    """
    lower = tuple(dict.fromkeys(symbol.lower() for symbol in symbols))
    names = tuple(f"{symbol}@aggTrade" for symbol in lower)
    if market == "um":
        names += tuple(f"{symbol}@markPrice@1s" for symbol in lower)
    if len(names) > MAX_STREAMS:
        most = MAX_STREAMS * len(lower) // len(names)
        raise ConfigError(f"{len(lower)} symbols are too many for one connection; it takes {most}: name fewer")
    return names


def symbol_of_stream(name: str) -> str | None:
    """Return the symbol of a stream's name, in capitals; None for a stream of all symbols (``!markPrice@arr``)."""
    symbol = name.partition("@")[0]
    return None if symbol.startswith("!") or not symbol else symbol.upper()


def url_share(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that fit into the address to connect to, and those left to be subscribed afterwards."""
    room = _MAX_PATH - len(_PATHS["um"]) - len("?streams=")
    for count, name in enumerate(names):
        room -= len(quote(name, safe=_SAFE)) + 1
        if room < 0:
            return tuple(names[:count]), tuple(names[count:])
    return tuple(names), ()


def connect_path(market: Market, names: Sequence[str]) -> str:
    """Return path and query of a combined stream, with as many names as fit (``url_share`` tells which).

    Examples
    --------
    >>> connect_path("um", ["btcusdt@aggTrade", "btcusdt@markPrice@1s"])
    '/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s'
    """
    within, _ = url_share(names)
    query = "/".join(quote(name, safe=_SAFE) for name in within)
    return f"{_PATHS[market]}?streams={query}" if query else _PATHS[market]


def subscribe_frames(names: Sequence[str], *, first_id: int) -> tuple[bytes, ...]:
    """Return requests for streams, at most ``NAMES_PER_FRAME`` each, numbered from ``first_id``.

    The venue takes 10 messages a second on futures and 5 on spot, pongs included; whoever sends these paces them.

    Examples
    --------
    >>> subscribe_frames(["btcusdt@aggTrade"], first_id=1)
    (b'{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}',)
    """
    parts = [names[at : at + NAMES_PER_FRAME] for at in range(0, len(names), NAMES_PER_FRAME)]
    return tuple(
        msgspec.json.encode({"method": "SUBSCRIBE", "params": list(part), "id": first_id + place})
        for place, part in enumerate(parts)
    )
