"""What to ask Binance's REST interface for, and what its answers say: paths and bodies, futures and spot.

A body that is not what it should be raises ``WireError`` and nothing else. What an answer other than 200 means, and
what to do about it, is ``read_refusal``, which takes whatever came, a firewall's HTML too. The venue counts weight by
the clock minute (2,400 on futures, an aggTrades request is 20), and refused requests count as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from livepairs.exchanges import Decoded, VenueRefusal, WireError
from livepairs.exchanges.binance_routes import Market
from livepairs.exchanges.binance_rows import agg_trade_rows, is_symbol
from livepairs.exchanges.binance_time import EARLIEST_US, LATEST_US, in_microseconds
from livepairs.exchanges.binance_wire import UNREADABLE, Count, RestAggTrade, excerpt

__all__ = [
    "AGG_TRADES_LIMIT",
    "agg_trades_path",
    "exchange_info_path",
    "read_agg_trades",
    "read_refusal",
    "read_symbols",
    "read_time",
    "time_path",
]

AGG_TRADES_LIMIT: Final = 1000
"""Rows an answer holds at most."""

_ROOTS: Final[dict[Market, str]] = {"um": "/fapi/v1", "spot": "/api/v3"}


def time_path(market: Market) -> str:
    """Return the path of the venue's clock."""
    return f"{_ROOTS[market]}/time"


def exchange_info_path(market: Market) -> str:
    """Return the path of the list of symbols (about a megabyte; 51 KB compressed)."""
    return f"{_ROOTS[market]}/exchangeInfo"


def agg_trades_path(market: Market, symbol: str, from_id: int | None, limit: int = AGG_TRADES_LIMIT) -> str:
    """Return the path of aggregated trades from an id on, that one included; None asks for the latest ones.

    Examples
    --------
    >>> agg_trades_path("um", "BTCUSDT", 5)
    '/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=5&limit=1000'
    """
    # Times beside fromId may time out at the venue, so they are never sent.
    start = "" if from_id is None else f"&fromId={from_id}"
    return f"{_ROOTS[market]}/aggTrades?symbol={quote(symbol.upper(), safe='')}{start}&limit={limit}"


class _Time(msgspec.Struct, gc=False, rename="camel"):
    server_time: Count


class _Symbol(msgspec.Struct, gc=False):
    symbol: str
    status: str = ""


class _ExchangeInfo(msgspec.Struct, gc=False):
    symbols: list[_Symbol]


class _Error(msgspec.Struct, gc=False):
    code: int
    msg: str = ""


_TIME: Final = msgspec.json.Decoder(_Time)
_INFO: Final = msgspec.json.Decoder(_ExchangeInfo)
_AGG_TRADES: Final = msgspec.json.Decoder(list[RestAggTrade], strict=False)
_ERROR: Final = msgspec.json.Decoder(_Error)


def _read(decoder: msgspec.json.Decoder[Any], body: bytes, expected: str) -> Any:
    try:
        return decoder.decode(body)
    except UNREADABLE as error:
        raise WireError(found=f"{excerpt(body)} ({error})", expected=expected) from error


def read_time(body: bytes) -> int:
    """Return the venue's clock, microseconds since the epoch.

    Raises
    ------
    WireError
        If the body is not an answer to ``time_path``.
    """
    time: int = _read(_TIME, body, 'its clock as {"serverTime":1791362591474}').server_time
    time_us = in_microseconds(time)
    if not EARLIEST_US <= time_us < LATEST_US:
        raise WireError(
            found=f"a clock of {time}", expected="milliseconds or microseconds since 1970, from 2009 to 2100"
        )
    return time_us


def read_symbols(body: bytes) -> tuple[str, ...]:
    """Return the symbols that can be traded now, in the order of the list.

    Raises
    ------
    WireError
        If the body is not an answer to ``exchange_info_path``.
    """
    info: _ExchangeInfo = _read(_INFO, body, "a list of symbols, each with its status")
    return tuple(row.symbol for row in info.symbols if row.status == "TRADING" and is_symbol(row.symbol))


def read_agg_trades(body: bytes, symbol: str, recv_us: int) -> Decoded:
    """Return the aggregated trades of an answer, all received at one time.

    Parameters
    ----------
    recv_us
        Becomes ``recv_ts`` of every row.

    Returns
    -------
    ``agg_trades`` in the order of the answer, and ``rejects`` with their counts; nothing else.

    Raises
    ------
    WireError
        If the body is not an answer to ``agg_trades_path``.
    """
    rows: list[RestAggTrade] = _read(_AGG_TRADES, body, "a list of aggregated trades")
    return agg_trade_rows(rows, symbol.upper(), recv_us)


_BLOCKED: Final = {
    451: "Binance does not serve the country this computer connects from (HTTP 451); nothing here can change that: "
    "use another venue, a recording, or connect from a place it serves",
    403: "Binance's firewall turned this computer away (HTTP 403); wait some minutes and check your proxy",
}
_BANNED_UNTIL: Final = re.compile(r"banned until (\d{12,17})")
_TOO_OLD: Final = -4166
_BAD_SYMBOL: Final = -1121


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> VenueRefusal:
    """Say what an answer other than 200 means, of a request or of a handshake; never raises.

    Parameters
    ----------
    headers
        As they came; names in any case.
    body
        The venue's ``{"code":...,"msg":...}`` or anything at all.
    """
    code, message = _error_of(body)
    kind = _kind_of(status, code)
    retry_after_s = _retry_after(headers) if kind in ("wait", "retry") else None
    until = _BANNED_UNTIL.search(message)
    retry_at_us = None if until is None else in_microseconds(int(until[1]))
    said = f"Binance answered HTTP {status}" + (f", code {code}" if code else "")
    said += f": {message.rstrip('.')}" if message else ""
    return VenueRefusal(
        status=status,
        code=code,
        message=message,
        kind=kind,
        retry_after_s=retry_after_s,
        retry_at_us=retry_at_us,
        sentence=_sentence(status, kind, said, retry_after_s),
    )


Kind = Literal["blocked", "wait", "retry", "too_old", "bad_symbol", "bad_request"]


def _error_of(body: bytes) -> tuple[int, str]:
    try:
        error = _ERROR.decode(body)
    except UNREADABLE:
        text = re.sub(r"<[^>]*>|\s+", " ", body[:2000].decode("utf-8", "replace"))
        return 0, " ".join(text.split())[:200]
    return error.code, error.msg[:500]


def _kind_of(status: int, code: int) -> Kind:
    if status in _BLOCKED:
        return "blocked"
    if status in (418, 429) or code == -1003:
        return "wait"
    if code == _TOO_OLD:
        return "too_old"
    if code == _BAD_SYMBOL:
        return "bad_symbol"
    return "bad_request" if 400 <= status < 500 and status != 408 else "retry"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                seconds = float(value)
            except ValueError:  # a date; the venue sends seconds
                return None
            return seconds if 0 <= seconds < 10**7 else None
    return None


def _sentence(status: int, kind: Kind, said: str, retry_after_s: float | None) -> str:
    if kind == "blocked":
        return _BLOCKED[status]
    wait = "" if retry_after_s is None else f" for {retry_after_s:,.0f} s, as it asked"
    doing = {
        "wait": f"too many requests; waiting{wait}",
        "retry": f"trying again{wait}",
        "too_old": "these trades are older than it keeps (48 hours), so the gap stays",
        "bad_symbol": "it does not know this symbol",
        "bad_request": "it does not take this request, and asking again would change nothing",
    }
    return f"{said}; {doing[kind]}"
