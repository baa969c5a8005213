"""Faults: each does what its name says, and what the venue truly had stays as it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from livepairs.errors import ConfigError
from livepairs.venue import RULES
from livepairs.venue.faults import apply_fault, fault_docs, parse_fault, schedule
from tests.venue.audience import opened, steady

ALL = list(range(1_001, 1_101))


def played(name, *, at=2.0, until=12.0, target="/market/stream?streams=btcusdt@aggTrade", **arguments):
    """Return a stage and its listener after a fault at a time."""
    stage = opened()
    listener = stage.listen(target)
    stage.play(at, turn_us=20_000)
    stage.fault(name, **arguments)
    stage.play(until - at, turn_us=20_000)
    return stage, listener


def truth(stage, symbol="BTCUSDT"):
    return stage.venue.trades(symbol).column("trade_id").to_pylist()


@pytest.mark.parametrize("name", sorted(fault_docs()))
def test_each_fault_explains_itself_and_can_happen_with_nobody_there_and_with_somebody(name):
    text, _ = fault_docs()[name]
    assert text.endswith(".")
    arguments = {"stream": "btcusdt@aggTrade"} if name == "silence" else {}
    stage = opened()
    stage.fault(name, **arguments)
    stage.listen()
    stage.play(1)
    stage.fault(name, **arguments)
    stage.play(1)


def test_dropped_connection_has_no_close_frame():
    stage, listener = played("drop")
    assert listener.transport.is_aborted
    assert stage.venue.closing == []
    assert len(listener.ids()) < 100


def test_close_has_the_code_asked_for():
    stage, listener = played("close", until=2.1, code=1012, reason="service restart")
    assert stage.venue.closing == [(listener.client, 1012, "service restart")]


@pytest.mark.parametrize("code", [999, 1005, 1006, 5000])
def test_codes_that_may_not_be_sent_are_refused(code):
    with pytest.raises(ConfigError, match="1001, 1008 or 1012"):
        opened().fault("close", code=code)


def test_shutdown_is_announced_before_the_end():
    stage, listener = played("shutdown", until=2.5, lead_s=1.0)
    announced = listener.messages("!serverShutdown")
    assert [message["e"] for message in announced] == ["serverShutdown"]
    assert stage.venue.closing == []
    stage.play(1)
    assert stage.venue.closing == [(listener.client, 1001, "")]


def test_stalled_connection_is_pinged_and_has_no_data_until_it_is_over():
    stage, listener = played("stall", until=5.0, for_s=3)
    before = len(listener.ids())
    stage.play(7)
    ids = listener.ids()
    assert truth(stage) == ALL
    assert len(ids) > before
    assert len(ids) == pytest.approx(100 - 30, abs=2)


def test_stall_concerns_the_connections_there_are():
    stage, _ = played("stall", until=3.0)
    later = stage.listen()
    stage.play(2)
    assert later.ids() != []


def test_one_stream_falls_silent_and_the_others_go_on():
    target = "/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s"
    _, listener = played("silence", target=target, stream="btcusdt@aggTrade")
    assert listener.ids()[-1] < 1_030
    assert len(listener.messages("btcusdt@markPrice@1s")) == 12


def test_frozen_connection_neither_reads_nor_writes():
    second_us = 1_000_000
    stage = opened(rules=replace(RULES["um"], ping_every_us=second_us, pong_within_us=3 * second_us))
    listener = stage.listen()
    stage.play(0.5)
    stage.fault("freeze")
    size = len(listener.transport.written)
    stage.play(5)
    assert not listener.transport.is_aborted
    assert listener.transport.is_paused
    assert len(listener.transport.written) == size


def test_slow_connection_falls_behind_and_catches_up():
    stage = opened()
    listener = stage.listen()
    stage.play(2)
    stage.fault("slow", per_s=2, for_s=3)
    before = len(listener.ids())
    stage.play(2.9)
    assert len(listener.ids()) - before == pytest.approx(6, abs=1)
    stage.play(8)
    assert listener.ids() == ALL


def test_skipped_trades_are_never_told_and_the_venue_had_them():
    stage, listener = played("skip", count=7)
    ids = listener.ids()
    assert len(ids) == 93
    assert truth(stage) == ALL
    missing = sorted(set(ALL) - set(ids))
    assert missing == list(range(missing[0], missing[0] + 7))


def test_duplicates_are_the_last_ones_again():
    _, listener = played("duplicate", count=5)
    counts = Counter(listener.ids())
    assert sorted(counts) == ALL
    assert sum(counts.values()) == 105


def test_new_subscription_begins_with_trades_told_before():
    stage, first = played("replay", count=8, until=5.0)
    second = stage.listen()
    stage.play(8)
    ids = second.ids()
    assert ids[:8] == first.ids()[first.ids().index(ids[0]) :][:8]
    assert ids == list(range(ids[0], 1_101))


def test_shuffled_trades_come_last_first_and_none_is_lost():
    _, listener = played("shuffle", count=6)
    ids = listener.ids()
    place = next(place for place, (a, b) in enumerate(pairwise(ids)) if b < a)
    assert ids[place : place + 6] == sorted(ids[place : place + 6], reverse=True)
    assert sorted(ids) == ALL


def test_late_trades_come_after_those_that_passed_them():
    _, listener = played("late", count=3, by_s=1.0)
    ids = listener.ids()
    assert sorted(ids) == ALL
    turned = [b for a, b in pairwise(ids) if b < a]
    assert len(turned) == 1
    assert ids.index(turned[0] + 3) < ids.index(turned[0])


def test_burst_is_348_trades_in_one_millisecond():
    stage, listener = played("burst")
    times = Counter(message["T"] for message in listener.messages("btcusdt@aggTrade"))
    assert times.most_common(1)[0][1] >= 348
    assert listener.ids() == truth(stage) == list(range(1_001, 1_101 + 348))


def test_zero_spends_an_id_that_is_no_trade():
    target = "/market/stream?streams=btcusdt@aggTrade"
    stage, listener = played("zero", target=target)
    spent = [message for message in listener.messages("btcusdt@aggTrade") if float(message["q"]) == 0]
    assert len(spent) == 1
    assert listener.ids() == list(range(1_001, 1_102))
    assert spent[0]["a"] not in truth(stage)


def test_zero_is_x_na_on_the_raw_stream():
    _, listener = played("zero", target="/public/stream?streams=btcusdt@trade")
    kinds = Counter((message["X"], message["p"] == "0") for message in listener.messages("btcusdt@trade"))
    assert kinds == {("MARKET", False): 100, ("NA", True): 1}


def test_fill_ids_are_left_out_while_aggregated_ids_are_contiguous():
    _, listener = played("fill-ids", count=2)
    told = listener.messages("btcusdt@aggTrade")
    assert listener.ids() == ALL
    assert {message["f"] - message["a"] for message in told} == {0, 2}


def test_outlier_of_the_insurance_fund_is_on_the_raw_stream_alone():
    _, listener = played("outlier", target="/public/stream?streams=btcusdt@trade")
    odd = [message for message in listener.messages("btcusdt@trade") if message["X"] == "INSURANCE_FUND"]
    assert len(odd) == 1
    assert float(odd[0]["p"]) > 109


def test_keys_are_left_out_and_added():
    _, listener = played("keys", without="nq+st", extra="zz")
    first, last = (listener.messages("btcusdt@aggTrade")[place] for place in (0, -1))
    assert {"nq", "st"} <= set(first)
    assert set(first) ^ set(last) == {"nq", "st", "zz"}
    target = "/market/stream?streams=btcusdt@markPrice@1s"
    _, listener = played("keys", target=target, without="ap+st", extra="zz")
    first, last = (listener.messages("btcusdt@markPrice@1s")[place] for place in (0, -1))
    assert set(first) ^ set(last) == {"ap", "st", "zz"}


def test_merged_tells_a_coin_margined_trade():
    _, listener = played("merged")
    assert [m["s"] for m in listener.messages("btcusdt@aggTrade") if m["st"] == 2] == ["BTCUSD_PERP"]


def test_malformed_messages_go_to_everybody():
    _, listener = played("malformed", kind="truncated", until=2.1)
    assert any(text.endswith('"a":34778') for text in listener.texts())


def test_clock_runs_ahead_and_drifts_while_trades_keep_their_pace():
    stage = opened()
    listener = stage.listen()
    stage.play(2)
    before = len(listener.ids())
    stage.fault("clock", ahead_ms=1270, drift_ppm=10_000)
    assert stage.venue.time.now_us() - stage.clock.now_us() == 1_270_000
    stage.play(1)
    assert len(listener.ids()) - before == pytest.approx(10, abs=1)
    assert stage.venue.time.now_us() - stage.clock.now_us() == 1_280_000
    stage.play(10)
    assert listener.ids() == ALL


def test_scheduled_fault_happens_at_its_time_and_again():
    stage = opened(steady(400))
    listener = stage.listen()
    schedule(stage.venue, parse_fault("skip:count=1,after_s=5,every_s=10"))
    stage.play(36)
    missing = set(range(1_001, listener.ids()[-1])) - set(listener.ids())
    assert len(missing) == 4


def test_symbol_of_a_fault_to_come_is_checked_at_once():
    fault = parse_fault("skip:symbol=BTCUSD,after_s=60")
    with pytest.raises(ConfigError, match="did you mean 'BTCUSDT'"):
        schedule(opened().venue, fault)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drp", "did you mean 'drop'"),
        ("drop:hwo=end", "did you mean 'how'"),
        ("drop:how=maybe", "reset or end"),
        ("drop:how", "name=value"),
        ("skip:count=few", "a whole number"),
        ("skip:symbol=BTCUSD", "did you mean 'BTCUSDT'"),
        ("stall:for_s=soon", "a number"),
        ("stall:after_s=-1", "a number of seconds"),
        ("stall:which=last", "all, oldest or newest"),
        ("silence", "needs a stream"),
        ("refuse:status=200", "400 to 599"),
        ("refuse:scope=all", "handshake, rest or both"),
        ("malformed:kind=strange", "truncated, garbage"),
        ("rest-malformed:kind=strange", "truncated, html"),
    ],
)
def test_fault_that_cannot_be_says_what_can(text, message):
    venue = opened().venue

    def happen() -> None:
        fault = parse_fault(text)
        apply_fault(venue, fault.name, fault.arguments)

    with pytest.raises(ConfigError, match=message):
        happen()
