"""Routes: which address has which streams; nothing tells a client that it is at the wrong one."""

from __future__ import annotations

import pytest

from livepairs.venue.routes import endpoint_of, stream_of
from tests.venue.audience import opened


@pytest.mark.parametrize(
    ("target", "route", "is_combined", "streams"),
    [
        ("/market/stream?streams=a@aggTrade/b@aggTrade", "market", True, ("a@aggTrade", "b@aggTrade")),
        ("/market/ws/a@aggTrade/b@trade", "market", False, ("a@aggTrade", "b@trade")),
        ("/public/stream?streams=a@trade", "public", True, ("a@trade",)),
        ("/market/ws", "market", False, ()),
        ("/market/stream", "market", True, ()),
        ("/stream?streams=a@aggTrade", "public", True, ("a@aggTrade",)),
        ("/ws/a@aggTrade", "public", False, ("a@aggTrade",)),
        ("/ws?a@aggTrade", "public", False, ()),
        ("/private/ws/key", "private", False, ("key",)),
    ],
)
def test_addresses_of_futures_have_their_route(target, route, is_combined, streams):
    found = endpoint_of(target, "um")
    assert found is not None
    assert (found.route, found.is_combined, found.streams) == (route, is_combined, streams)


@pytest.mark.parametrize(
    "target", ["/", "/other/ws", "/market/ws/", "/market/stream/", "/market", "/market/stream/a@trade"]
)
def test_other_paths_are_no_address_of_the_venue(target):
    assert endpoint_of(target, "um") is None


def test_chinese_symbols_arrive_percent_encoded():
    found = endpoint_of("/market/stream?streams=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@markPrice@1s", "um")
    assert found is not None
    assert found.streams == ("币安人生usdt@markPrice@1s",)


def test_spot_has_one_route_and_microseconds_on_demand():
    found = endpoint_of("/stream?streams=btcusdt@trade&timeUnit=MICROSECOND", "spot")
    assert found is not None
    assert (found.route, found.is_in_microseconds) == ("", True)
    assert endpoint_of("/market/stream?streams=btcusdt@trade", "spot") is None


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("btcusdt@aggTrade", "market"),
        ("btcusdt@markPrice", "market"),
        ("btcusdt@markPrice@1s", "market"),
        ("!markPrice@arr@1s", "market"),
        ("btcusdt@kline_1m", "market"),
        ("!miniTicker@arr", "market"),
        ("btcusdt@bookTicker", "public"),
        ("btcusdt@trade", "public"),
    ],
)
def test_each_stream_belongs_to_one_route(name, route):
    found = stream_of(name, "um")
    assert found is not None
    assert found.route == route


@pytest.mark.parametrize(
    "name", ["BTCUSDT@aggTrade", "btcusdt@aggtrade", "btcusdt@nothing", "btcusdt", "", "btcusdt@kline_1s"]
)
def test_streams_that_do_not_exist_stand_for_nothing(name):
    assert stream_of(name, "um") is None


@pytest.mark.parametrize(
    "target",
    [
        "/stream?streams=btcusdt@aggTrade",  # the old address, which has what /public has
        "/public/stream?streams=btcusdt@aggTrade",
        "/market/stream?streams=btcusdt@trade",
        "/market/stream?streams=BTCUSDT@aggTrade",
        "/market/stream?streams=nobodyusdt@aggTrade",
        "/market/stream?streams=btcusdt@depth@100ms",
    ],
)
def test_wrong_route_symbol_or_case_is_acknowledged_listed_and_silent(target):
    stage = opened()
    listener = stage.listen(target)
    assert listener.ask({"method": "SUBSCRIBE", "params": ["btcusdt@nothing"], "id": 1}) == {"result": None, "id": 1}
    listed = listener.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2})
    assert listed == {"result": [target.partition("=")[2], "btcusdt@nothing"], "id": 2}
    stage.play(3)
    assert listener.texts() == []


def test_trades_are_on_public_and_on_the_old_address():
    stage = opened()
    both = stage.listen("/public/stream?streams=btcusdt@trade"), stage.listen("/stream?streams=btcusdt@trade")
    stage.play(3)
    assert both[0].texts() == both[1].texts() != []
