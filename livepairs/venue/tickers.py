"""What is derived from trades: candles, the best bid and ask, and the rolling day.

Candles come every quarter of a second while there is trading; the best bid and ask are made up around the last trade,
a tick apart, because a tape of trades has no book.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from livepairs.venue.book import Rows, SymbolBook
from livepairs.venue.routes import Stream
from livepairs.venue.wire import Style

__all__ = ["INTERVALS_US", "Candle", "Tickers", "candle_of"]

_MINUTE_US: Final = 60_000_000
_DAY_US: Final = 86_400_000_000
_MOST_ROWS: Final = 200_000
"""How far a rolling day looks back: enough for minutes of trading, and never seconds of computing."""

INTERVALS_US: Final = {
    "1m": _MINUTE_US,
    "3m": 3 * _MINUTE_US,
    "5m": 5 * _MINUTE_US,
    "15m": 15 * _MINUTE_US,
    "30m": 30 * _MINUTE_US,
    "1h": 60 * _MINUTE_US,
}


@dataclass(frozen=True, slots=True)
class Candle:
    """The trades of a span: prices, volumes in base and quote, those of takers who bought, count and ids."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    quote: float
    bought: float
    bought_quote: float
    count: int
    first_id: int
    last_id: int


def candle_of(rows: Rows) -> Candle | None:
    """Return the candle of some trades; None of none."""
    kept = np.flatnonzero(rows.is_trade)
    if not len(kept):
        return None
    price, qty, bought = rows.price[kept], rows.qty[kept], ~rows.buyer_is_maker[kept]
    quote = price * qty
    return Candle(
        open=float(price[0]),
        high=float(price.max()),
        low=float(price.min()),
        close=float(price[-1]),
        volume=float(qty.sum()),
        quote=float(quote.sum()),
        bought=float(qty[bought].sum()),
        bought_quote=float(quote[bought].sum()),
        count=len(kept),
        first_id=int(rows.first_id[kept[0]]),
        last_id=int(rows.first_id[kept[-1]]),
    )


class Tickers:
    """Makes derived messages from the books.

    Parameters
    ----------
    books, styles
        Of each symbol.
    """

    def __init__(self, books: Mapping[str, SymbolBook], styles: Mapping[str, Style]) -> None:
        self._books, self._styles = books, styles
        self._seen: dict[Stream, int] = {}
        self._open_us: dict[Stream, int] = {}

    def candles(self, stream: Stream, now_us: int) -> list[str]:
        """Return the candle messages due: the one just closed, and the open one if it has new trades."""
        book = self._books.get(stream.symbol or "")
        if book is None:
            return []
        width_us = INTERVALS_US[stream.interval]
        open_us = now_us // width_us * width_us
        messages = []
        before_us = self._open_us.get(stream, open_us)
        if before_us != open_us:
            messages += self._candle(book, stream, before_us, is_closed=True)
        if book.end != self._seen.get(stream):
            messages += self._candle(book, stream, open_us, is_closed=False)
        self._open_us[stream], self._seen[stream] = open_us, book.end
        return messages

    def _candle(self, book: SymbolBook, stream: Stream, open_us: int, *, is_closed: bool) -> list[str]:
        width_us, style = INTERVALS_US[stream.interval], self._styles[book.symbol]
        rows = book.rows(book.place_of_time(open_us), book.place_of_time(open_us + width_us))
        candle = candle_of(rows)
        if candle is None:
            return []
        body = {
            "t": open_us // style.unit_us,
            "T": (open_us + width_us) // style.unit_us - 1,
            "s": book.symbol,
            "i": stream.interval,
            "f": candle.first_id,
            "L": candle.last_id,
            **_prices(candle, style),
            "v": _amount(candle.volume, style),
            "n": candle.count,
            "x": is_closed,
            "q": f"{candle.quote:.5f}",
            "V": _amount(candle.bought, style),
            "Q": f"{candle.bought_quote:.5f}",
            "B": "0",
        }
        event_ms = (open_us + width_us) // 1_000 if is_closed else int(rows.ts_us[-1]) // 1_000
        return [_text({"e": "kline", "E": event_ms, "s": book.symbol, "k": body})]

    def book_tickers(self, symbol: str, rows: Rows) -> list[str]:
        """Return the best bid and ask after each of some trades."""
        style = self._styles[symbol]
        tick = 10.0**-style.tick_decimals
        messages = []
        for place in np.flatnonzero(rows.is_trade).tolist():
            price, is_bid = float(rows.price[place]), bool(rows.buyer_is_maker[place])
            bid, ask = (price, price + tick) if is_bid else (price - tick, price)
            quote = {
                "u": int(rows.trade_id[place]) * 3,
                "s": symbol,
                "b": f"{bid:.{style.price_decimals}f}",
                "B": _amount(float(rows.qty[place]), style),
                "a": f"{ask:.{style.price_decimals}f}",
                "A": _amount(float(rows.qty[place]), style),
            }
            stamp_ms = int(rows.ts_us[place]) // 1_000
            messages.append(_text(quote if style.market == "spot" else _future_quote(quote, symbol, stamp_ms)))
        return messages

    def mini(self, symbol: str | None, now_us: int) -> list[str]:
        """Return the rolling day of one symbol, or of all that traded (None), a coin-margined one among them."""
        if symbol is not None:
            row = self._mini(symbol, now_us)
            return [] if row is None else [_text(row)]
        rows = [row for name in self._books if (row := self._mini(name, now_us)) is not None]
        if rows and self._styles[next(iter(self._books))].market == "um":
            rows.append(rows[0] | {"s": "BTCUSD_PERP", "ps": "BTCUSD", "st": 2})
        return [_text(rows)] if rows else []

    def _mini(self, symbol: str, now_us: int) -> dict[str, Any] | None:
        book = self._books.get(symbol)
        if book is None:
            return None
        end, style = book.place_of_time(now_us + 1), self._styles[symbol]
        candle = candle_of(book.rows(max(book.place_of_time(now_us - _DAY_US), end - _MOST_ROWS), end))
        if candle is None:
            return None
        head = {"e": "24hrMiniTicker", "E": now_us // 1_000, "s": symbol}
        prices = _prices(candle, style)
        tail = {"v": _amount(candle.volume, style), "q": f"{candle.quote:.5f}"}
        ends = {} if style.market == "spot" else {"ps": symbol, "st": 1}
        return head | {"c": prices.pop("c")} | prices | tail | ends


def _future_quote(quote: dict[str, Any], symbol: str, stamp_ms: int) -> dict[str, Any]:
    head = {"e": "bookTicker", "u": quote["u"], "s": symbol, "ps": symbol}
    return head | quote | {"T": stamp_ms, "E": stamp_ms + 1, "st": 1}


def _prices(candle: Candle, style: Style) -> dict[str, str]:
    values = {"o": candle.open, "c": candle.close, "h": candle.high, "l": candle.low}
    return {name: f"{value:.{style.price_decimals}f}" for name, value in values.items()}


def _amount(value: float, style: Style) -> str:
    return f"{value:.{style.qty_decimals}f}"


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
