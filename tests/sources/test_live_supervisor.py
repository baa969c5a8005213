"""The life of a connection, with connections that a test makes and ends: pacing, order of reading, causes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from livepairs.clock import Clock, ManualClock
from livepairs.errors import FeedError
from livepairs.exchanges.binance_rest import read_refusal
from livepairs.sources.live_limits import LiveLimits
from livepairs.sources.live_supervisor import Supervisor
from livepairs.sources.live_watch import Watch
from livepairs.sources.live_wire import Inbox, RefusedError

SECOND_US = 1_000_000
LIMITS = LiveLimits()


class FakeLine:
    """A connection that ends when it is told to."""

    def __init__(self, opened_us: int, on_lost: Callable[[], None]) -> None:
        self.inbox = Inbox(100)
        self.opened_us = opened_us
        self.farewell, self.is_retired = "", False
        self.ending = ""
        self.sent: list[tuple[int, bytes]] = []
        self._on_lost = on_lost

    @property
    def is_ended(self) -> bool:
        return bool(self.ending)

    def end(self, how: str) -> None:
        self.ending = how
        self._on_lost()

    async def send(self, frame: bytes) -> None:
        self.sent.append((0, frame))

    async def close(self) -> None:
        self.ending = self.ending or "closed by us"


class Stage:
    """A supervisor whose connections are made here; each opening is noted, and may fail first."""

    def __init__(self, symbols: int = 1, limits: LiveLimits = LIMITS) -> None:
        self.clock = ManualClock(1_000 * SECOND_US)
        self.lines: list[FakeLine] = []
        self.tried_us: list[int] = []
        self.failures: list[Exception] = []
        names = [f"S{number:03d}USDT" for number in range(symbols)]
        self.watch = Watch("um", names, limits)
        self.supervisor = Supervisor(
            "um",
            "ws://venue",
            self.watch,
            clock=self.clock,
            limits=limits,
            opener=self.open,  # type: ignore[arg-type]
        )
        self.limits = limits

    async def open(self, url: str, clock: Clock, limits: LiveLimits, on_lost: Callable[[], None]) -> FakeLine:
        self.url = url
        self.tried_us.append(clock.now_us())
        if self.failures:
            raise self.failures.pop(0)
        self.lines.append(FakeLine(clock.now_us(), on_lost))
        return self.lines[-1]

    async def run(self, seconds: float, step_us: int = 50_000) -> None:
        for _ in range(round(seconds * SECOND_US / step_us)):
            self.clock.advance(step_us)
            for _ in range(6):
                await asyncio.sleep(0)

    def data(self) -> None:
        """Let every stream have data now."""
        symbols = [name.partition("@")[0].upper() for name in self.watch.names]
        self.watch.saw(dict.fromkeys(symbols, 1), dict.fromkeys(symbols, 1), self.clock.now_us())  # type: ignore[arg-type]
        self.supervisor.has_data()


def play(stage: Stage, body: Callable[[Stage], object]) -> Stage:
    async def whole() -> None:
        task = asyncio.ensure_future(stage.supervisor.run())
        try:
            await body(stage)  # type: ignore[misc]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())
    return stage


def test_many_streams_are_subscribed_in_parts_that_keep_the_venues_pace() -> None:
    """1,000 names do not fit an address; the rest goes out in requests of 200 names, four a second at most."""
    times: list[int] = []

    async def body(stage: Stage) -> None:
        for _ in range(60):
            await stage.run(0.05)
            sent = len(stage.lines[0].sent) if stage.lines else 0
            times.extend([stage.clock.now_us()] * (sent - len(times)))

    stage = play(Stage(symbols=500), body)
    frames = [frame for _, frame in stage.lines[0].sent]
    assert len(frames) >= 4
    assert all(frame.count(b"@") <= 2 * 200 for frame in frames)
    assert all(later - first >= 200_000 for first, later in pairwise(times))
    assert len(stage.url) < 5_000


def test_waits_between_attempts_grow_until_data_has_come() -> None:
    lost_us = list[int]()

    async def body(stage: Stage) -> None:
        stage.failures = [FeedError("no connection") for _ in range(4)]
        await stage.run(8)
        stage.data()
        await stage.run(0.2)
        lost_us.append(stage.clock.now_us())
        stage.lines[-1].end("lost")
        await stage.run(2)

    stage = play(Stage(), body)
    waits = [later - first for first, later in pairwise(stage.tried_us)]
    assert waits[3] > 3 * waits[0]
    assert stage.tried_us[-1] - lost_us[0] <= 600_000


def test_attempts_in_five_minutes_are_few_enough_whatever_happens() -> None:
    """A venue that hangs up as soon as it has sent something would otherwise be tried twice a second for ever."""
    limits = replace(LIMITS, connects=10, connects_us=60 * SECOND_US)

    async def body(stage: Stage) -> None:
        for _ in range(240):
            await stage.run(0.25)
            if stage.lines and not stage.lines[-1].is_ended:
                stage.data()
                stage.lines[-1].end("lost")

    stage = play(Stage(limits=limits), body)
    assert len(stage.tried_us) <= 11
    assert stage.supervisor.status == "waiting"
    assert "too many connections" in stage.supervisor.sentence


def test_a_connection_is_read_to_its_end_and_the_cause_of_its_end_told_with_the_next() -> None:
    async def body(stage: Stage) -> None:
        await stage.run(0.2)
        first = stage.lines[0]
        first.inbox.put([b"1", b"2"], 5)
        first.end("connection lost")
        await stage.run(2)
        stage.lines[1].inbox.put([b"3"], 6)

    stage = play(Stage(), body)
    takes = [stage.supervisor.take(1) for _ in range(4)]
    found = [(taken.batch.frames, taken.cause) for taken in takes if taken is not None]
    assert found == [([b"1"], None), ([b"2"], None), ([b"3"], "connection lost")]


def test_what_the_new_connection_brings_waits_until_the_old_one_is_read() -> None:
    taken = []

    def take(stage: Stage) -> None:
        while (found := stage.supervisor.take(10)) is not None:
            taken.append((found.batch.frames, found.cause))

    async def body(stage: Stage) -> None:
        await stage.run(0.2)
        stage.data()
        stage.supervisor.rotate()
        await stage.run(0.2)
        old, new = stage.lines
        new.inbox.put([b"new 1"], 5)
        old.inbox.put([b"old 1"], 6)
        take(stage)
        old.inbox.put([b"old 2"], 7)
        await stage.run(3)
        assert old.is_ended
        take(stage)

    play(Stage(), body)
    assert taken == [([b"old 1"], None), ([b"old 2"], None), ([b"new 1"], None)]


def test_a_successor_without_data_is_given_up_and_the_old_connection_kept() -> None:
    async def body(stage: Stage) -> None:
        await stage.run(0.2)
        for _ in range(12):
            stage.data()
            if len(stage.lines) == 1:
                stage.supervisor.rotate()
            await stage.run(1)
            if len(stage.lines) > 1 and stage.lines[1].is_ended:
                break

    stage = play(Stage(), body)
    assert not stage.lines[0].farewell or stage.lines[0].farewell == "stopped"
    assert stage.lines[1].is_ended


def test_a_refusal_for_good_is_said_and_ends_the_trying() -> None:
    async def body(stage: Stage) -> None:
        stage.failures = [RefusedError(read_refusal(451, {}, b""))]
        await stage.run(100)

    stage = play(Stage(), body)
    assert len(stage.tried_us) == 1
    assert stage.supervisor.status == "refused"
    assert "HTTP 451" in stage.supervisor.sentence


def test_a_mistake_of_ours_ends_it_visibly() -> None:
    async def scenario() -> None:
        stage = Stage()
        stage.failures = [ZeroDivisionError("ours")]
        task = asyncio.ensure_future(stage.supervisor.run())
        await stage.run(0.5)
        assert isinstance(task.exception(), ZeroDivisionError)

    asyncio.run(scenario())
