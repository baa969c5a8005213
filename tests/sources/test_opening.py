"""The name of a live source: what it may look like, and what is said of one that cannot be."""

from __future__ import annotations

import pytest

from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.sources.live_limits import Endpoints
from livepairs.sources.opening import endpoints_of, is_live, open_live, parse_live


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("binance-um:BTCUSDT,ETHUSDT", ("um", ("BTCUSDT", "ETHUSDT"))),
        ("binance-spot: ethusdt , btcusdt,ethusdt ", ("spot", ("ETHUSDT", "BTCUSDT"))),
        ("Binance-UM:币安人生usdt,BTCUSDT_261225", ("um", ("币安人生USDT", "BTCUSDT_261225"))),
    ],
)
def test_a_name_is_a_market_and_symbols_in_capitals_each_once(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_live(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("binance-umm:BTCUSDT", r"no market that is known \(did you mean 'binance-um'\?\); use one of binance-um:"),
        ("binance-um:", "names no symbols; write for example binance-um:BTCUSDT,ETHUSDT"),
        ("binance-um:BTC/USDT", "has the symbol 'BTC/USDT', which cannot be one"),
    ],
)
def test_a_name_that_cannot_be_is_an_error_that_says_what_can(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_live(text)


def test_paths_and_generators_are_not_live() -> None:
    assert is_live("binance-coin:BTCUSD")  # meant to be live; its market is refused with a sentence
    assert not is_live("recordings/demo")
    assert not is_live("synthetic:?seed=7")
    assert not is_live("binance-notes.csv")


def test_it_connects_where_the_settings_say() -> None:
    endpoints = endpoints_of(Settings(binance_um_ws="ws://a:1", binance_um_rest="http://b:2"))
    assert endpoints["um"] == Endpoints("ws://a:1", "http://b:2")
    assert endpoints["spot"] == Endpoints("wss://stream.binance.com:9443", "https://api.binance.com")
    assert open_live("binance-um:BTCUSDT", endpoints=endpoints).symbols == ("BTCUSDT",)
