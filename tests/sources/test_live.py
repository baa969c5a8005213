"""The live source against the local exchange: whatever goes wrong, each trade of the venue is delivered once.

Each scene ends by checking the laws of the chunks and that a replay of the rows makes the bars that were made live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from livepairs.clock import ManualClock
from livepairs.errors import ConfigError
from livepairs.sources import Source
from livepairs.sources.live import LiveSource
from livepairs.sources.live_limits import Endpoints
from tests.sources.live_scenes import LIMITS, SECOND_US, START_US, SYMBOLS, Scene, scene

ETH_TRADES = "ethusdt@aggTrade"
ETH_MARKS = "ethusdt@markPrice@1s"


def play(body: Callable[[Scene], Awaitable[None]], *faults: str, **options: object) -> Scene:
    """Open a scene, play what the body says, and return it as it was in the end."""

    async def whole() -> Scene:
        async with scene(*faults, **options) as played:  # type: ignore[arg-type]
            await body(played)
        assert len(asyncio.all_tasks()) == 1, "something was left running"
        return played

    return asyncio.run(whole())


def until_complete(seconds: float = 5.0) -> Callable[[Scene], Awaitable[None]]:
    """Return a body that lets time pass, and then waits for every trade."""

    async def body(played: Scene) -> None:
        await played.run(seconds)
        await played.everything_arrives()
        await played.run(0.2)  # the account of the feed is renewed ten times a second

    return body


def test_it_is_a_source_that_knows_its_symbols_before_it_connects() -> None:
    live = LiveSource("um", SYMBOLS, endpoints=Endpoints("ws://127.0.0.1:9", "http://127.0.0.1:9"), clock=ManualClock())
    assert isinstance(live, Source)
    assert live.symbols == SYMBOLS
    assert set(live.feed.streams) == {f"{s.lower()}{kind}" for s in SYMBOLS for kind in ("@aggTrade", "@markPrice@1s")}


def test_a_quiet_day_has_no_gap_no_alarm_and_nothing_late() -> None:
    """ETHUSDT trades once in some seconds: that is quiet, not silent."""
    played = play(until_complete(9), source="synthetic:?seed=3&rate=5")
    feed = played.source.feed
    assert (feed.status, feed.sentence, feed.reconnects, feed.duplicates, feed.gaps) == ("live", "live", 0, 0, ())
    assert not any(stream.is_silent for stream in feed.streams.values())
    assert feed.received == sum(stream.rows for stream in feed.streams.values()) > 20
    assert feed.last_data_us is not None
    assert feed.connected_since_us is not None
    assert played.late() == 0


def test_whatever_ends_a_connection_is_followed_by_another_one_and_the_hole_is_filled() -> None:
    endings = [
        *(("close", {"code": code}) for code in (1000, 1001, 1008, 1011)),
        *(("drop", {"how": how}) for how in ("reset", "end")),
    ]

    async def body(played: Scene) -> None:
        def is_back(times: int) -> bool:
            return played.source.feed.reconnects == times and played.source.feed.status == "live"

        for number, (name, arguments) in enumerate(endings):
            await played.run(0.9)
            played.venue.fault("skip", count=2)
            await played.run(0.3)
            played.venue.fault(name, **arguments)
            assert await played.until(partial(is_back, number + 1)), played.source.feed
        await played.run(0.5)
        await played.everything_arrives()

    played = play(body, source="synthetic:?seed=3&rate=60")
    assert played.source.feed.reconnects == len(endings)
    assert {gap.how for gap in played.gaps} == {"filled"}
    assert {gap.symbol for gap in played.gaps} == set(SYMBOLS)


@pytest.mark.parametrize("fault", ["stall", "freeze"])
def test_a_connection_that_falls_silent_is_replaced(fault: str) -> None:
    """With ``stall`` its pings are still answered; with ``freeze`` nothing is."""
    played = play(until_complete(), f"{fault}:after_s=2")
    assert played.source.feed.reconnects == 1
    assert [gap.how for gap in played.gaps] == ["filled", "filled"]
    assert "no data for 3" in played.gaps[0].cause


def test_one_silent_stream_is_found_by_asking_named_and_subscribed_anew() -> None:
    seen = set[str]()

    async def body(played: Scene) -> None:
        while played.seconds < 8:
            await played.run(0.1)
            feed = played.source.feed
            seen.update(name for name, stream in feed.streams.items() if stream.is_silent)
        await played.everything_arrives()

    played = play(body, f"silence:stream={ETH_TRADES},after_s=2")
    assert seen == {ETH_TRADES}
    assert played.source.feed.reconnects == 1
    assert {(gap.symbol, gap.cause, gap.how) for gap in played.gaps} == {
        ("ETHUSDT", f"{ETH_TRADES} delivered nothing", "filled")
    }
    assert not played.source.feed.streams[ETH_TRADES].is_silent


def test_a_stream_that_never_had_anything_is_found_as_well() -> None:
    played = play(until_complete(8), f"silence:stream={ETH_TRADES}")
    assert played.source.feed.reconnects == 1
    assert ("ETHUSDT", f"{ETH_TRADES} delivered nothing", "filled") in [
        (gap.symbol, gap.cause, gap.how) for gap in played.gaps
    ]


def test_a_silent_heartbeat_is_named_while_the_others_go_on() -> None:
    played = play(until_complete(), f"silence:stream={ETH_MARKS},after_s=2")
    feed = played.source.feed
    assert (feed.status, feed.reconnects) == ("silent", 0)
    assert feed.sentence == f"connected, but no data of {ETH_MARKS}"
    assert [name for name, stream in feed.streams.items() if stream.is_silent] == [ETH_MARKS]


def test_a_connection_that_never_delivers_is_not_believed() -> None:
    """As on a wrong route: connected, acknowledged, and no data ever."""
    told = list[tuple[str, str]]()

    async def body(played: Scene) -> None:
        played.venue.fault("stall")
        while played.seconds < 5:
            await played.run(0.1)
            played.venue.fault("stall")
            feed = played.source.feed
            if not told or told[-1][0] != feed.status:
                told.append((feed.status, feed.sentence))

    play(body)
    assert ("subscribed", "connected and subscribed; no data so far") in told
    assert any(status == "waiting" and said.startswith("subscribed, and no data in 3 s") for status, said in told)


def test_a_planned_change_of_connection_loses_nothing_and_makes_nothing_late() -> None:
    limits = replace(LIMITS, rotate_us=2 * SECOND_US, overlap_us=SECOND_US // 2)
    played = play(until_complete(7), limits=limits, rules={"lifetime_us": 3 * SECOND_US})
    feed = played.source.feed
    assert feed.reconnects >= 2
    assert feed.duplicates > 0
    assert feed.gaps == ()
    assert played.late() == 0


def test_an_announced_shutdown_is_moved_away_from_before_it_comes() -> None:
    played = play(until_complete(4), "shutdown:lead_s=2,after_s=2")
    assert played.source.feed.reconnects == 1
    assert played.gaps == ()
    assert played.late() == 0


def test_odd_messages_are_counted_and_harm_nothing() -> None:
    async def body(played: Scene) -> None:
        await played.run(2)
        for name in ("zero", "keys", "merged", "burst", "duplicate"):
            played.venue.fault(name)
        played.venue.fault("malformed", kind="all")
        await played.run(1.5)
        await played.everything_arrives()

    played = play(body)
    feed = played.source.feed
    assert feed.malformed > 3
    assert feed.rejected == {"bad_price": 2, "coin_margined": 2}
    assert feed.duplicates > 0
    assert feed.gaps == ()


def test_ids_that_are_skipped_are_fetched_and_those_that_come_late_are_taken() -> None:
    async def body(played: Scene) -> None:
        await played.run(2)
        played.venue.fault("skip", symbol="BTCUSDT", count=5)
        played.venue.fault("shuffle", symbol="ETHUSDT", count=5)
        await played.run(2)
        await played.everything_arrives()

    played = play(body)
    told = [(gap.symbol, gap.how, gap.cause, gap.is_healed) for gap in played.gaps]
    assert sorted(told) == [("BTCUSDT", "filled", "ids skipped", True), ("ETHUSDT", "arrived", "ids skipped", True)]
    assert played.source.feed.fetched == 5


def test_a_full_queue_becomes_a_gap_that_is_filled() -> None:
    played = play(until_complete(3), "burst:after_s=2", limits=replace(LIMITS, queue_frames=100))
    feed = played.source.feed
    assert feed.overflowed > 400
    assert {(gap.cause, gap.how) for gap in feed.gaps} == {("the queue was full", "filled")}


def test_data_that_falls_behind_is_given_up_for_a_new_connection() -> None:
    """A slow line: the venue's messages wait on its side, each older than the one before."""
    played = play(until_complete(6), "slow:per_s=5,after_s=2")
    feed = played.source.feed
    assert feed.reconnects == 1
    assert "behind" in feed.gaps[0].cause
    assert feed.lag_us is not None
    assert feed.lag_us < SECOND_US


def test_a_consumer_that_stands_still_does_not_drain_what_has_become_stale() -> None:
    async def body(played: Scene) -> None:
        await played.run(2)
        for _ in range(4):  # nobody has a turn: the loop itself stands still
            played.clock.advance(SECOND_US)
        await played.run(2)
        await played.everything_arrives()

    assert {gap.how for gap in play(body).gaps} <= {"filled"}


def test_a_clock_behind_the_venues_is_corrected_and_nothing_is_late() -> None:
    played = play(until_complete(4), "clock:ahead_ms=1270")
    feed = played.source.feed
    assert -1_400_000 < feed.offset_us < -1_270_000 + 1
    assert feed.lag_us is not None
    assert 0 <= feed.lag_us < 200_000
    assert played.late() == 0


def test_a_clock_that_stood_still_for_an_hour_is_found_out_and_nothing_is_lost() -> None:
    """As after a laptop was asleep: our clock goes on where it was, and the venue's is an hour ahead."""
    played = play(until_complete(5), "clock:ahead_ms=3600000,after_s=2.5")
    feed = played.source.feed
    assert abs(feed.offset_us + 3_600 * SECOND_US) < 200_000
    assert {gap.how for gap in feed.gaps} <= {"filled"}


def test_a_venue_that_says_too_often_is_left_alone_for_as_long_as_it_asks() -> None:
    played = play(until_complete(), "refuse:status=429,retry_after_s=3,times=2")
    assert played.source.feed.connected_since_us is not None
    assert played.source.feed.connected_since_us >= START_US + 3 * SECOND_US


def test_a_venue_that_refuses_this_address_is_not_asked_again_until_somebody_says_so() -> None:
    async def body(played: Scene) -> None:
        await played.run(4)
        feed = played.source.feed
        assert feed.status == "refused"
        assert "does not serve the country" in feed.sentence
        played.source.start()
        await played.run(1)
        await played.everything_arrives()

    played = play(body, "refuse:status=451,after_s=2,for_s=2", "drop:after_s=2.5")
    assert played.source.feed.status == "live"
    assert {gap.how for gap in played.gaps} == {"filled"}


def test_a_venue_that_does_not_answer_is_tried_again() -> None:
    played = play(until_complete(3), "mute-handshake:for_s=1")
    assert played.source.feed.status == "live"


def test_while_stopped_nothing_comes_and_what_was_missed_is_a_gap_afterwards() -> None:
    async def body(played: Scene) -> None:
        await played.run(2)
        played.source.stop()
        await played.run(0.2)
        chunks = len(played.chunks)
        await played.run(2)
        assert played.source.feed.status == "stopped"
        assert len(played.chunks) == chunks
        played.source.start()
        await played.run(1)
        await played.everything_arrives()

    played = play(body)
    assert {(gap.cause, gap.how) for gap in played.gaps} == {("stopped", "filled")}


def test_a_symbol_the_venue_does_not_trade_is_an_error_with_the_nearest_one() -> None:
    async def body(played: Scene) -> None:
        await played.run(1)

    with pytest.raises(ConfigError, match=r"'BTCUSD' is not traded at binance-um \(did you mean 'BTCUSDT'\?\)"):
        play(body, symbols=("BTCUSD", "ETHUSDT"))


def test_what_the_venue_no_longer_has_stays_a_hole_in_the_ledger() -> None:
    async def body(played: Scene) -> None:
        await played.run(8)

    played = play(body, "stall:after_s=2", "history:last_s=1,after_s=2")
    assert {gap.how for gap in played.gaps} == {"unfillable"}
    for symbol in SYMBOLS:
        missing = played.traded(symbol).keys() - played.delivered(symbol).keys()
        first = min(played.delivered(symbol))
        known = {
            i for gap in played.gaps if gap.symbol == symbol for i in range(gap.from_id or 0, (gap.to_id or 0) + 1)
        }
        late = {i for i in missing if i > max(played.delivered(symbol))}
        assert {i for i in missing if i > first} - late <= known


def test_back_fill_outlives_a_rest_interface_in_trouble() -> None:
    async def body(played: Scene) -> None:
        await played.run(2)
        played.venue.fault("skip", count=5)
        played.venue.fault("rest-malformed", times=2)
        played.venue.fault("rest-lag", by_ms=600.0)
        await played.run(0.5)
        played.venue.fault("refuse", status=503, times=2, scope="rest")
        await played.run(2)
        await played.everything_arrives()

    assert {gap.how for gap in play(body).gaps} == {"filled"}


@pytest.mark.soak  # ten seconds of a machine's whole core, for the wait of one minute of the venue
def test_back_fill_that_has_spent_its_weight_says_so_and_goes_on_in_the_next_minute() -> None:
    said = ""

    async def body(played: Scene) -> None:
        nonlocal said
        await played.run(9)
        said = played.source.feed.sentence
        await played.everything_arrives()

    # Four holes, and weight for three requests a minute; this minute of the venue ends after twenty seconds.
    few = replace(LIMITS, weight_share=65 / 2_400)
    feed = play(body, "skip:after_s=2,count=3", "skip:after_s=5,count=3", limits=few).source.feed
    assert said.startswith("live; back-fill waits: as much was asked as may be; on in ")
    assert [gap.how for gap in feed.gaps] == ["filled"] * 4


def test_spot_is_read_as_well() -> None:
    played = play(until_complete(4), "drop:after_s=3", "skip:after_s=2", market="spot")
    assert played.source.feed.reconnects == 1
    assert {gap.how for gap in played.gaps} == {"filled"}
    assert set(played.source.feed.streams) == {"btcusdt@aggTrade", ETH_TRADES}
