"""However a replay was turned, its tables are those of playing from the start: bit for bit, in the real pipeline."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.clock import ManualClock
from livepairs.hub.reel import Reel
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunSetup
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Chunk, Pair
from livepairs.sources import replay as replaying
from livepairs.sources.replay import Replay, ReplayPlan
from tests.memory_recording import START_US, MemoryRecording, Trade

SECOND = 1_000_000
SPAN_S = 90
PARAMS = RunParams(
    pairs=(Pair("BBB", "AAA"),),
    pair_params=PairParams(hedge_window=12, z_window=8, corr_window=6),
    entry=1.2,
    exit=0.4,
)
HOPS = ("bars", "pairs", "events")


def make_recording(seed: int = 5) -> MemoryRecording:
    """Return a minute and a half of two symbols that wander together, with quiet seconds and some late rows."""
    dice = random.Random(seed)
    prices, trades, ts_us = {"AAA": 100.0, "BBB": 50.0}, [], START_US
    for number in range(400):
        ts_us += dice.choice((0, 1_000, 90_000, 250_000, 700_000))
        if ts_us >= START_US + SPAN_S * SECOND:
            break
        symbol = dice.choice(("AAA", "BBB"))
        prices[symbol] *= math.exp(dice.gauss(0, 1e-3))
        lag_us = dice.choice((0, 20_000, 20_000, 2_000_000))
        trades.append(Trade(ts_us, symbol, number, prices[symbol], ts_us + lag_us))
    return MemoryRecording(trades, batch_rows=60, tail_us=2 * SECOND)


def tables_of(pipeline: Pipeline) -> dict[str, pa.Table]:
    return {hop: bits_of(getattr(pipeline.tables, hop).since(None).rows) for hop in HOPS}


def bits_of(table: pa.Table) -> pa.Table:
    """Return the table with its floats as integers of the same bits, so that nan equals nan and 0 is not -0."""
    for place, field in enumerate(table.schema):
        if field.type == pa.float64():
            table = table.set_column(place, field.name, table.column(place).combine_chunks().view(pa.int64()))
    return table


def played_straight(
    recording: MemoryRecording, until_us: int, *, is_finished: bool = False, healed: bool = False
) -> dict[str, Any]:
    """Return tables, counts and digest of the trades up to a time, handed to a pipeline one by one."""
    pipeline = Pipeline(recording.symbols, PARAMS)
    for chunk in recording.chunks(healed=healed):
        keep = pa.array(chunk.trades.column("ts").cast(pa.int64()).to_numpy() <= until_us)
        pipeline.update(Chunk(chunk.trades.filter(keep), chunk.marks, min(chunk.now_us, until_us)))
    if is_finished:
        pipeline.finish()
    shown = {**tables_of(pipeline), **account_of(pipeline)}
    pipeline.close()
    return shown


def account_of(pipeline: Pipeline) -> dict[str, Any]:
    """Return what is shown besides tables."""
    status = pipeline.status
    return {
        "digest": pipeline.digest,
        "counts": status.counts,
        "z now": status.z_now,
        "prices": status.last_price,
        "forming": bits_of(pa.Table.from_batches([status.forming])),
    }


def wound(recording: MemoryRecording, steps: int | None = None, *, healed: bool = False) -> Reel:
    """Return the recording computed ahead, whole or some steps of it, with a checkpoint every few trades."""
    reel = Reel(recording, recording.symbols, healed=healed, spacing=9, points=12)
    left = iter(range(steps)) if steps is not None else None
    reel.wind(Pipeline(recording.symbols, PARAMS), lambda: left is None or next(left, None) is not None)
    return reel


class Held:
    """A run on the test's own loop, on a clock that is held."""

    def __init__(self, reels: dict[bool, Reel] | None = None, **plan: object) -> None:
        self.clock = ManualClock()
        self.recording = make_recording()
        self.pipeline = Pipeline(self.recording.symbols, PARAMS)
        replay = Replay(self.recording, self.clock, ReplayPlan(**{"history_us": 20 * SECOND, **plan}))
        setup = RunSetup(
            id="held-run",
            label="held",
            source=replay,
            pipeline=self.pipeline,
            params=PARAMS,
            recording=self.recording,  # type: ignore[arg-type]
            reel=lambda _params, _symbols, healed: (reels or {}).get(healed),
        )
        self.replay = replay
        self.run = Run(setup, self.clock)
        self.control = replay.control

    async def settle(self) -> None:
        quiet, before = 0, self._mark()
        while quiet < 8:
            await asyncio.sleep(0)
            quiet = quiet + 1 if before == (before := self._mark()) else 0

    def _mark(self) -> tuple[object, ...]:
        return self.control.order(), self.pipeline.status

    async def let_pass(self, duration_us: int) -> None:
        end_us = self.clock.now_us() + duration_us
        await self.settle()
        while self.clock.now_us() < end_us:
            self.clock.advance(max(0, min(self.clock.next_deadline_us or end_us, end_us) - self.clock.now_us()))
            await self.settle()

    def play(self, body: Callable[[Held], object]) -> None:
        async def main() -> None:
            feed = asyncio.ensure_future(self.run._feeding.feed())
            await self.settle()
            await body(self)
            await self.settle()
            feed.cancel()
            results = await asyncio.gather(feed, return_exceptions=True)
            assert isinstance(results[0], asyncio.CancelledError), results

        asyncio.run(main())
        self.pipeline.close()

    def check(self) -> None:
        state = self.run.state
        is_finished, healed = state.status == "ended", self.replay.is_healed
        expected = played_straight(self.recording, state.now_us, is_finished=is_finished, healed=healed)
        for hop, table in tables_of(self.pipeline).items():
            assert table.equals(expected[hop]), hop
        for name, value in account_of(self.pipeline).items():
            assert value == expected[name], name


actions = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 2 * SECOND)),
    st.tuples(st.just("pause"), st.none()),
    st.tuples(st.just("play"), st.none()),
    st.tuples(st.just("speed"), st.sampled_from([0.1, 1.0, 7.3, 60.0, 1000.0, math.inf])),
    st.tuples(st.just("seek"), st.integers(0, (SPAN_S + 1) * SECOND)),
    st.tuples(st.just("step"), st.sampled_from([-3, -1, 1, 2])),
    st.tuples(st.just("loop"), st.sampled_from([None, (30, 31), (5, 70)])),
    st.tuples(st.just("heal"), st.booleans()),
)


async def follow(held: Held, script: list[tuple[str, Any]]) -> None:
    """Turn the knobs as the script says."""
    for verb, value in script:
        if verb == "pass":
            await held.let_pass(value)
        elif verb == "seek":
            held.control.seek(START_US + value)
        elif verb == "speed":
            held.control.loop(None)  # at full speed it would go round and round and never settle
            held.control.set_speed(value)
        elif verb == "step":
            held.control.step(value)
        elif verb == "loop":
            held.control.set_speed(60.0)
            held.control.loop(value and (START_US + value[0] * SECOND, START_US + value[1] * SECOND))
        elif verb == "heal":
            held.replay.heal(healed=value)
        else:
            getattr(held.control, verb)()
    await held.settle()


@settings(max_examples=20)
@given(script=st.lists(actions, min_size=1, max_size=6))
def test_after_any_sequence_of_knobs_the_tables_are_those_of_playing(script):
    held = Held()
    held.play(lambda held: follow(held, script))
    held.check()


@cache
def wound_whole() -> dict[bool, Reel]:
    return {healed: wound(make_recording(), healed=healed) for healed in (False, True)}


@cache
def wound_in_part() -> dict[bool, Reel]:
    return {False: wound(make_recording(), 9)}


@settings(max_examples=15)
@given(script=st.lists(actions, min_size=1, max_size=6), reels=st.sampled_from([wound_whole, wound_in_part]))
def test_a_recording_computed_ahead_shows_what_playing_shows(script, reels):
    """Every seek goes on from a checkpoint, if the winding has come so far."""
    held = Held(reels())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "READ_ON", 5)
        held.play(lambda held: follow(held, script))
    held.check()


@pytest.mark.parametrize("second", [1, 3, 40, 89])
def test_a_seek_goes_on_from_the_last_checkpoint_before_it(second):
    held = Held(wound_whole())

    async def body(held: Held) -> None:
        held.control.pause()
        await held.settle()
        held.control.seek(START_US)
        await held.settle()
        held.control.seek(START_US + second * SECOND)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "READ_ON", 0)
        held.play(body)
    held.check()
    place = wound_whole()[False].before(START_US + second * SECOND)
    assert held.replay.resumed == place


def test_a_loop_plays_its_span_over_and_over():
    held = Held()

    async def body(held: Held) -> None:
        held.control.set_speed(60.0)
        held.control.loop((START_US + 30 * SECOND, START_US + 60 * SECOND))
        held.control.seek(START_US + 45 * SECOND)
        await held.let_pass(SECOND)  # fifteen to the end, once around, and fifteen more

    held.play(body)
    held.check()
    assert held.run.state.now_us == pytest.approx(START_US + 45 * SECOND, abs=60 * 40_000 * 3)


def test_the_end_of_a_final_recording_closes_the_last_bar():
    held = Held()

    async def body(held: Held) -> None:
        held.control.set_speed(math.inf)

    held.play(body)
    held.check()
    assert held.run.state.status == "ended"
    assert held.pipeline.status.counts.forming == 0
    assert held.pipeline.status.trades == held.recording.trade_count


@pytest.mark.parametrize("second", [35, 50, 77])
def test_a_moment_far_in_shows_the_same_numbers_as_playing_up_to_it(second):
    """Reached from near because the trades before are too many: the newest numbers are the very same."""
    warmup_us = (PARAMS.pair_params.warmup_bars + 3) * SECOND
    held = Held(prime_limit=0, warmup_us=warmup_us, history_us=0)

    async def body(held: Held) -> None:
        held.control.pause()
        held.control.seek(START_US + second * SECOND + 600_000)

    held.play(body)
    expected = played_straight(held.recording, held.run.state.now_us, is_finished=False)
    shown = tables_of(held.pipeline)
    assert shown["bars"].num_rows < expected["bars"].num_rows
    assert shown["bars"].equals(expected["bars"].slice(expected["bars"].num_rows - shown["bars"].num_rows))
    newest, straight = (table["pairs"].slice(table["pairs"].num_rows - 2) for table in (shown, expected))
    assert all(newest.column("is_ready").to_pylist())
    assert newest.equals(straight)
