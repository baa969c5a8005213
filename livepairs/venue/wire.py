"""Writes messages as they are on the wire: the order of the keys, the decimals, and the frame around them.

A message is one compact JSON text. ``framed`` puts it into the websocket frame of a server (unmasked), so that
thousands of them can be sent with one write; whoever reads cannot tell the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.venue.book import Rows
from livepairs.venue.rules import Market

__all__ = ["AGG_KEYS", "Frames", "Style", "agg_trades", "decimals_of", "framed", "in_envelope", "numbers", "raw_trades"]

_TEXT: Final = 0x81
_MOST_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Style:
    """How one symbol's messages are written.

    Parameters
    ----------
    price_decimals, qty_decimals
        Decimals of prices and quantities; a number that needs more gets more.
    tick_decimals
        Decimals of the smallest step of the price, which may be fewer than are written.
    unit_us
        1000 where times are in milliseconds, 1 where in microseconds.
    without
        Keys to leave out, as older versions of the venue do.
    extra
        Keys and values nobody has heard of yet, as JSON without braces; empty for none.
    """

    symbol: str
    market: Market = "um"
    price_decimals: int = 2
    qty_decimals: int = 3
    tick_decimals: int = 2
    unit_us: int = 1_000
    without: frozenset[str] = frozenset()
    extra: str = ""


def decimals_of(values: NDArray[np.float64]) -> int:
    """Return how many decimals write all of these numbers exactly, at most eight.

    Examples
    --------
    >>> decimals_of(np.array([0.5, 12.25]))
    2
    """
    return next((count for count in range(_MOST_DECIMALS) if _is_exact(values, count)), _MOST_DECIMALS)


def _is_exact(values: NDArray[np.float64], decimals: int) -> bool:
    scale = 10.0**decimals
    return bool((np.rint(values * scale) / scale == values).all())


def numbers(values: NDArray[np.float64], decimals: int) -> list[str]:
    """Return decimal texts that read back as the very same numbers.

    Examples
    --------
    >>> numbers(np.array([83091.7, 0.001]), 2)
    ['83091.70', '0.001']
    """
    pattern = f"%.{decimals}f"
    if _is_exact(values, decimals):
        return [pattern % value for value in values.tolist()]
    texts = [pattern % value for value in values.tolist()]
    return [
        text if float(text) == value else np.format_float_positional(value, trim="-")
        for text, value in zip(texts, values.tolist(), strict=True)
    ]


AGG_KEYS: Final = (
    ("e", '"aggTrade"'),
    ("E", "%d"),
    ("a", "%d"),
    ("s", '"{symbol}"'),
    ("p", '"%s"'),
    ("q", '"%s"'),
    ("nq", '"%s"'),
    ("f", "%d"),
    ("l", "%d"),
    ("T", "%d"),
    ("m", "%s"),
    ("st", "1"),
)
"""The keys of an aggregated trade on the wire of futures, in their order, and what their values look like."""

# Spot aggregates by taker order; it has neither nq nor st, and an M that means nothing.
_SPOT_AGG_ORDER: Final = ("e", "E", "s", "a", "p", "q", "f", "l", "T", "m", "M")
_TRADE_KEYS: Final = {
    "e": '"trade"',
    "E": "%d",
    "T": "%d",
    "s": '"{symbol}"',
    "t": "%d",
    "p": '"%s"',
    "q": '"%s"',
    "X": '"%s"',
    "m": "%s",
    "st": "1",
    "M": "true",
}
_TRADE_ORDER: Final = ("e", "E", "T", "s", "t", "p", "q", "X", "m", "st")
_SPOT_TRADE_ORDER: Final = ("e", "E", "s", "t", "p", "q", "T", "m", "M")
_STREAM_ONLY: Final = frozenset({"e", "E", "s", "st"})


def agg_trades(rows: Rows, style: Style, *, event_us: int, is_rest: bool = False) -> list[str]:
    """Return the aggTrade messages of these trades, without an envelope.

    Parameters
    ----------
    event_us
        How long after its trade each message is sent.
    is_rest
        As a row of the REST answer: without event, symbol and market.
    """
    first, qty = rows.first_id.tolist(), numbers(rows.qty, style.qty_decimals)
    columns: dict[str, Sequence[object]] = {
        "E": ((rows.ts_us + event_us) // style.unit_us).tolist(),
        "a": rows.trade_id.tolist(),
        "p": numbers(rows.price, style.price_decimals),
        "q": qty,
        "nq": qty,
        "f": first,
        "l": first,
        "T": (rows.ts_us // style.unit_us).tolist(),
        "m": _flags(rows),
    }
    forms = {**dict(AGG_KEYS), "M": "true"}
    order = _SPOT_AGG_ORDER if style.market == "spot" else tuple(name for name, _ in AGG_KEYS)
    left_out = style.without | (_STREAM_ONLY if is_rest else frozenset())
    return _messages([(name, forms[name]) for name in order if name not in left_out], columns, style)


def raw_trades(rows: Rows, style: Style, *, event_us: int) -> list[str]:
    """Return the trade messages of these trades; an id spent on no trade has ``X`` NA, price and quantity zero."""
    price, qty = numbers(rows.price, style.price_decimals), numbers(rows.qty, style.qty_decimals)
    is_trade = rows.is_trade.tolist()
    price = [text if is_real else "0" for text, is_real in zip(price, is_trade, strict=True)]
    qty = [text if is_real else "0" for text, is_real in zip(qty, is_trade, strict=True)]
    columns: dict[str, Sequence[object]] = {
        "E": ((rows.ts_us + event_us) // style.unit_us).tolist(),
        "T": (rows.ts_us // style.unit_us).tolist(),
        "t": rows.first_id.tolist(),
        "p": price,
        "q": qty,
        "X": ["MARKET" if is_real else "NA" for is_real in is_trade],
        "m": _flags(rows),
    }
    order = _SPOT_TRADE_ORDER if style.market == "spot" else _TRADE_ORDER
    return _messages([(name, _TRADE_KEYS[name]) for name in order if name not in style.without], columns, style)


def _flags(rows: Rows) -> list[str]:
    return ["true" if flag else "false" for flag in rows.buyer_is_maker.tolist()]


def _messages(keys: list[tuple[str, str]], columns: dict[str, Sequence[object]], style: Style) -> list[str]:
    pattern = ",".join(f'"{name}":{form}' for name, form in keys).replace("{symbol}", style.symbol)
    pattern = "{" + pattern + (f",{style.extra.replace('%', '%%')}}}" if style.extra else "}")
    used = [columns[name] for name, form in keys if "%" in form]
    return [pattern % row for row in zip(*used, strict=True)]


def in_envelope(stream: str, messages: Iterable[str]) -> list[str]:
    """Return the messages as a combined stream delivers them."""
    head = f'{{"stream":"{stream}","data":'
    return [f"{head}{message}}}" for message in messages]


@dataclass(frozen=True, slots=True)
class Frames:
    """Complete websocket frames, one after the other, and the size of each in bytes."""

    content: bytes
    sizes: list[int]

    def __len__(self) -> int:
        return len(self.sizes)

    def split(self) -> Iterator[bytes]:
        """Yield the frames one by one."""
        start = 0
        for size in self.sizes:
            yield self.content[start : start + size]
            start += size


def framed(messages: Iterable[str | bytes]) -> Frames:
    """Return each message as one complete text frame of a server, which is not masked."""
    frames = [_frame(message.encode() if isinstance(message, str) else message) for message in messages]
    return Frames(b"".join(frames), [len(frame) for frame in frames])


def _frame(content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        return bytes((_TEXT, size)) + content
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + content
    return b"\x81\x7f" + size.to_bytes(8, "big") + content
