"""Bodies of Binance's REST interface: real ones of October 2026, its documented errors, and everything else."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.exchanges import WireError
from livepairs.exchanges.binance_rest import (
    agg_trades_path,
    exchange_info_path,
    read_agg_trades,
    read_refusal,
    read_symbols,
    read_time,
    time_path,
)

ROW = {"a": 5, "p": "10.50", "q": "2.0", "nq": "2.0", "f": 7, "l": 9, "T": 1791382990569, "m": True}


def body(*rows: dict[str, object]) -> bytes:
    return json.dumps(rows).encode()


def test_paths_of_both_markets() -> None:
    assert (time_path("um"), time_path("spot")) == ("/fapi/v1/time", "/api/v3/time")
    assert (exchange_info_path("um"), exchange_info_path("spot")) == ("/fapi/v1/exchangeInfo", "/api/v3/exchangeInfo")
    assert agg_trades_path("um", "btcusdt", 26129, 500) == "/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=26129&limit=500"
    assert agg_trades_path("spot", "币安USDT", 0).startswith(
        "/api/v3/aggTrades?symbol=%E5%B8%81%E5%AE%89USDT&fromId=0&"
    )


def test_clock_is_read_in_either_unit() -> None:
    assert read_time(b'{"serverTime":1791362591474}') == read_time(b'{"serverTime":1791362591474000,"x":1}')


@pytest.mark.parametrize("bad", [b"", b"{}", b"[]", b"null", b'{"serverTime":0}', b'{"serverTime":"soon"}', b"<html>"])
def test_clock_that_cannot_be_read_is_said(bad: bytes) -> None:
    with pytest.raises(WireError, match="expected"):
        read_time(bad)


def test_symbols_that_trade_are_listed_and_what_is_new_in_the_list_does_not_matter() -> None:
    rows = [
        {"symbol": "BTCUSDT", "status": "TRADING", "filters": [{"filterType": "BRAND_NEW"}]},
        {"symbol": "OMGUSDT", "status": "SETTLING"},
        {"symbol": "NEWUSDT", "status": "SOMETHING_NEW"},
        {"symbol": "../x", "status": "TRADING"},
    ]
    assert read_symbols(json.dumps({"symbols": rows}).encode()) == ("BTCUSDT",)


def test_real_list_of_symbols_has_contracts_of_every_sort(shared_data: Path) -> None:
    text = (shared_data / "wire_20261007" / "rest_exchangeInfo_trimmed.json").read_bytes()
    assert read_symbols(text) == ("BTCUSDT", "XAUUSDT", "币安人生USDT", "BTCUSDT_261225")


def test_real_aggregated_trades_are_rows(shared_data: Path) -> None:
    text = (shared_data / "wire_20261007" / "rest_aggTrades.json").read_bytes()
    decoded = read_agg_trades(text, "btcusdt", 1791382999000000)
    rows = decoded.agg_trades.to_pylist()
    assert [row["trade_id"] for row in rows] == [3477868380, 3477868381, 3477868382]
    assert [row["price"] for row in rows] == [83084.30, 83084.40, 83084.30]
    assert {row["symbol"] for row in rows} == {"BTCUSDT"}
    assert {row["recv_ts"].isoformat() for row in rows} == {"2026-10-07T14:23:19+00:00"}


def test_row_of_price_zero_is_rejected_but_its_id_is_told() -> None:
    decoded = read_agg_trades(body(ROW, ROW | {"a": 6, "p": "0"}), "BTCUSDT", 1)
    assert decoded.agg_trades.column("trade_id").to_pylist() == [5]
    assert [(reject.trade_id, reject.symbol, reject.reason) for reject in decoded.rejects] == [
        (6, "BTCUSDT", "bad_price")
    ]
    assert dict(decoded.rejected) == {"bad_price": 1}


def test_no_trades_are_no_rows() -> None:
    assert read_agg_trades(b"[]", "BTCUSDT", 1).agg_trades.num_rows == 0


@pytest.mark.parametrize(
    ("status", "text", "kind", "words"),
    [
        (451, b'{"code":0,"msg":"Service unavailable from a restricted location"}', "blocked", "does not serve"),
        (403, b"<html><body>Request blocked</body></html>", "blocked", "firewall"),
        (429, b'{"code":-1003,"msg":"Too many requests."}', "wait", "too many requests"),
        (418, b'{"code":-1003,"msg":"Way too many requests."}', "wait", "too many requests"),
        (400, b'{"code":-4166,"msg":"Search window is restricted to recent 2 days only."}', "too_old", "48 hours"),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', "bad_symbol", "does not know this symbol"),
        (400, b'{"code":-1130,"msg":"Invalid parameter"}', "bad_request", "change nothing"),
        (408, b"", "retry", "trying again"),
        (503, b'{"code":0,"msg":"Service Unavailable."}', "retry", "trying again"),
        (502, b"\xff\xfe", "retry", "HTTP 502"),
    ],
)
def test_refusal_says_what_to_do(status: int, text: bytes, kind: str, words: str) -> None:
    refusal = read_refusal(status, {}, text)
    assert refusal.kind == kind
    assert refusal.is_fatal is (kind == "blocked")
    assert words in refusal.sentence
    assert "\n" not in refusal.sentence


def test_time_to_wait_is_taken_from_the_header_in_any_case_and_from_the_ban() -> None:
    text = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1791362591474. Please use the websocket."}'
    refusal = read_refusal(418, {"RETRY-AFTER": "120"}, text)
    assert (refusal.retry_after_s, refusal.retry_at_us) == (120, 1791362591474000)
    assert "waiting for 120 s" in refusal.sentence
    assert read_refusal(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"").retry_after_s is None


bodies = st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ROW, "symbols", "msg"]), inner),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())


@given(bodies)
def test_no_body_raises_anything_but_our_own_error(text: bytes) -> None:
    for read in (read_time, read_symbols, lambda given: read_agg_trades(given, "BTCUSDT", 1)):
        with suppress(WireError):
            read(text)
    for status in (400, 418, 451, 500):
        assert read_refusal(status, {"Retry-After": text.decode("latin-1")}, text).sentence


@given(st.dictionaries(st.sampled_from(list(ROW)), st.none() | st.integers() | st.text(max_size=5) | st.booleans()))
def test_row_that_is_not_what_it_should_be_is_rejected_or_refused(change: dict[str, object]) -> None:
    try:
        decoded = read_agg_trades(body(ROW | change), "BTCUSDT", 1)
    except WireError:
        return
    assert decoded.agg_trades.num_rows + len(decoded.rejects) == 1
