"""The venue's turns: what is told when, to whom, and what it truly had."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livepairs.columns import ints_of
from livepairs.venue import RULES, Playback
from tests.venue.audience import NOW_US, START_US, opened, steady

SECOND_US = 1_000_000


def test_trades_are_told_150_ms_after_they_happened_in_their_order():
    stage = opened()
    listener = stage.listen()
    stage.play(11)
    told = listener.messages("btcusdt@aggTrade")
    assert [message["a"] for message in told] == list(range(1_001, 1_101))
    assert {message["E"] - message["T"] for message in told} == {150}
    assert stage.venue.is_over


def test_nothing_is_told_before_its_time():
    stage = opened()
    listener = stage.listen()
    while not listener.texts():
        stage.play(0.01)
    assert abs(stage.venue.time.now_us() // 1_000 - listener.messages("btcusdt@aggTrade")[0]["E"]) <= 10


def test_recorded_times_move_by_a_whole_number_of_seconds():
    stage = opened()
    listener = stage.listen()
    stage.play(11)
    shifts = {
        message["T"] * 1_000 - (START_US + place * 100_000)
        for place, message in enumerate(listener.messages("btcusdt@aggTrade"))
    }
    assert len(shifts) == 1
    shift = shifts.pop()
    assert shift % SECOND_US == 0
    assert 0 <= shift - (NOW_US - START_US) <= 2 * SECOND_US


def test_speed_squeezes_the_market_and_leaves_the_clock():
    stage = opened(playback=Playback(speed=10.0, waits_for_client=True))
    listener = stage.listen()
    stage.play(2)
    times = [message["T"] for message in listener.messages("btcusdt@aggTrade")]
    assert len(times) == 100
    assert set(np.diff(times).tolist()) == {10}


def test_as_recorded_keeps_the_times_and_the_clock_runs_there():
    stage = opened(playback=Playback(speed=10.0, is_as_recorded=True, waits_for_client=True))
    listener = stage.listen()
    stage.play(1.1)
    times = [message["T"] * 1_000 for message in listener.messages("btcusdt@aggTrade")]
    assert times == [START_US + place * 100_000 for place in range(100)]
    assert abs(stage.venue.time.now_us() - START_US - 11 * SECOND_US) < SECOND_US


def test_unpaced_market_comes_at_once():
    stage = opened(playback=Playback(speed=float("inf"), is_as_recorded=True, waits_for_client=True))
    listener = stage.listen()
    stage.play(0.05)
    assert len(listener.ids()) == 100


def test_unpaced_market_waits_for_a_client():
    stage = opened(playback=Playback(speed=float("inf"), is_as_recorded=True))
    stage.play(0.1)
    assert len(stage.venue.trades("BTCUSDT")) == 0
    listener = stage.listen()
    stage.play(0.05)
    assert len(listener.ids()) == 100


def test_lead_is_in_the_past_and_was_not_told():
    stage = opened(playback=Playback(lead_us=5 * SECOND_US))
    stage.play(1)
    listener = stage.listen()
    stage.play(2)
    assert stage.venue.trades("BTCUSDT").num_rows >= 50
    assert listener.ids()[0] > 1_050


def test_market_waits_for_the_first_subscription():
    stage = opened()
    stage.play(3)
    assert stage.venue.trades("BTCUSDT").num_rows == 0
    quiet = stage.listen("/market/stream")
    stage.play(3)
    assert stage.venue.trades("BTCUSDT").num_rows == 0
    quiet.ask({"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade"], "id": 1})
    stage.play(3)
    assert quiet.ids()[0] == 1_001


def test_what_the_venue_had_is_what_was_told():
    stage = opened(steady(symbols=("BTCUSDT", "ETHUSDT")))
    listener = stage.listen("/market/stream?streams=btcusdt@aggTrade/ethusdt@aggTrade")
    stage.play(5)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        truth = stage.venue.trades(symbol)
        told = listener.messages(f"{symbol.lower()}@aggTrade")
        assert truth.column("trade_id").to_pylist() == [message["a"] for message in told]
        assert [time // 1_000 for time in ints_of(truth.column("ts")).tolist()] == [message["T"] for message in told]
        assert truth.column("price").to_pylist() == [float(message["p"]) for message in told]
        assert truth.column("qty").to_pylist() == [float(message["q"]) for message in told]
        assert truth.column("buyer_is_maker").to_pylist() == [message["m"] for message in told]


def test_holes_in_recorded_ids_are_closed_from_the_first_on():
    first, second = steady(3), steady(3)
    late = [replace(second[0], now_us=second[0].now_us + 10 * SECOND_US)]
    stage = opened([*first, *late])
    listener = stage.listen()
    stage.play(11)
    assert listener.ids() == list(range(1_001, 1_007))
    assert stage.venue.books["BTCUSDT"].is_renumbered


def test_raw_connection_has_no_envelope_until_it_asks_for_one():
    stage = opened()
    listener = stage.listen("/market/ws/btcusdt@aggTrade")
    stage.play(1.5)
    assert {message["e"] for message in listener.messages()} == {"aggTrade"}
    listener.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 1})
    stage.play(1)
    assert set(listener.messages()[-1]) == {"stream", "data"}


def test_marks_come_each_second_or_each_third_also_of_symbols_that_never_trade():
    stage = opened()
    listener = stage.listen("/market/stream?streams=btcusdt@markPrice@1s/btcusdt@markPrice/币安人生usdt@markPrice@1s")
    stage.play(9)
    quick, slow = listener.messages("btcusdt@markPrice@1s"), listener.messages("btcusdt@markPrice")
    assert (len(quick), len(slow)) == (9, 3)
    assert all(message["E"] % 1_000 == 0 for message in quick)
    assert [message["T"] % 28_800_000 for message in quick] == [0] * 9
    assert [message["s"] for message in listener.messages("币安人生usdt@markPrice@1s")] == ["币安人生USDT"] * 9


def test_array_of_all_marks_comes_in_two_frames_with_coin_margined_rows():
    stage = opened()
    listener = stage.listen("/market/stream?streams=!markPrice@arr@1s")
    stage.play(1)
    told = listener.messages("!markPrice@arr@1s")
    assert len(told) == 2
    rows = [row for half in told for row in half]
    assert {row["s"] for row in rows if row["st"] == 2} == {"BTCUSD_PERP"}
    unfunded = [row for row in rows if row["s"] == "BTCUSDT_261225"]
    assert [(row["r"], row["T"]) for row in unfunded] == [("0.00000000", 0)]


def test_candle_is_told_while_it_is_open_and_once_when_it_closes():
    stage = opened(steady(20, every_us=10 * SECOND_US))
    listener = stage.listen("/market/stream?streams=btcusdt@kline_1m")
    stage.play(130, turn_us=250_000)
    told = [message["k"] for message in listener.messages("btcusdt@kline_1m")]
    closed = [candle for candle in told if candle["x"]]
    assert len(closed) >= 2
    assert len({candle["t"] for candle in closed}) == len(closed)
    assert closed[1]["n"] == 6
    assert closed[1]["f"] == closed[0]["L"] + 1


def test_best_bid_and_ask_stand_around_each_trade():
    stage = opened()
    listener = stage.listen("/public/stream?streams=btcusdt@bookTicker/btcusdt@trade")
    stage.play(2)
    quotes, trades = listener.messages("btcusdt@bookTicker"), listener.messages("btcusdt@trade")
    assert len(quotes) == len(trades) > 0
    for quote, trade in zip(quotes, trades, strict=True):
        assert float(quote["b"]) < float(quote["a"])
        assert float(trade["p"]) in (float(quote["b"]), float(quote["a"]))


def test_rolling_day_of_all_has_a_coin_margined_row():
    stage = opened()
    listener = stage.listen("/market/stream?streams=!miniTicker@arr")
    stage.play(3)
    assert [(row["s"], row["st"]) for row in listener.messages("!miniTicker@arr")[-1]] == [
        ("BTCUSDT", 1),
        ("BTCUSD_PERP", 2),
    ]


def test_server_pings_with_the_time_in_milliseconds_and_hangs_up_without_a_pong():
    rules = replace(RULES["um"], ping_every_us=3 * SECOND_US, pong_within_us=5 * SECOND_US)
    stage = opened(rules=rules)
    listener = stage.listen()
    stage.play(3.5)
    pings = [content for opcode, content in listener.frames() if opcode == 9]
    assert len(pings) == 1
    assert abs(int(pings[0]) - (NOW_US + 3 * SECOND_US) // 1_000) <= 10
    stage.play(4)
    assert not listener.transport.is_aborted
    stage.play(1)
    assert listener.transport.is_aborted


def test_connection_ends_after_its_life_with_a_close_frame_or_without():
    rules = replace(RULES["um"], lifetime_us=2 * SECOND_US)
    stage = opened(rules=rules)
    listener = stage.listen()
    stage.play(1.9)
    assert stage.venue.closing == []
    stage.play(0.2)
    assert stage.venue.closing[0] == (listener.client, 1001, "")
    mute = opened(rules=replace(rules, is_cut_announced=False))
    listener = mute.listen()
    mute.play(2.1)
    assert listener.transport.is_aborted
    assert mute.venue.closing == []


def test_fifteen_messages_at_once_are_answered_and_no_more():
    stage = opened()
    listener = stage.listen()
    replies = [listener.ask({"method": "LIST_SUBSCRIPTIONS", "id": number}) for number in range(40)]
    assert [reply is not None for reply in replies] == [True] * 15 + [False] * 25
    stage.play(0.01)
    assert stage.venue.closing[0][1:] == (1008, "Too many requests")


def test_ten_messages_a_second_go_on_for_ever():
    stage = opened()
    listener = stage.listen()
    for number in range(60):
        assert listener.ask({"method": "LIST_SUBSCRIPTIONS", "id": number}) is not None
        stage.play(0.1)
    assert stage.venue.closing == []


def test_slow_reader_is_hung_up_on_when_too_much_waits_for_it():
    stage = opened()
    listener = stage.listen()
    listener.transport.waiting = RULES["um"].backlog_bytes + 1
    stage.play(0.01)
    assert listener.transport.is_aborted


@pytest.mark.parametrize("unit", ["", "&timeUnit=MICROSECOND"])
def test_spot_trades_have_either_unit(unit):
    stage = opened(market="spot")
    listener = stage.listen(f"/stream?streams=btcusdt@aggTrade{unit}")
    stage.play(2)
    told = listener.messages("btcusdt@aggTrade")
    assert {message["T"] > 1e14 for message in told} == {bool(unit)}
    assert "nq" not in told[0]
