"""Faults of the data: trades missing, doubled, turned round, late, spoilt.

``faults`` finds every public function here by its name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from livepairs.errors import ConfigError, did_you_mean
from livepairs.venue.venue import Venue
from livepairs.venue.wire import framed

__all__ = [
    "burst",
    "duplicate",
    "fill_ids",
    "keys",
    "late",
    "malformed",
    "merged",
    "outlier",
    "replay",
    "shuffle",
    "skip",
    "zero",
]

_SECOND_US: Final = 1_000_000


def skip(venue: Venue, *, symbol: str = "", count: int = 10) -> None:
    """Never send the next aggregated trades; REST has them."""
    for name in _symbols(venue, symbol):
        venue.tampering.skip(name, count)


def duplicate(venue: Venue, *, symbol: str = "", count: int = 10) -> None:
    """Send the last aggregated trades once more."""
    for name in _symbols(venue, symbol):
        venue.tampering.repeat(name, count)


def replay(venue: Venue, *, count: int = 100) -> None:
    """Begin each new subscription with the last aggregated trades, as duplicates after a reconnect."""
    venue.replayed = count


def shuffle(venue: Venue, *, symbol: str = "", count: int = 10) -> None:
    """Send the next aggregated trades in one go, the last first."""
    for name in _symbols(venue, symbol):
        venue.tampering.turn(name, count)


def late(venue: Venue, *, symbol: str = "", count: int = 10, by_s: float = 2.0) -> None:
    """Send the next aggregated trades so much later, after others have passed them."""
    for name in _symbols(venue, symbol):
        venue.tampering.hold(name, count, venue.time.now_us() + round(by_s * _SECOND_US))


def burst(venue: Venue, *, symbol: str = "", count: int = 348) -> None:
    """Let so many trades happen in one millisecond."""
    for name in _symbols(venue, symbol):
        tick = 10.0 ** -venue.styles[name].tick_decimals
        steps = np.arange(count) % 7 - 3
        step = 10.0 ** -venue.styles[name].qty_decimals
        prices = np.round(venue.price_of(name) + steps * tick, venue.styles[name].price_decimals)
        venue.happen(name, prices, np.round((np.arange(count) % 5 + 1) * step, venue.styles[name].qty_decimals))


def zero(venue: Venue, *, symbol: str = "", count: int = 1) -> None:
    """Spend ids on no trade: price and quantity zero, and X NA on the raw stream."""
    for name in _symbols(venue, symbol):
        venue.happen(name, np.zeros(count), np.zeros(count))


def fill_ids(venue: Venue, *, symbol: str = "", count: int = 1) -> None:
    """Leave out ids of single fills (f, l) while aggregated ids stay contiguous."""
    for name in _symbols(venue, symbol):
        venue.books[name].skip_fill_ids(count)


def outlier(venue: Venue, *, symbol: str = "", factor: float = 1.1) -> None:
    """Tell a raw trade of the insurance fund, far off the market; aggregated trades never hold those."""
    for name in _symbols(venue, symbol):
        now_ms = venue.time.now_us() // 1_000
        price = f"{venue.price_of(name) * factor:.{venue.styles[name].price_decimals}f}"
        message = (
            f'{{"e":"trade","E":{now_ms},"T":{now_ms},"s":"{name}","t":{now_ms},"p":"{price}","q":"1",'
            f'"X":"INSURANCE_FUND","m":false,"st":1}}'
        )
        venue.audience.tell_stream(f"{name.lower()}@trade", [message])


def keys(venue: Venue, *, without: str = "nq+st", extra: str = "") -> None:
    """Leave keys out of trades and marks (joined by +: nq, st, ap), and add one nobody knows."""
    addition = f'"{extra}":{{"new":[1,null]}}' if extra else ""
    left_out = frozenset(filter(None, without.split("+")))
    for name, style in venue.styles.items():
        venue.styles[name] = replace(style, without=left_out, extra=addition)
    venue.marks.without, venue.marks.extra = left_out, extra


def merged(venue: Venue, *, symbol: str = "", count: int = 1) -> None:
    """Tell an aggregated trade of a coin-margined contract (st 2) on a stream of this market."""
    for name in _symbols(venue, symbol):
        now_ms = venue.time.now_us() // 1_000
        message = (
            f'{{"e":"aggTrade","E":{now_ms},"a":{now_ms},"s":"BTCUSD_PERP","p":"83050.5","q":"118","nq":"118",'
            f'"f":{now_ms},"l":{now_ms},"T":{now_ms},"m":false,"st":2}}'
        )
        venue.audience.tell_stream(f"{name.lower()}@aggTrade", [message] * count)


_GARBAGE: Final[dict[str, bytes]] = {
    "truncated": b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1791382992488,"a":34778',
    "garbage": b"\x00not json at all\x7f",
    "empty": b"",
    "null": b"null",
    "list": b"[1,2,3]",
    "types": b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":"x","a":"y","s":7,"p":null,"q":[],"T":{}}}',
    "numbers": b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1,"a":1,"s":"BTCUSDT","p":"NaN","q":"-1",'
    b'"f":1,"l":1,"T":99999999999999999999,"m":false,"st":1}}',
    "deep": b"[" * 5_000 + b"]" * 5_000,
    "utf8": b"\xff\xfe{}",
    "error": b'{"error":{"code":0,"msg":"Unknown error"}}',
}


def malformed(venue: Venue, *, kind: str = "truncated", times: int = 1) -> None:
    """Send what is no message: truncated, garbage, empty, null, list, types, numbers, deep, utf8, error, or all."""
    if kind != "all" and kind not in _GARBAGE:
        raise ConfigError(
            f"fault malformed has kind {kind!r}{did_you_mean(kind, _GARBAGE)}; there are {', '.join(_GARBAGE)} and all"
        )
    chosen = [text for name, text in _GARBAGE.items() if name != "utf8"] if kind == "all" else [_GARBAGE[kind]]
    frames = framed(chosen * times)
    venue.audience.each("malformed", "all", lambda client: client.deliver("", frames, venue.now_us()))


def _symbols(venue: Venue, symbol: str) -> tuple[str, ...]:
    return (venue.check_symbol(symbol),) if symbol else venue.symbols
