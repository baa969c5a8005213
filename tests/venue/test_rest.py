"""REST: history by id and time, what is too old or wrong, weights, and answers with things nobody knows."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.venue import RULES, Playback
from livepairs.venue.rest import respond
from tests.venue.audience import Stage, opened, steady

SECOND_US = 1_000_000


@pytest.fixture
def stage() -> Stage:
    """Return a venue that has traded for three seconds: ids 1001 to about 1029."""
    stage = opened(playback=Playback())
    stage.play(4)
    return stage


def get(stage, path, **query):
    """Return the body of a successful answer."""
    answered = ask(stage, path, **query)
    assert answered.status == 200, answered.body
    return json.loads(answered.body)


def ask(stage, path, headers=None, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    prefix = "/fapi/v1/" if stage.venue.market == "um" else "/api/v3/"
    return respond(stage.venue, f"{prefix}{path}?{text}" if text else f"{prefix}{path}", headers or {})


def error(stage, path, **query):
    answered = ask(stage, path, **query)
    return answered.status, json.loads(answered.body)["code"]


def ids(rows):
    return [row["a"] for row in rows]


def test_trades_from_an_id_on_are_paged_to_the_end(stage):
    stage.play(20)
    first = get(stage, "aggTrades", symbol="BTCUSDT", fromId=1_011, limit=50)
    second = get(stage, "aggTrades", symbol="BTCUSDT", fromId=1_061, limit=50)
    assert ids(first) + ids(second) == list(range(1_011, 1_101))
    assert get(stage, "aggTrades", symbol="BTCUSDT", fromId=1_101) == []


def test_rows_are_those_of_the_stream(stage):
    listener = stage.listen()
    stage.play(3)
    told = listener.messages("btcusdt@aggTrade")
    rows = get(stage, "aggTrades", symbol="BTCUSDT", fromId=told[0]["a"])
    assert list(rows[0]) == ["a", "p", "q", "nq", "f", "l", "T", "m"]
    assert rows == [{key: message[key] for key in rows[0]} for message in told]


def test_trades_between_two_times_are_inclusive(stage):
    every = get(stage, "aggTrades", symbol="BTCUSDT", fromId=1_001)
    some = get(stage, "aggTrades", symbol="BTCUSDT", startTime=every[3]["T"], endTime=every[7]["T"])
    assert some == every[3:8]
    assert get(stage, "aggTrades", symbol="BTCUSDT", startTime=every[3]["T"], limit=2) == every[3:5]
    assert get(stage, "aggTrades", symbol="BTCUSDT", endTime=every[7]["T"], limit=2) == every[6:8]
    assert get(stage, "aggTrades", symbol="BTCUSDT", limit=2) == every[-2:]


def test_rest_never_shows_what_the_stream_has_not_told(stage):
    listener = stage.listen()
    stage.play(2)
    assert ids(get(stage, "aggTrades", symbol="BTCUSDT", limit=1)) == listener.ids()[-1:]


def test_rest_trails_the_stream_by_as_much_as_told(stage):
    stage.fault("rest-lag", by_ms=500)
    last = ids(get(stage, "aggTrades", symbol="BTCUSDT", limit=1))[0]
    assert stage.venue.trades("BTCUSDT").column("trade_id")[-1].as_py() - last == 5
    assert get(stage, "aggTrades", symbol="BTCUSDT", fromId=last + 1) == []


def test_what_is_older_than_48_hours_is_refused():
    stage = opened(steady(3, every_us=30 * 3_600 * SECOND_US), playback=Playback(speed=60_000.0))
    while not stage.venue.is_over:
        stage.play(1)
    venue_us = stage.venue.time.now_us()
    stage.venue.history_us = venue_us - stage.venue.books["BTCUSDT"].rows(1, 2).ts_us[0]
    assert error(stage, "aggTrades", symbol="BTCUSDT", fromId=1_001) == (400, -4166)
    assert ids(get(stage, "aggTrades", symbol="BTCUSDT", fromId=1_002)) == [1_002, 1_003]


def test_history_can_be_shortened(stage):
    assert RULES["um"].history_us == 48 * 3_600 * SECOND_US
    stage.fault("history", last_s=1)
    assert error(stage, "aggTrades", symbol="BTCUSDT", fromId=1_001) == (400, -4166)
    last = stage.venue.trades("BTCUSDT").column("trade_id")[-1].as_py()
    assert ids(get(stage, "aggTrades", symbol="BTCUSDT", fromId=last)) == [last]


def test_before_the_first_trade_is_too_old_as_well(stage):
    assert error(stage, "aggTrades", symbol="BTCUSDT", fromId=1) == (400, -4166)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("aggTrades", {}, -1102),
        ("aggTrades", {"symbol": "NOBODY"}, -1121),
        ("aggTrades", {"symbol": "btcusdt"}, -1121),
        ("aggTrades", {"symbol": "BTCUSDT", "limit": 1001}, -1130),
        ("aggTrades", {"symbol": "BTCUSDT", "limit": 0}, -1130),
        ("aggTrades", {"symbol": "BTCUSDT", "fromId": "x"}, -1102),
        ("aggTrades", {"symbol": "BTCUSDT", "fromId": 1_001, "startTime": 1}, -1128),
        ("aggTrades", {"symbol": "BTCUSDT", "startTime": 1, "endTime": 10**12}, -1127),
        ("klines", {"symbol": "BTCUSDT", "interval": "1s"}, -1120),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": 1501}, -1130),
        ("fundingRate", {"symbol": "NOBODY"}, -1121),
        ("fundingRate", {"symbol": "BTCUSDT", "startTime": "x"}, -1102),
        ("premiumIndex", {"symbol": "NOBODY"}, -1121),
    ],
)
def test_wrong_requests_have_the_venues_codes(stage, path, query, code):
    assert error(stage, path, **query) == (400, code)


names = st.sampled_from(["symbol", "fromId", "startTime", "endTime", "limit", "interval"])
values = st.one_of(st.sampled_from(["BTCUSDT", "1m", "1h"]), st.integers(-5, 10**25).map(str), st.text(max_size=4))


@cache
def anything() -> Stage:
    """Return a venue that has traded, the same for all examples."""
    stage = opened(rules=replace(RULES["um"], weight_per_minute=10**9), playback=Playback())
    stage.play(3)
    return stage


@settings(max_examples=60)
@given(
    st.sampled_from(["aggTrades", "klines", "trades", "fundingRate", "premiumIndex"]), st.dictionaries(names, values)
)
def test_whatever_is_asked_is_answered_in_json(path, query):
    answered = respond(anything().venue, f"/fapi/v1/{path}?{urlencode(query)}", {})
    assert answered.status in (200, 400)
    json.loads(answered.body)


def test_unknown_path_is_404_and_history_of_single_trades_needs_a_key(stage):
    assert ask(stage, "nothing").status == 404
    assert ask(stage, "historicalTrades", symbol="BTCUSDT").status == 401
    assert ask(stage, "historicalTrades", {"X-MBX-APIKEY": "k"}, symbol="BTCUSDT").status == 200


def test_time_is_the_venues(stage):
    stage.fault("clock", ahead_ms=1270)
    assert get(stage, "time")["serverTime"] == stage.clock.now_us() // 1_000 + 1_270


def test_candles_hold_their_trades_and_the_last_is_still_open():
    stage = opened(steady(200, every_us=SECOND_US), playback=Playback())
    stage.play(150, turn_us=250_000)
    rows = get(stage, "klines", symbol="BTCUSDT", interval="1m")
    assert [len(row) for row in rows] == [12] * len(rows)
    assert rows[-1][6] > stage.venue.time.now_us() // 1_000
    assert sum(row[8] for row in rows) == stage.venue.trades("BTCUSDT").num_rows
    assert [row[8] for row in rows[1:-1]] == [60] * (len(rows) - 2)
    assert all(row[6] == row[0] + 59_999 for row in rows)
    assert get(stage, "klines", symbol="BTCUSDT", interval="1m", limit=1) == rows[-1:]
    assert get(stage, "klines", symbol="BTCUSDT", interval="1m", startTime=rows[1][0], limit=1) == rows[1:2]


def test_instruments_have_filters_and_states_that_nobody_knows(stage):
    rows = {row["symbol"]: row for row in get(stage, "exchangeInfo")["symbols"]}
    assert {"BTCUSDT", "币安人生USDT", "XAUUSDT", "BTCUSDT_261225"} <= set(rows)
    assert rows["BTCUSDT"]["status"] == "TRADING"
    assert {"SETTLING", "HALTED_FOR_REVIEW"} <= {row["status"] for row in rows.values()}
    kinds = {entry["filterType"] for entry in rows["BTCUSDT"]["filters"]}
    assert {"PRICE_FILTER", "POSITION_RISK_CONTROL", "MOON_PHASE"} <= kinds
    price = next(entry for entry in rows["BTCUSDT"]["filters"] if entry["filterType"] == "PRICE_FILTER")
    assert (price["tickSize"], rows["BTCUSDT"]["pricePrecision"]) == ("0.10", 2)
    assert rows["XAUUSDT"]["contractType"] == "TRADIFI_PERPETUAL"


def test_funding_has_empty_prices_in_old_rows_and_times_that_are_a_little_off(stage):
    rows = get(stage, "fundingRate", symbol="BTCUSDT", limit=10)
    assert [row["fundingTime"] for row in rows] == sorted(row["fundingTime"] for row in rows)
    assert {row["markPrice"] == "" for row in rows} == {True, False}
    assert {row["fundingTime"] % 28_800_000 for row in rows} == {0, 1, 2, 7}
    assert "X-MBX-USED-WEIGHT-1M" not in ask(stage, "fundingRate").headers
    infos = get(stage, "fundingInfo")
    assert ("BTCUSD_PERP", None) in {(row["symbol"], row["updateTime"]) for row in infos}


def test_requests_about_funding_have_a_budget_of_their_own():
    stage = opened(rules=replace(RULES["um"], funding_requests=3, weight_per_minute=0), playback=Playback())
    answers = [ask(stage, name) for name in ("fundingRate", "fundingInfo", "fundingRate", "fundingInfo")]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "300"
    assert (RULES["um"].funding_requests, RULES["um"].funding_within_us) == (500, 300 * SECOND_US)


def test_premium_index_is_of_one_symbol_or_of_all(stage):
    assert get(stage, "premiumIndex", symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert "币安人生USDT" in {row["symbol"] for row in get(stage, "premiumIndex")}


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("time", {}, 1),
        ("exchangeInfo", {}, 1),
        ("aggTrades", {"symbol": "BTCUSDT", "limit": 1}, 20),
        ("aggTrades", {"symbol": "NOBODY"}, 20),
        ("trades", {"symbol": "BTCUSDT"}, 5),
        ("premiumIndex", {"symbol": "BTCUSDT"}, 1),
        ("premiumIndex", {}, 10),
        *(
            ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": limit}, weight)
            for limit, weight in ((100, 1), (101, 2), (500, 2), (501, 5), (1000, 5), (1500, 10))
        ),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m"}, 5),
    ],
)
def test_each_request_costs_its_weight_also_a_refused_one(stage, path, query, weight):
    before = int(ask(stage, "time").headers["X-MBX-USED-WEIGHT-1M"])
    assert int(ask(stage, path, **query).headers["X-MBX-USED-WEIGHT-1M"]) - before == weight


def test_weight_is_counted_per_minute_of_the_clock_then_429_then_418():
    stage = opened(rules=replace(RULES["um"], weight_per_minute=100), playback=Playback())
    stage.clock.advance(60 * SECOND_US - stage.clock.now_us() % (60 * SECOND_US))
    answers = [ask(stage, "aggTrades", symbol="BTCUSDT") for _ in range(17)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 10 + [418] * 2
    assert answers[5].headers["Retry-After"] == "60"
    assert json.loads(answers[5].body)["code"] == -1003
    assert answers[-1].headers["Retry-After"] == "120"
    assert "IP banned until" in json.loads(answers[-1].body)["msg"]
    stage.clock.advance(60 * SECOND_US)
    assert ask(stage, "time").status == 418
    stage.clock.advance(61 * SECOND_US)
    assert ask(stage, "time").headers["X-MBX-USED-WEIGHT-1M"] == "1"


@pytest.mark.parametrize("status", [403, 418, 429, 451, 503])
def test_refusals_on_demand_last_as_often_as_told(stage, status):
    stage.fault("refuse", status=status, retry_after_s=7, times=2, scope="rest")
    answers = [ask(stage, "time") for _ in range(3)]
    assert [answer.status for answer in answers] == [status, status, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].is_json is (status != 403)
    assert stage.venue.gate.handshake(stage.clock.now_us(), stage.venue.time.now_us()) is None


def test_restricted_location_has_its_sentence(stage):
    stage.fault("refuse", status=451)
    assert json.loads(ask(stage, "time").body)["msg"].startswith("Service unavailable from a restricted location")


def test_spot_has_its_own_paths_and_no_futures(stage):
    spot = opened(market="spot", playback=Playback())
    spot.play(4)
    rows = get(spot, "aggTrades", symbol="BTCUSDT", limit=1)
    assert list(rows[0]) == ["a", "p", "q", "f", "l", "T", "m", "M"]
    assert ask(spot, "fundingRate").status == 404
    assert respond(spot.venue, "/fapi/v1/time", {}).status == 404
