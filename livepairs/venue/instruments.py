"""What the venue says of its instruments: their filters, marks and funding.

As on the real one there are filters, states and kinds of contract that a client has never heard of, symbols with
Chinese letters, empty prices in old rows, and times that are some milliseconds off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from livepairs.venue.history import RestError, limit_of, whole_number
from livepairs.venue.marks import BYSTANDERS, FUNDING_US
from livepairs.venue.wire import Style

if TYPE_CHECKING:
    from livepairs.venue.venue import Venue

__all__ = ["exchange_info", "funding_info", "funding_rates", "premium_index"]

_ONBOARD_MS: Final = 1_567_965_300_000
_FOREVER_MS: Final = 4_133_404_800_000
_KINDS: Final = {"XAUUSDT": "TRADIFI_PERPETUAL", "BTCUSDT_261225": "CURRENT_QUARTER"}
_CLOSING: Final = ("OMGUSDT", "SETTLING"), ("LUNAUSDT", "HALTED_FOR_REVIEW")
"""Symbols that are not traded any more, one of them in a state that nobody knows."""

_JITTER_MS: Final = (0, 2, 1, 7)
_ROWS_WITHOUT_MARK: Final = 3


def exchange_info(venue: Venue) -> dict[str, Any]:
    """Return the answer of exchangeInfo."""
    symbols = [_instrument(style, "TRADING") for style in venue.styles.values()]
    if venue.market == "um":
        symbols += [_instrument(Style(name), "TRADING") for name in BYSTANDERS if name not in venue.styles]
    symbols += [_instrument(Style(name), status) for name, status in _CLOSING if name not in venue.styles]
    limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
    head: dict[str, Any] = {"timezone": "UTC", "serverTime": venue.time.now_us() // 1_000}
    if venue.market == "um":
        head["futuresType"] = "U_MARGINED"
    limits = [limit | {"limit": venue.rules.weight_per_minute}]
    return head | {"rateLimits": limits, "exchangeFilters": [], "symbols": symbols}


def _instrument(style: Style, status: str) -> dict[str, Any]:
    quote = "USDT"
    base = style.symbol.partition("_")[0].removesuffix(quote)
    tick, step = f"{10.0**-style.tick_decimals:.{style.price_decimals}f}", f"{10.0**-style.qty_decimals:.8f}"
    filters: list[dict[str, Any]] = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "4529764", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "1000", "stepSize": step},
    ]
    if style.market == "spot":
        return {
            "symbol": style.symbol,
            "status": "TRADING" if status == "TRADING" else "BREAK",
            "baseAsset": base,
            "quoteAsset": quote,
            "filters": [*filters, {"filterType": "NOTIONAL", "minNotional": "5.00000000"}],
            "permissionSets": [["SPOT"]],
        }
    filters += [
        {"filterType": "MARKET_LOT_SIZE", "minQty": step, "maxQty": "120", "stepSize": step},
        {"filterType": "MIN_NOTIONAL", "notional": "50"},
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
        {"filterType": "MOON_PHASE", "phase": {"allowed": ["full"]}},
    ]
    return {
        "symbol": style.symbol,
        "pair": style.symbol.partition("_")[0],
        "contractType": _KINDS.get(style.symbol, "PERPETUAL"),
        "deliveryDate": _FOREVER_MS,
        "onboardDate": _ONBOARD_MS,
        "status": status,
        "baseAsset": base,
        "quoteAsset": quote,
        "marginAsset": quote,
        "pricePrecision": style.price_decimals,
        "quantityPrecision": style.qty_decimals,
        "underlyingType": "COMMODITY" if style.symbol == "XAUUSDT" else "COIN",
        "filters": filters,
    }


def premium_index(venue: Venue) -> list[dict[str, Any]]:
    """Return the answer of premiumIndex for all symbols."""
    now_us = venue.time.now_us()
    rows = []
    for symbol in venue.marks.symbols:
        mark = venue.marks.row(symbol)
        rows.append(
            {
                "symbol": symbol,
                "markPrice": f"{mark.mark_price:.8f}",
                "indexPrice": f"{mark.index_price:.8f}",
                "estimatedSettlePrice": f"{mark.index_price:.8f}",
                "lastFundingRate": f"{mark.funding_rate:.8f}",
                "interestRate": "0.00010000",
                "nextFundingTime": venue.marks.next_funding_ms(symbol, now_us),
                "time": now_us // 1_000_000 * 1_000,
            }
        )
    return rows


def funding_rates(venue: Venue, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the last events of funding, the newest last; the oldest of them have no mark price.

    Raises
    ------
    RestError
        If the symbol does not exist or the limit is wrong.
    """
    symbol = query.get("symbol")
    if symbol is not None and symbol not in venue.marks.symbols:
        raise RestError(-1121, "Invalid symbol.")
    limit = limit_of(query, most=1000, default=100)
    first_ms, end_ms = whole_number(query, "startTime") or 0, whole_number(query, "endTime") or _FOREVER_MS
    chosen = [symbol] if symbol else list(venue.symbols)
    count = max(1, limit // len(chosen))
    last = venue.time.now_us() // FUNDING_US
    rows = []
    for number in range(last - count + 1, last + 1):
        stamp_ms = number * FUNDING_US // 1_000 + _JITTER_MS[number % len(_JITTER_MS)]
        if not first_ms <= stamp_ms <= end_ms:
            continue
        for name in chosen:
            mark = venue.marks.row(name)
            is_old = number < last - count + 1 + _ROWS_WITHOUT_MARK and count > _ROWS_WITHOUT_MARK
            price = "" if is_old else f"{mark.mark_price:.8f}"
            kind = {"rateType": "Regular"}
            rate = {"fundingRate": f"{mark.funding_rate:.8f}", "markPrice": price}
            rows.append({"symbol": name, "fundingTime": stamp_ms} | rate | kind)
    return rows


def funding_info(venue: Venue) -> list[dict[str, Any]]:
    """Return the symbols whose funding is not the usual one; coin-margined ones are among them."""
    limits = {"adjustedFundingRateCap": "0.02500000", "adjustedFundingRateFloor": "-0.02500000"}
    rest = {"fundingIntervalHours": 4, "disclaimer": False}
    names = (*venue.symbols[:1], "BTCUSD_PERP")
    updated = (venue.time.now_us() // 1_000 - 86_400_000, None)
    return [{"symbol": name} | limits | rest | {"updateTime": when} for name, when in zip(names, updated, strict=True)]
