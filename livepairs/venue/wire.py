"""Writes messages as they are on the wire: the order of the keys, the decimals, and the frame around them.

A message is one compact JSON text. ``framed`` puts it into the websocket frame of a server (unmasked), so that
thousands of them can be sent with one write; whoever reads cannot tell the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.venue.book import Rows
from livepairs.venue.rules import Market

__all__ = ["Style", "agg_trades", "decimals_of", "framed", "in_envelope", "numbers", "raw_trades"]

_TEXT: Final = 0x81
_MOST_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Style:
    """How one symbol's messages are written.

    Parameters
    ----------
    price_decimals, qty_decimals
        Decimals of prices and quantities; a number that needs more gets more.
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


def agg_trades(rows: Rows, style: Style, *, event_us: int, is_rest: bool = False) -> list[str]:
    """Return the aggTrade messages of these trades, without an envelope.

    Parameters
    ----------
    event_us
        How long after its trade each message is sent.
    is_rest
        As a row of the REST answer: without event, symbol and market.
    """
    price, qty = numbers(rows.price, style.price_decimals), numbers(rows.qty, style.qty_decimals)
    stamps = rows.ts_us // style.unit_us
    sent = (rows.ts_us + event_us) // style.unit_us
    first = rows.first_id.tolist()
    keys: list[tuple[str, str, Sequence[object] | None]] = [
        ("e", '"aggTrade"', None),
        ("E", "%d", sent.tolist()),
        ("a", "%d", rows.trade_id.tolist()),
        ("s", f'"{style.symbol}"', None),
        ("p", '"%s"', price),
        ("q", '"%s"', qty),
        ("nq", '"%s"', qty),
        ("f", "%d", first),
        ("l", "%d", first),
        ("T", "%d", stamps.tolist()),
        ("m", "%s", _flags(rows)),
        ("st", "1", None),
        ("M", "true", None),
    ]
    if style.market == "spot":
        # One taker order, whatever its price; neither nq nor st, and an M that means nothing.
        keys = _moved([key for key in keys if key[0] not in ("nq", "st")], "s", after="E")
    else:
        keys.pop()
    left_out = style.without | ({"e", "E", "s", "st"} if is_rest else set())
    return _messages([key for key in keys if key[0] not in left_out], style, len(rows))


def raw_trades(rows: Rows, style: Style, *, event_us: int) -> list[str]:
    """Return the trade messages of these trades; an id spent on no trade has ``X`` NA, price and quantity zero."""
    price, qty = numbers(rows.price, style.price_decimals), numbers(rows.qty, style.qty_decimals)
    is_trade = rows.is_trade.tolist()
    price = [text if is_real else "0" for text, is_real in zip(price, is_trade, strict=True)]
    qty = [text if is_real else "0" for text, is_real in zip(qty, is_trade, strict=True)]
    keys: list[tuple[str, str, Sequence[object] | None]] = [
        ("e", '"trade"', None),
        ("E", "%d", ((rows.ts_us + event_us) // style.unit_us).tolist()),
        ("T", "%d", (rows.ts_us // style.unit_us).tolist()),
        ("s", f'"{style.symbol}"', None),
        ("t", "%d", rows.first_id.tolist()),
        ("p", '"%s"', price),
        ("q", '"%s"', qty),
        ("X", '"%s"', ["MARKET" if is_real else "NA" for is_real in is_trade]),
        ("m", "%s", _flags(rows)),
        ("st", "1", None),
        ("M", "true", None),
    ]
    if style.market == "spot":
        keys = _moved([key for key in keys if key[0] not in ("X", "st")], "T", after="q")
    else:
        keys.pop()
    return _messages([key for key in keys if key[0] not in style.without], style, len(rows))


def _flags(rows: Rows) -> list[str]:
    return ["true" if flag else "false" for flag in rows.buyer_is_maker.tolist()]


def _moved(
    keys: list[tuple[str, str, Sequence[object] | None]], name: str, *, after: str
) -> list[tuple[str, str, Sequence[object] | None]]:
    """Return the keys with one of them put behind another."""
    moved = next(key for key in keys if key[0] == name)
    rest = [key for key in keys if key[0] != name]
    place = next(place for place, key in enumerate(rest) if key[0] == after) + 1
    return [*rest[:place], moved, *rest[place:]]


def _messages(keys: list[tuple[str, str, Sequence[object] | None]], style: Style, count: int) -> list[str]:
    pattern = "{" + ",".join(f'"{name}":{form}' for name, form, _ in keys)
    pattern += f",{style.extra.replace('%', '%%')}}}" if style.extra else "}"
    columns = [values for _, _, values in keys if values is not None]
    return [pattern % row for row in zip(*columns, strict=True)] if columns else [pattern % ()] * count


def in_envelope(stream: str, messages: Iterable[str]) -> list[str]:
    """Return the messages as a combined stream delivers them."""
    head = f'{{"stream":"{stream}","data":'
    return [f"{head}{message}}}" for message in messages]


def framed(messages: Iterable[str | bytes]) -> list[bytes]:
    """Return each message as one complete text frame."""
    return [_frame(message.encode() if isinstance(message, str) else message) for message in messages]


def _frame(content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        return bytes((_TEXT, size)) + content
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + content
    return b"\x81\x7f" + size.to_bytes(8, "big") + content
