"""A replay shows the same rows however it is turned, keeps the pace it is told, and lets go of what it holds."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.clock import ManualClock
from livepairs.schema import Chunk
from livepairs.sources import Source
from livepairs.sources.replay import CHUNK_US, Playable, Replay, ReplayPlan
from tests.memory_recording import START_US, MemoryRecording, Trade

SECOND = 1_000_000


def make_trades(count: int = 240, every_us: int = 250_000) -> list[Trade]:
    return [Trade(START_US + n * every_us, ("AAA", "BBB")[n % 3 == 0], n, float(n)) for n in range(count)]


class Player:
    """Iterates a replay as a run does, keeping what a pipeline would have been given since its last reset."""

    def __init__(self, recording: MemoryRecording, plan: ReplayPlan) -> None:
        self.recording = recording
        self.clock = ManualClock(5)
        self.replay = Replay(recording, self.clock, plan)
        self.control = self.replay.control
        self.chunks: list[Chunk] = []
        self.resets = 0

    async def run(self) -> None:
        while True:
            self.replay.rewind()
            self.chunks, self.resets = [], self.resets + 1
            async with aclosing(self.replay.chunks()) as chunks:
                async for chunk in chunks:
                    self.chunks.append(chunk)
            if not self.replay.is_rewound:
                await self.replay.wait_until_rewound()

    async def settle(self) -> None:
        """Let the replay do all it can at this moment of the clock."""
        quiet = 0
        while quiet < 8:
            before = (len(self.chunks), self.resets, self.control.order())
            await asyncio.sleep(0)
            quiet = quiet + 1 if before == (len(self.chunks), self.resets, self.control.order()) else 0

    async def let_pass(self, duration_us: int) -> None:
        """Move the clock on by what passes, in steps no longer than the replay sleeps."""
        end_us = self.clock.now_us() + duration_us
        await self.settle()
        while self.clock.now_us() < end_us:
            next_us = self.clock.next_deadline_us or end_us
            self.clock.advance(max(0, min(next_us, end_us) - self.clock.now_us()))
            await self.settle()

    @property
    def now_us(self) -> int:
        return self.chunks[-1].now_us if self.chunks else self.recording.start_us - 1

    def ids(self) -> list[tuple[str, int]]:
        rows = [row for chunk in self.chunks for row in chunk.trades.to_pylist()]
        return sorted((row["symbol"], row["trade_id"]) for row in rows)

    def expected_ids(self) -> list[tuple[str, int]]:
        """Return the trades up to where the replay stands."""
        trades = self.recording._trades
        return sorted((trade.symbol, trade.trade_id) for trade in trades if trade.ts_us <= self.now_us)


def play(body: Callable[[Player], Awaitable[None]], *, tail_us: int = 0, **plan: object) -> Player:
    recording = MemoryRecording(make_trades(), tail_us=tail_us)
    player = Player(recording, ReplayPlan(**{"history_us": 0, **plan}))

    async def main() -> None:
        running = asyncio.ensure_future(player.run())
        try:
            await player.settle()
            await body(player)
            await player.settle()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            if running.done() and not running.cancelled() and running.exception():
                raise running.exception()

    asyncio.run(main())
    assert recording.opened == 0, "an iterator on the recording was left open"
    return player


def test_it_is_a_source_and_memory_is_playable():
    recording = MemoryRecording(make_trades())
    assert isinstance(recording, Playable)
    assert isinstance(Replay(recording, ManualClock()), Source)


actions = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 3 * SECOND)),
    st.tuples(st.just("pause"), st.none()),
    st.tuples(st.just("play"), st.none()),
    st.tuples(st.just("speed"), st.sampled_from([0.1, 1.0, 7.3, 60.0, 1000.0, math.inf])),
    st.tuples(st.just("seek"), st.integers(-SECOND, 65 * SECOND)),
    st.tuples(st.just("step"), st.sampled_from([-3, -1, 1, 2])),
)


@settings(max_examples=60)
@given(script=st.lists(actions, max_size=8), turns=st.integers(0, 4), prime_limit=st.sampled_from([20, 10_000]))
def test_any_sequence_of_knobs_shows_each_row_up_to_now_exactly_once(script, turns, prime_limit):
    async def body(player: Player) -> None:
        for verb, value in script:
            if verb == "pass":
                await player.let_pass(value)
            elif verb == "seek":
                player.control.seek(START_US + value)
            elif verb == "speed":
                player.control.set_speed(value)
            elif verb == "step":
                player.control.step(value)
            else:
                getattr(player.control, verb)()
            for _ in range(turns):  # knobs may be turned while it is still on its way
                await asyncio.sleep(0)
        await player.settle()

    player = play(body, tail_us=SECOND, prime_limit=prime_limit, warmup_us=5 * SECOND)
    times = [chunk.now_us for chunk in player.chunks]
    assert times == sorted(times)
    assert player.now_us == player.control.order().now_us
    if prime_limit == 20:  # far moments are reached from nearer than the start: nothing lost or doubled since then
        first = player.ids()
        assert len(set(first)) == len(first)
        assert set(first) == {row for row in player.expected_ids() if row[1] >= min((i for _, i in first), default=0)}
    else:
        assert player.ids() == player.expected_ids()


def test_rows_past_the_vouched_time_come_with_the_end_and_close_no_bar_that_stayed_open_live():
    """A live session may end with rows ahead of what it vouched for; playing on to the last row closed their bars."""

    async def body(player: Player) -> None:
        player.control.set_speed(math.inf)
        await player.settle()

    player = play(body, tail_us=-3 * SECOND)
    assert player.now_us == player.recording.vouched_us < player.recording.end_us
    assert len(player.ids()) == player.recording.trade_count


@pytest.mark.parametrize("speed", [0.1, 1.0, 60.0, 1000.0])
def test_event_time_keeps_pace_with_wall_time(speed):
    async def body(player: Player) -> None:
        begun_us = player.now_us
        player.clock.advance(0)
        await player.let_pass(10 * CHUNK_US)
        due_us = begun_us + int(10 * CHUNK_US * speed)
        assert player.now_us == min(due_us, player.recording.vouched_us)

    play(body, speed=speed)


def test_slices_are_never_closer_than_25_a_second():
    async def body(player: Player) -> None:
        before = len(player.chunks)
        await player.let_pass(SECOND)
        assert len(player.chunks) - before == 25

    play(body, speed=7.3)


def test_time_that_passes_while_a_slice_is_computed_does_not_bring_the_next_one_sooner():
    """Found by measuring: a slice was followed at once by another for the millisecond it had taken, without a pause."""

    class PassingClock(ManualClock):
        def now_us(self) -> int:
            self.advance(700)
            return super().now_us()

        async def sleep_until(self, deadline_us: int) -> None:
            self.advance(max(0, deadline_us - super().now_us()))
            await asyncio.sleep(0)

    async def main() -> tuple[int, int]:
        clock = PassingClock()
        replay = Replay(MemoryRecording(make_trades()), clock, ReplayPlan(history_us=0))
        replay.rewind()
        async with aclosing(replay.chunks()) as chunks:
            count = 0
            async for _ in chunks:
                count += 1
                if count == 20:
                    break
        return count, clock.now_us()

    count, passed_us = asyncio.run(main())
    assert passed_us >= (count - 2) * CHUNK_US


def test_waiting_late_never_adds_up_to_drift():
    async def body(player: Player) -> None:
        begun_us = player.now_us
        for late_us in (1_000, 39_000, 57_000, 13) * 20:
            player.clock.advance(CHUNK_US + late_us)
            await player.settle()
        await player.let_pass(CHUNK_US)
        passed_us = player.clock.now_us() - 5
        assert 0 <= passed_us * 2 - (player.now_us - begun_us) <= 2 * CHUNK_US

    play(body, speed=2.0)


def test_after_a_long_stall_the_time_lost_is_let_go():
    async def body(player: Player) -> None:
        before_us = player.now_us
        player.clock.advance(3_600 * SECOND)
        await player.settle()
        assert player.now_us - before_us == SECOND

    play(body, speed=1.0)


def test_a_change_of_speed_counts_what_passed_at_the_old_one():
    async def body(player: Player) -> None:
        begun_us = player.now_us
        await player.let_pass(10 * CHUNK_US)
        player.clock.advance(CHUNK_US // 2)
        player.control.set_speed(10.0)
        await player.let_pass(10 * CHUNK_US)
        assert player.now_us - begun_us == 10 * CHUNK_US + CHUNK_US // 2 + 10 * 10 * CHUNK_US

    play(body, speed=1.0)


def test_paused_it_asks_nothing_of_the_clock():
    async def body(player: Player) -> None:
        player.control.pause()
        await player.settle()
        before = player.now_us
        assert player.clock.next_deadline_us is None
        player.clock.advance(100 * SECOND)
        await player.settle()
        assert player.now_us == before

    play(body)


def test_empty_chunks_carry_time_on_so_that_quiet_bars_close():
    async def body(player: Player) -> None:
        player.control.seek(player.recording.end_us)
        await player.settle()
        before = len(player.chunks)
        await player.let_pass(SECOND)
        quiet = player.chunks[before:]
        assert len(quiet) == 25
        assert all(chunk.trades.num_rows == 0 for chunk in quiet)
        assert player.now_us == player.recording.end_us + SECOND

    play(body, tail_us=5 * SECOND)


def test_a_seek_forward_plays_on_and_a_seek_back_begins_anew():
    async def body(player: Player) -> None:
        player.control.pause()
        player.control.seek(START_US + 30 * SECOND)
        await player.settle()
        assert player.resets == 1
        player.control.seek(START_US + 10 * SECOND)
        await player.settle()
        assert player.resets == 2
        assert player.now_us == START_US + 10 * SECOND

    play(body)


def test_a_step_stops_exactly_where_the_bar_closes():
    async def body(player: Player) -> None:
        player.control.seek(START_US + 10 * SECOND + 100_000)
        player.control.step()
        await player.settle()
        assert player.now_us == START_US + 10 * SECOND + 500_000
        player.control.step(-1)
        await player.settle()
        assert player.now_us == START_US + 9 * SECOND + 500_000
        await player.let_pass(SECOND)
        assert player.now_us == START_US + 9 * SECOND + 500_000

    play(body)


def test_the_end_is_said_and_playing_again_begins_at_home():
    async def body(player: Player) -> None:
        player.control.set_speed(math.inf)
        await player.settle()
        assert player.control.order().is_ended
        player.control.set_speed(1.0)
        player.control.play()
        await player.settle()
        assert not player.control.order().is_ended
        assert player.now_us == START_US + 20 * SECOND

    play(body, history_us=20 * SECOND)


def test_stepping_at_the_end_stays_there():
    async def body(player: Player) -> None:
        player.control.set_speed(math.inf)
        await player.settle()
        player.control.step()
        await player.settle()
        assert player.control.order().is_ended
        assert player.ids() == player.expected_ids()

    play(body)


def test_history_is_at_most_half_of_a_short_recording():
    player = play(lambda player: player.settle(), history_us=3_600 * SECOND)
    recording = player.recording
    assert player.now_us == START_US + (recording.vouched_us - START_US) // 2


def test_a_moment_far_in_is_reached_from_near_with_the_last_trades_as_seeds():
    recording = MemoryRecording(make_trades())
    replay = Replay(recording, ManualClock(), ReplayPlan(prime_limit=10, warmup_us=5 * SECOND, history_us=0))
    replay.control.seek(START_US + 40 * SECOND + 123)
    seeds = replay.rewind()
    assert [(seed.symbol, seed.bar_us - START_US, seed.close) for seed in seeds] == [
        ("AAA", 34 * SECOND, 139.0),
        ("BBB", 34 * SECOND, 138.0),
    ]
    replay.control.seek(START_US)
    assert replay.rewind() == ()


def test_only_the_symbols_asked_for_are_read():
    player = play(lambda player: player.let_pass(SECOND), symbols=("BBB",), speed=60.0)
    assert {symbol for symbol, _ in player.ids()} == {"BBB"}


def test_healed_rows_come_as_if_in_time():
    trades = [Trade(START_US, "AAA", 1, recv_us=START_US + 9 * SECOND), Trade(START_US + SECOND, "AAA", 2)]
    recording = MemoryRecording(trades)

    async def received(*, healed: bool) -> int:
        replay = Replay(recording, ManualClock(), ReplayPlan(healed=healed, history_us=0))
        replay.rewind()
        async with aclosing(replay.chunks()) as chunks:
            first = await anext(chunks)
        return int(first.trades.column("recv_ts").cast("int64")[0].as_py()) - START_US

    assert asyncio.run(received(healed=False)) == 9 * SECOND
    assert asyncio.run(received(healed=True)) == 0
