"""A run feeds its pipeline on a thread of its own, ends when it should, and fails without harm."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import AsyncIterator, Callable
from queue import Queue
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from livepairs.clock import ManualClock
from livepairs.errors import FeedError
from livepairs.hub.feeding import Feeding
from livepairs.hub.run import Run
from livepairs.hub.runparts import RunSetup
from livepairs.schema import MARKS, TRADES, Chunk, empty
from livepairs.sources import Source
from livepairs.sources.replay import Replay, ReplayPlan
from tests.hub.counting_pipeline import WAIT_S, CountingPipeline
from tests.memory_recording import START_US, MemoryRecording, Trade

SECOND = 1_000_000
IDLE_US = 60 * SECOND


class Ticker:
    """A live source: one empty chunk for each second of the clock."""

    symbols = ("AAA", "BBB")

    def __init__(self, clock: ManualClock, *, fails_with: Exception | None = None) -> None:
        self.clock = clock
        self.fails_with = fails_with
        self.is_open = False
        self.seconds = 1_000

    async def chunks(self) -> AsyncIterator[Chunk]:
        self.is_open = True
        try:
            for second in range(1, self.seconds + 1):
                await self.clock.sleep_until(second * SECOND)
                yield Chunk(empty(TRADES), empty(MARKS), second * SECOND)
                if self.fails_with is not None:
                    raise self.fails_with
        finally:
            self.is_open = False


class Stage:
    """A run on a clock that is held, with its parts at hand."""

    def __init__(self, source: Source | None = None, *, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.recording = MemoryRecording([Trade(START_US + n * 250_000, "AB"[n % 2] * 3, n) for n in range(240)])
        plan = ReplayPlan(history_us=10 * SECOND, speed=1.0)
        self.pipeline = CountingPipeline()
        setup = RunSetup(
            id="stage-run",
            label="memory",
            source=source or Replay(self.recording, self.clock, plan),
            pipeline=self.pipeline,  # type: ignore[arg-type]
            params=SimpleNamespace(),  # type: ignore[arg-type]
            recording=None if source else self.recording,  # type: ignore[arg-type]
        )
        self.run = Run(setup, self.clock, idle_us=IDLE_US)

    def reach(self, offset_us: int) -> None:
        self.pipeline.wait_until(lambda: self.pipeline.status.now_us == START_US + offset_us)

    def published(self) -> Queue[int]:
        """Return what will hold the event time at each moment views would be woken."""
        moments: Queue[int] = Queue()
        self.run._changed = self.run._feeding._changed = lambda *_, **__: moments.put(self.pipeline.status.now_us)
        return moments

    def let_pass_until(self, is_so: Callable[[], bool]) -> None:
        """Move the clock on, a second at a time, until what the run's thread then does has come about."""
        for _ in range(10_000):
            if is_so():
                return
            self.clock.advance(SECOND)
            self.pipeline.give_way(is_so)
        raise AssertionError(f"it never came to it; calls were {self.pipeline.calls}")

    def end(self) -> None:
        self.run.close()
        self.run.join(WAIT_S)
        assert self.run._thread is None or not self.run._thread.is_alive()


@pytest.fixture
def stage():
    stage = Stage()
    stage.run.start()
    yield stage
    stage.end()


def test_it_is_primed_before_it_plays_and_shows_some_history(stage):
    stage.reach(10 * SECOND)
    assert stage.pipeline.trade_count == 41
    assert stage.run.state.status == "playing"
    assert stage.run.kind == "replay"


def test_the_pipeline_is_fed_on_one_thread_of_the_run(stage):
    stage.reach(10 * SECOND)
    stage.run.control.seek(START_US + 5 * SECOND)
    stage.reach(5 * SECOND)
    assert stage.pipeline.threads == {"livepairs-run-stage-run"}


def test_a_seek_back_resets_and_primes_again(stage):
    stage.reach(10 * SECOND)
    stage.run.control.pause()
    stage.run.control.seek(START_US + 5 * SECOND)
    stage.reach(5 * SECOND)
    assert stage.pipeline.calls == ["reset", "reset"]
    assert stage.pipeline.trade_count == 21
    assert stage.run.state.generation == 1


def test_what_the_control_was_told_shows_at_once(stage):
    stage.reach(10 * SECOND)
    stage.run.control.pause()
    assert stage.run.state.status == "paused"
    stage.run.control.set_speed(7.0)
    assert stage.run.state.speed == 7.0
    stage.run.control.seek(START_US + 20 * SECOND)
    assert stage.run.state.now_us == START_US + 20 * SECOND


def test_a_final_recording_is_finished_once_and_can_be_played_again(stage):
    stage.run.control.set_speed(math.inf)
    stage.pipeline.wait_until(lambda: "finish" in stage.pipeline.calls)
    assert stage.run.state.status == "ended"
    assert stage.pipeline.trade_count == 240
    stage.run.control.set_speed(1.0)
    stage.run.control.play()
    stage.reach(10 * SECOND)
    assert stage.run.state.status == "playing"
    assert stage.pipeline.calls == ["reset", "finish", "reset"]


def test_it_ends_some_time_after_its_last_viewer_left():
    stage = Stage()
    closed: list[Run] = []
    stage.run.on_closed = closed.append
    stage.run.start()
    stage.run.add_viewer()
    stage.reach(10 * SECOND)
    begun_us = stage.clock.now_us()
    stage.let_pass_until(lambda: stage.clock.now_us() > begun_us + 10 * IDLE_US)
    assert stage.run.is_alive
    stage.run.remove_viewer()
    stage.let_pass_until(lambda: "close" in stage.pipeline.calls)
    stage.run.join(WAIT_S)
    assert closed == [stage.run]
    assert not stage.run.touch()
    assert stage.run.state.status == "failed"
    assert "load the page again" in str(stage.run.state.error)
    assert stage.pipeline.calls[-1] == "close"
    assert stage.recording.opened == 0


def test_closing_leaves_no_thread_no_listener_and_no_open_iterator():
    before = threading.active_count()
    stages = [Stage() for _ in range(20)]
    for stage in stages:
        stage.run.start()
    for stage in stages:
        stage.reach(10 * SECOND)
        stage.end()
    assert threading.active_count() == before
    assert all(stage.recording.opened == 0 for stage in stages)
    assert all(not stage.run.control._listeners for stage in stages)
    assert all(stage.clock.next_deadline_us is None for stage in stages)


def test_closing_before_it_began_is_fine():
    stage = Stage()
    stage.run.close()
    stage.run.start()
    stage.end()
    assert stage.pipeline.calls == ["close"]


def test_a_bug_fails_the_run_with_a_sentence_and_one_log_entry(caplog):
    stage = Stage()
    stage.pipeline.fails_after = 0
    published = stage.published()
    with caplog.at_level(logging.ERROR):
        stage.run.start()
        stage.run.control.seek(START_US + 60 * SECOND)
        while stage.run.state.status != "failed":
            published.get(timeout=WAIT_S)
    state = stage.run.state
    assert state.status == "failed"
    assert (
        state.error == "this run stopped because of an internal error (ZeroDivisionError); the server's log says more"
    )
    assert [record.exc_info is not None for record in caplog.records] == [True]
    assert stage.run.is_alive  # the page stays and says so
    stage.end()
    assert stage.recording.opened == 0


def test_our_own_errors_speak_for_themselves():
    clock = ManualClock()
    stage = Stage(Ticker(clock, fails_with=FeedError("the feed is gone")), clock=clock)
    stage.run.start()
    stage.let_pass_until(lambda: stage.run.state.status == "failed")
    assert stage.run.state.error == "the feed is gone"
    stage.end()


def test_a_live_run_has_no_control_and_closes_its_source():
    clock = ManualClock()
    ticker = Ticker(clock)
    stage = Stage(ticker, clock=clock)
    stage.run.start()
    assert stage.run.control is None
    assert stage.run.kind == "live"
    stage.let_pass_until(lambda: stage.pipeline.status.now_us >= 3 * SECOND)
    assert stage.run.state.status == "playing"
    stage.end()
    assert not ticker.is_open


def test_a_live_source_that_stops_has_ended():
    clock = ManualClock()
    ticker = Ticker(clock)
    ticker.seconds = 3
    stage = Stage(ticker, clock=clock)
    stage.run.start()
    stage.let_pass_until(lambda: stage.run.state.status == "ended")
    assert stage.run.state.now_us == 3 * SECOND
    stage.end()


def test_subscribers_are_called_on_their_own_loop_and_none_is_left():
    stage = Stage()

    async def main() -> tuple[set[str], int]:
        threads: set[str] = set()
        woken = asyncio.Event()

        def refresh() -> None:
            threads.add(threading.current_thread().name)
            woken.set()

        leave = stage.run.subscribe(refresh)
        stage.run.start()
        await asyncio.wait_for(woken.wait(), WAIT_S)
        woken.clear()
        stage.run.control.pause()
        await asyncio.wait_for(woken.wait(), WAIT_S)
        leave()
        return threads, len(stage.run._publishers)

    threads, left = asyncio.run(main())
    assert threads == {threading.current_thread().name}
    assert left == 0
    stage.end()


def test_subscribing_without_a_loop_is_refused():
    with pytest.raises(RuntimeError, match="no running event"):
        Stage().run.subscribe(lambda: None)


def test_views_are_not_woken_by_every_piece_of_a_seek():
    """While a moment is sought, what is half computed is nobody's business: the arrival alone is published."""
    stage = Stage()
    stage.run.control.pause()
    published = stage.published()
    with patch("livepairs.sources.slices.SLICE_ROWS", 4):
        stage.run.start()
        assert published.get(timeout=WAIT_S) == START_US + 10 * SECOND
        stage.run.control.seek(START_US + 30 * SECOND)
        assert published.get(timeout=WAIT_S) == START_US + 10 * SECOND  # that it is on its way
        assert published.get(timeout=WAIT_S) == START_US + 30 * SECOND
    stage.end()


def test_a_bar_that_closes_by_itself_is_waited_for_and_one_of_many_is_not():
    clock, bars, waited = ManualClock(), SimpleNamespace(total_rows=0), list[bool]()

    class Trading:
        symbols = ("AAA", "BBB")

        async def chunks(self) -> AsyncIterator[Chunk]:
            for passed_us, closed in ((SECOND, 2), (40_000, 0), (960_000, 2), (40_000, 2), (40_000, 2), (SECOND, 2)):
                clock.advance(passed_us)
                bars.total_rows += closed
                yield Chunk(empty(TRADES), empty(MARKS), clock.now_us())

    pipeline = SimpleNamespace(tables=SimpleNamespace(bars=bars), update=lambda _chunk: None)
    setup: Any = SimpleNamespace(source=Trading(), pipeline=pipeline, params=None, rules=None)
    asyncio.run(Feeding(setup, clock, heed=lambda _chunk: None, changed=waited.append).feed())
    assert waited == [True, False, True, False, False, True, False]  # the last: it has ended
