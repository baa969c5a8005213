"""Pages of the past for REST: aggregated trades by id or time, the last trades, candles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from livepairs.venue.book import SymbolBook
from livepairs.venue.tickers import INTERVALS_US, candle_of
from livepairs.venue.wire import agg_trades, numbers

if TYPE_CHECKING:
    from livepairs.venue.venue import Venue

__all__ = ["RestError", "agg_trades_page", "candles_page", "last_trades", "limit_of", "whole_number"]

_MOST_DIGITS: Final = 15
_WIDEST_US: Final = 24 * 3_600 * 1_000_000


class RestError(Exception):
    """A request the venue answers with an error.

    Parameters
    ----------
    code, message
        As in the body.
    status
        Of HTTP.
    """

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(message)


def agg_trades_page(venue: Venue, query: Mapping[str, str]) -> str:
    """Return aggregated trades from an id on, of a span of time, or the last ones, as JSON.

    Raises
    ------
    RestError
        If the symbol or a parameter is wrong, or the trades asked for are too old.
    """
    book = _book(venue, query)
    limit = limit_of(query, most=1000)
    from_id, start_ms, end_ms = (whole_number(query, name) for name in ("fromId", "startTime", "endTime"))
    visible, now_us = venue.visible(book.symbol), venue.time.now_us()
    oldest_us = now_us - venue.history_us
    oldest = book.place_of_time(oldest_us)
    if from_id is not None and (start_ms is not None or end_ms is not None):
        raise RestError(-1128, "Combination of optional parameters invalid.")
    if from_id is not None:
        start = from_id - book.first_id
        if start < oldest:
            raise _too_old()
        end = start + limit
    elif start_ms is None and end_ms is None:
        start, end = max(oldest, visible - limit), visible
    else:
        start, end = _span(book, start_ms, end_ms, oldest_us)
        if start_ms is None:
            start = max(start, oldest, end - limit)
        end = min(end, start + limit)
    rows = book.rows(start, max(start, min(end, visible)))
    return "[" + ",".join(agg_trades(rows, venue.styles[book.symbol], event_us=0, is_rest=True)) + "]"


def _span(book: SymbolBook, start_ms: int | None, end_ms: int | None, oldest_us: int) -> tuple[int, int]:
    """Return the places between two times, both inclusive."""
    if start_ms is not None and end_ms is not None and (end_ms - start_ms) * 1_000 > _WIDEST_US:
        raise RestError(-1127, f"More than {_WIDEST_US // 3_600_000_000} hours between startTime and endTime.")
    if start_ms is not None and start_ms * 1_000 < oldest_us:
        raise _too_old()
    start = 0 if start_ms is None else book.place_of_time(start_ms * 1_000)
    return start, book.end if end_ms is None else book.place_of_time((end_ms + 1) * 1_000)


def _too_old() -> RestError:
    return RestError(-4166, "Search window is restricted to recent 2 days only.")


def last_trades(venue: Venue, query: Mapping[str, str]) -> str:
    """Return the last single trades as JSON.

    Raises
    ------
    RestError
        If the symbol or the limit is wrong.
    """
    book = _book(venue, query)
    limit = limit_of(query, most=1000)
    visible = venue.visible(book.symbol)
    rows, style = book.rows(visible - limit, visible), venue.styles[book.symbol]
    price, qty = numbers(rows.price, style.price_decimals), numbers(rows.qty, style.qty_decimals)
    quote = numbers(np.round(rows.price * rows.qty, 8), 2)
    ends = '"isBestMatch":true' if venue.market == "spot" else '"isRPITrade":false'
    shape = '{"id":%d,"price":"%s","qty":"%s","quoteQty":"%s","time":%d,"isBuyerMaker":%s,' + ends + "}"
    flags = ["true" if flag else "false" for flag in rows.buyer_is_maker.tolist()]
    columns = (rows.first_id.tolist(), price, qty, quote, (rows.ts_us // 1_000).tolist(), flags)
    return "[" + ",".join(shape % row for row in zip(*columns, strict=True)) + "]"


def candles_page(venue: Venue, query: Mapping[str, str]) -> str:
    """Return candles as JSON; the last may be the one that is still open.

    Raises
    ------
    RestError
        If the symbol, the interval or a parameter is wrong.
    """
    book, style = _book(venue, query), venue.styles[query.get("symbol", "")]
    width_us = INTERVALS_US.get(query.get("interval", ""))
    if width_us is None:
        raise RestError(-1120, "Invalid interval.")
    limit = limit_of(query, most=1500)
    start_ms, end_ms = whole_number(query, "startTime"), whole_number(query, "endTime")
    now_us = venue.time.now_us()
    last = (now_us if end_ms is None else min(now_us, end_ms * 1_000)) // width_us
    # A candle begins where the one before it ends; without a start the last ones are meant.
    first = last - limit + 1 if start_ms is None else -(-start_ms * 1_000 // width_us)
    visible = venue.visible(book.symbol)
    rows = []
    for number in range(max(first, 0), min(last, first + limit - 1) + 1):
        places = (min(visible, book.place_of_time(at * width_us)) for at in (number, number + 1))
        candle = candle_of(book.rows(*places))
        if candle is not None:
            prices = numbers(np.array([candle.open, candle.high, candle.low, candle.close]), style.price_decimals)
            amounts = (f"{value:.{style.qty_decimals}f}" for value in (candle.volume, candle.bought))
            volume, bought = amounts
            shown = ",".join(f'"{price}"' for price in prices)
            rows.append(
                f'[{number * width_us // 1_000},{shown},"{volume}",{(number + 1) * width_us // 1_000 - 1},'
                f'"{candle.quote:.5f}",{candle.count},"{bought}","{candle.bought_quote:.5f}","0"]'
            )
    return "[" + ",".join(rows) + "]"


def _book(venue: Venue, query: Mapping[str, str]) -> SymbolBook:
    symbol = query.get("symbol", "")
    if not symbol:
        raise RestError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    if symbol not in venue.books:
        raise RestError(-1121, "Invalid symbol.")
    return venue.books[symbol]


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a parameter that must be a whole number; None if it was not given."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise RestError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return int(text)


def limit_of(query: Mapping[str, str], *, most: int, default: int = 500) -> int:
    """Return how many rows were asked for."""
    limit = whole_number(query, "limit")
    if limit is not None and not 1 <= limit <= most:
        raise RestError(-1130, "Data sent for parameter 'limit' is not valid.")
    return default if limit is None else limit
