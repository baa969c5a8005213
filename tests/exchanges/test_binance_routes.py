"""Names and addresses, as the venue's documents of 2026 have them."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.exchanges.binance_routes import (
    MAX_STREAMS,
    connect_path,
    stream_names,
    subscribe_frames,
    symbol_of_stream,
    url_share,
)


def test_futures_are_asked_for_under_market_in_lower_case_with_the_mark_price_as_heartbeat() -> None:
    names = stream_names("um", ["BTCUSDT", "ethusdt", "BTCUSDT"])
    assert names == ("btcusdt@aggTrade", "ethusdt@aggTrade", "btcusdt@markPrice@1s", "ethusdt@markPrice@1s")
    assert connect_path("um", names[:2]) == "/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade"


def test_spot_has_no_route_and_no_mark_price() -> None:
    assert connect_path("spot", stream_names("spot", ["BTCUSDT"])) == "/stream?streams=btcusdt@aggTrade"


def test_without_names_the_connection_is_opened_and_everything_subscribed() -> None:
    assert connect_path("um", []) == "/market/stream"


def test_symbol_of_another_script_is_quoted_in_the_address_and_plain_in_a_request() -> None:
    (name, _) = names = stream_names("um", ["币安人生USDT"])
    assert name == "币安人生usdt@aggTrade"
    path = connect_path("um", names)
    assert path.isascii()
    assert unquote(path).endswith("?streams=" + "/".join(names))
    (frame,) = subscribe_frames(names, first_id=7)
    assert json.loads(frame) == {"method": "SUBSCRIBE", "params": list(names), "id": 7}


def test_stream_tells_its_symbol() -> None:
    assert symbol_of_stream("btcusdt@markPrice@1s") == "BTCUSDT"
    assert symbol_of_stream("!markPrice@arr@1s") is None


def test_more_streams_than_a_connection_takes_are_refused_with_the_number_it_takes() -> None:
    symbols = [f"S{number}USDT" for number in range(513)]
    assert len(stream_names("um", symbols[:512])) == MAX_STREAMS
    with pytest.raises(ConfigError, match="513 symbols are too many for one connection; it takes 512"):
        stream_names("um", symbols)


@settings(max_examples=20)
@given(st.integers(0, 500), st.sampled_from(["USDT", "LONGLONGLONGUSDT", "币安人生USDT"]))
def test_each_stream_is_asked_for_once_in_the_address_or_in_a_request(count: int, ending: str) -> None:
    names = stream_names("um", [f"{number}{ending}" for number in range(count)])
    within, rest = url_share(names)
    path = connect_path("um", names)
    assert len(path) <= 4096
    asked = unquote(path.partition("?streams=")[2]).split("/") if within else []
    frames = [json.loads(frame) for frame in subscribe_frames(rest, first_id=1)]
    assert [frame["id"] for frame in frames] == list(range(1, len(frames) + 1))
    assert all(len(frame["params"]) <= 200 for frame in frames)
    assert tuple(asked + [name for frame in frames for name in frame["params"]]) == names
