"""What the settings name is opened, or the user is told what there is."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing

import pytest

from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.errors import ConfigError, RecordingError
from livepairs.hub.opening import legs, longest_window_us, open_source
from livepairs.schema import Pair
from livepairs.stores.bundled import bundled_recording


def test_nothing_set_plays_the_bundled_recording_at_sixty():
    opened = open_source(Settings())
    assert opened.recording is not None
    assert opened.recording.path == bundled_recording()
    assert opened.speed == 60.0
    assert opened.is_synthetic
    assert opened.params.pairs == (Pair("ETHUSDT", "BTCUSDT"),)


def test_a_recording_that_was_named_plays_as_it_was():
    opened = open_source(Settings(source=str(bundled_recording())))
    assert (opened.label, opened.speed) == (bundled_recording().name, 1.0)


def test_settings_reach_what_is_computed():
    settings = Settings(
        pairs=("SOLUSDT/BTCUSDT", "ETHUSDT/BTCUSDT", "SOLUSDT/BTCUSDT"),
        interval="5s",
        price="level",
        hedge_window=50,
        z_window=40,
        corr_window=60,
        adf_lags=2,
        grace_ms=250,
        entry=3.0,
        exit=1.0,
        speed=math.inf,
    )
    opened = open_source(settings)
    params = opened.params
    assert params.pairs == (Pair("SOLUSDT", "BTCUSDT"), Pair("ETHUSDT", "BTCUSDT"))
    assert (params.interval, params.grace_us, params.entry, params.exit) == ("5s", 250_000, 3.0, 1.0)
    windows = params.pair_params
    assert (windows.hedge_window, windows.z_window, windows.corr_window, windows.adf_lags) == (50, 40, 60, 2)
    assert windows.price == "level"
    assert opened.speed == math.inf
    assert longest_window_us(params) == 60 * 5_000_000


def test_only_legs_are_needed_in_the_order_of_the_source():
    params = open_source(Settings(pairs=("SOLUSDT/BTCUSDT",))).params
    assert legs(params, ("BTCUSDT", "ETHUSDT", "SOLUSDT")) == ("BTCUSDT", "SOLUSDT")


def test_a_synthetic_source_is_live_and_says_what_it_is():
    opened = open_source(Settings(source="synthetic:?seed=3"))
    assert opened.recording is None
    assert opened.is_synthetic
    assert opened.label == "synthetic:?seed=3"
    assert opened.live is not None

    async def first_rows() -> int:
        async with aclosing(opened.live(ManualClock()).chunks()) as chunks:
            return (await anext(chunks)).trades.num_rows

    assert asyncio.run(first_rows()) > 0


def test_a_venue_is_live_and_nothing_is_asked_of_it_before_it_is_watched():
    settings = Settings(source="binance-um:btcusdt,ETHUSDT", binance_um_ws="ws://127.0.0.1:9", grace_ms=700)
    opened = open_source(settings)
    assert (opened.label, opened.recording, opened.is_synthetic) == ("binance-um:btcusdt,ETHUSDT", None, False)
    assert opened.params.pairs == (Pair("ETHUSDT", "BTCUSDT"),)
    assert opened.symbols(ManualClock()) == ("BTCUSDT", "ETHUSDT")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (Settings(pairs=("ETHUSDT/BTCUSD",)), r"did you mean 'BTCUSDT'\?"),
        (Settings(pairs=("ETHUSDT",)), "not of the form Y/X"),
        (Settings(source="binance-um:BTCUSDT"), "has 1 symbol and a pair needs two"),
        (Settings(source="binance-uk:BTCUSDT,ETHUSDT"), "did you mean 'binance-um'"),
        (Settings(source="synthetic:?sed=3"), "sed"),
        (Settings(hedge_window=5), "hedge window of 5 bars is out of range"),
    ],
)
def test_what_cannot_be_opened_is_said(settings, complaint):
    with pytest.raises(ConfigError, match=complaint):
        open_source(settings)


def test_a_path_without_a_recording_is_said(tmp_path):
    with pytest.raises(RecordingError, match="nowhere"):
        open_source(Settings(source=str(tmp_path / "nowhere")))
