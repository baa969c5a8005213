"""Answers REST requests from the books: history by id or time, candles, marks, funding, the clock.

Pure but for the venue it looks at: a target in, status, headers and body out. Every answer says how much weight was
used in the minute, and refused requests cost as much as answered ones.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from livepairs.venue.gate import Answered
from livepairs.venue.history import RestError, agg_trades_page, candles_page, last_trades
from livepairs.venue.instruments import exchange_info, funding_info, funding_rates, premium_index
from livepairs.venue.venue import Venue

__all__ = ["respond"]

Query = Mapping[str, str]

_PREFIXES: Final = {"um": "/fapi/v1/", "spot": "/api/v3/"}


def respond(venue: Venue, target: str, headers: Mapping[str, str]) -> Answered:
    """Answer one request.

    Parameters
    ----------
    target
        Path and query.
    headers
        Of the request; only the one with the key is looked at.
    """
    path, _, text = target.partition("?")
    prefix = _PREFIXES[venue.market]
    query = dict(parse_qsl(text, keep_blank_values=True))
    name = unquote(path).removeprefix(prefix) if path.startswith(prefix) else ""
    weigh, answer = _ENDPOINTS.get(name, (None, None))
    if venue.market == "spot" and name in _FUTURES_ONLY:
        weigh = answer = None
    weight = 1 if weigh is None else weigh(query)
    now_us = venue.time.now_us()
    is_funding = name in _OWN_POOL and answer is not None
    gate = venue.gate
    refusal = gate.funding(venue.now_us(), now_us) if is_funding else gate.request(weight, venue.now_us(), now_us)
    shown = {} if is_funding else {"X-MBX-USED-WEIGHT-1M": str(gate.used_weight)}
    if refusal is not None:
        return Answered(refusal.status, refusal.body, refusal.headers | shown, is_json=refusal.is_json)
    if answer is None:
        return _error(404, RestError(-5000, f"Path {path}, Method GET is invalid"), shown)
    try:
        body = answer(venue, query, headers)
    except RestError as error:
        return _error(error.status, error, shown)
    return Answered(200, body, shown)


def _error(status: int, error: RestError, headers: dict[str, str]) -> Answered:
    return Answered(status, _text({"code": error.code, "msg": error.message}), headers)


def _time(venue: Venue, _query: Query, _headers: Query) -> str:
    return _text({"serverTime": venue.time.now_us() // 1_000})


def _ping(_venue: Venue, _query: Query, _headers: Query) -> str:
    return "{}"


def _agg_trades(venue: Venue, query: Query, _headers: Query) -> str:
    return agg_trades_page(venue, query)


def _trades(venue: Venue, query: Query, _headers: Query) -> str:
    return last_trades(venue, query)


def _historical_trades(venue: Venue, query: Query, headers: Query) -> str:
    if not headers.get("X-MBX-APIKEY"):
        raise RestError(-2014, "API-key format invalid.", status=401)
    return last_trades(venue, query)


def _klines(venue: Venue, query: Query, _headers: Query) -> str:
    return candles_page(venue, query)


def _exchange_info(venue: Venue, _query: Query, _headers: Query) -> str:
    return _text(exchange_info(venue))


def _premium_index(venue: Venue, query: Query, _headers: Query) -> str:
    rows = premium_index(venue)
    if "symbol" not in query:
        return _text(rows)
    found = [row for row in rows if row["symbol"] == query["symbol"]]
    if not found:
        raise RestError(-1121, "Invalid symbol.")
    return _text(found[0])


def _funding_rate(venue: Venue, query: Query, _headers: Query) -> str:
    return _text(funding_rates(venue, query))


def _funding_info(venue: Venue, _query: Query, _headers: Query) -> str:
    return _text(funding_info(venue))


def _text(value: Any) -> str:  # Any: whatever JSON can say
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _flat(weight: int) -> Callable[[Query], int]:
    return lambda _query: weight


def _candles_weight(query: Query) -> int:
    # The tops belong to the cheaper step, as measured; without a limit it is that of 500 to 1000.
    limit = query.get("limit", "")
    count = int(limit) if limit.isdigit() else 1000
    return (1, 2, 5, 10)[bisect_left((100, 500, 1000), count)]


_Endpoint = tuple[Callable[[Query], int], Callable[[Venue, Query, Query], str]]

_ENDPOINTS: Final[dict[str, _Endpoint]] = {
    "ping": (_flat(1), _ping),
    "time": (_flat(1), _time),
    "exchangeInfo": (_flat(1), _exchange_info),
    "aggTrades": (_flat(20), _agg_trades),
    "trades": (_flat(5), _trades),
    "historicalTrades": (_flat(200), _historical_trades),
    "klines": (_candles_weight, _klines),
    "premiumIndex": (lambda query: 1 if "symbol" in query else 10, _premium_index),
    "fundingRate": (_flat(0), _funding_rate),
    "fundingInfo": (_flat(0), _funding_info),
}
_FUTURES_ONLY: Final = ("premiumIndex", "fundingRate", "fundingInfo")
_OWN_POOL: Final = ("fundingRate", "fundingInfo")
