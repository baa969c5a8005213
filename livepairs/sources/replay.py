"""A recording played by a clock one can hold: pause, speed, seek, step.

``Replay`` is a source like any other; ``ReplayControl`` is what a person turns, from any thread. Rows come in
event-time order, whatever was turned: whether a row is late is a property of the row, never of the pace. The recording
is anything with the shape of ``Playable``.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol, runtime_checkable

from livepairs.clock import Clock
from livepairs.schema import Chunk
from livepairs.sources.control import Order, ReplayControl
from livepairs.sources.slices import Slices

__all__ = ["Place", "Playable", "Replay", "ReplayControl", "ReplayPlan", "Seed"]

CHUNK_US: Final = 40_000
"""Wall time between chunks: 25 a second look continuous, and cost the same at every speed."""

STALL_US: Final = 1_000_000
"""Wall time that may be caught up after a stall (a machine too slow for the speed); the rest is let go."""


READ_ON: Final = 200_000
"""Trades up to which a later moment is reached by reading on, although a place to go on from lies nearer."""


class Place(Protocol):
    """Somewhere in a recording where what was computed is known, so that reading can go on behind it."""

    @property
    def now_us(self) -> int:
        """Event time up to which all rows have been computed."""


@runtime_checkable
class Playable(Protocol):
    """What a replay asks of a recording; times are event times in microseconds."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    @property
    def start_us(self) -> int: ...
    @property
    def end_us(self) -> int: ...
    @property
    def vouched_us(self) -> int: ...
    @property
    def trade_count(self) -> int: ...
    def last_trade_before(self, symbol: str, ts_us: int) -> tuple[int, float] | None: ...
    def chunks(
        self, *, symbols: tuple[str, ...] | None = None, start_us: int | None = None, healed: bool = False
    ) -> Iterator[Chunk]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """How a recording is to be played.

    Parameters
    ----------
    interval_us, grace_us
        Length of a bar, and how long after its end it closes; what ``step`` and the priming go by.
    symbols
        The symbols to read; None for all.
    speed
        Event time over wall time at first, from 0.1 to 1000, or infinity for as fast as it can be computed.
    history_us
        Event time already played when the replay first shows; at most half of the recording is given away for it.
    warmup_us
        Event time that fills every window: what is read before a moment too far in to be played up to from the start.
    prime_limit
        Trades up to which a moment is reached from the recording's start.
    healed
        Play back-filled rows as if they had come in time.
    """

    interval_us: int = 1_000_000
    grace_us: int = 500_000
    symbols: tuple[str, ...] | None = None
    speed: float = 1.0
    history_us: int = 600_000_000
    warmup_us: int = 600_000_000
    prime_limit: int = 20_000_000
    healed: bool = False


@dataclass(frozen=True, slots=True)
class Seed:
    """The close of the bar before the first one read: what a symbol's first quiet bars repeat.

    Parameters
    ----------
    symbol
        Whose.
    bar_us
        Time that bar opened.
    close
        Price of the symbol's last trade before the rows read.
    """

    symbol: str
    bar_us: int
    close: float


class Replay:
    """A recording as a source.

    One iteration of ``chunks`` plays on from where ``rewind`` put it: at full speed up to the moment sought, then at
    the pace of the control. It ends with the recording, or when a moment is sought that lies behind (``is_rewound``);
    then reset what was computed, rewind, and iterate again. Seeking forward goes on in the same iteration, unless so
    many trades lie between that it begins anew nearer to the moment.

    Parameters
    ----------
    recording
        What is played.
    clock
        What paces it.
    plan
        How it is played.
    """

    def __init__(self, recording: Playable, clock: Clock, plan: ReplayPlan | None = None) -> None:
        self._recording = recording
        self._clock = clock
        self._plan = plan or ReplayPlan()
        self._start_us = recording.start_us
        self._is_stale = False
        self.is_rewound = False
        """True if the last iteration ended because a moment behind it was sought."""
        self.near: Callable[[int], Place | None] = lambda _ts_us: None
        """Finds the last place to go on from that is not after an event time; whoever keeps such places sets it."""
        self.resumed: Place | None = None
        """Where the next iteration goes on, as ``rewind`` has chosen; None where it begins with nothing computed."""
        # Not up to the last row: a live session may hold rows past what it vouched for, whose bars it has not closed.
        first_us, last_us = recording.start_us, max(recording.start_us, recording.vouched_us)
        history_us = min(self._plan.history_us, (last_us - first_us) // 2)
        self.control = ReplayControl(
            span_us=(first_us, last_us),
            home_us=first_us + history_us,
            close_us=(self._plan.interval_us, self._plan.grace_us),
            speed=self._plan.speed,
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._plan.symbols or self._recording.symbols

    @property
    def is_healed(self) -> bool:
        """Whether back-filled rows are played as if they had come in time."""
        return self._plan.healed

    def heal(self, *, healed: bool) -> None:
        """Play back-filled rows as if they had come in time, or as they came, from now on; from any thread."""
        self._plan = replace(self._plan, healed=healed)
        self._is_stale = True
        self.control.again()

    def read(self, symbols: tuple[str, ...]) -> None:
        """Read these symbols from now on, from any thread; rewinds, and comes back to the moment where it was."""
        self._plan = replace(self._plan, symbols=symbols)
        self._is_stale = True
        self.control.again()

    def rewind(self) -> tuple[Seed, ...]:
        """Choose where to read from for the moment now sought; return what was before that, if anything.

        Where ``resumed`` is set, all that was before is known at that place, and nothing is returned.
        """
        self._is_stale = False
        self._start_us, self.resumed = self._start_for(self.control.goal_us)
        self.is_rewound = False
        self.control.arrive(self._start_us - 1, is_goal=False)
        if self.resumed is not None or self._start_us == self._recording.start_us:
            return ()
        before = ((symbol, self._recording.last_trade_before(symbol, self._start_us)) for symbol in self.symbols)
        bar_us = self._start_us - self._plan.interval_us
        return tuple(Seed(symbol, bar_us, trade[1]) for symbol, trade in before if trade is not None)

    def _start_for(self, target_us: int) -> tuple[int, Place | None]:
        """Return the event time to read from so that all windows are full at the target, and where that goes on."""
        place = self.near(target_us)
        start_us = self._recording.start_us if place is None else place.now_us + 1
        if self._trades_between(start_us, target_us) <= self._plan.prime_limit:
            return start_us, place
        near_us = target_us - self._plan.warmup_us
        near_us -= near_us % self._plan.interval_us
        return (near_us, None) if near_us > start_us else (start_us, place)

    def _trades_between(self, start_us: int, end_us: int) -> float:
        """Return about how many trades lie between two event times."""
        span_us = max(1, self._recording.end_us - self._recording.start_us)
        return self._recording.trade_count * (end_us - start_us) / span_us

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Yield the chunks from where ``rewind`` put it; see the class for when it ends."""
        rows = self._recording.chunks(symbols=self._plan.symbols, start_us=self._start_us, healed=self._plan.healed)
        _, end_us = self.control.span_us
        with closing(Slices(rows, start_us=self._start_us, end_us=end_us)) as slices, self._wakeable() as woken:
            pace = _Pace(self._clock)
            while True:
                woken.clear()
                order = self.control.order()
                if self._is_stale or self._lies_apart(order, slices.now_us):
                    self.is_rewound = True
                    return
                until_us = _round_at(order, slices.now_us, pace.until(order, slices.now_us))
                if until_us > slices.now_us:
                    for chunk in slices.take(until_us):
                        yield chunk
                self.control.arrive(slices.now_us, is_goal=slices.now_us == order.target_us)
                if slices.is_done:
                    return  # without a pause, so that nothing comes between the end and what the run makes of it
                if order.target_us is not None or slices.now_us < until_us:
                    await self._clock.sleep(0)
                else:
                    await self._wait(woken, pace.next_us() if order.is_playing else None)

    async def wait_until_rewound(self) -> None:
        """Wait, after the end, until a moment before it is sought."""
        with self._wakeable() as woken:
            while True:
                woken.clear()
                order = self.control.order()
                _, end_us = self.control.span_us
                if self._is_stale or (order.target_us is not None and order.target_us < end_us):
                    return
                self.control.arrive(end_us, is_goal=order.target_us == end_us)
                await woken.wait()

    @contextmanager
    def _wakeable(self) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the control is turned."""
        woken = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has closed: nobody is left to wake
                loop.call_soon_threadsafe(woken.set)

        with self.control.listened(wake):
            yield woken

    def _lies_apart(self, order: Order, now_us: int) -> bool:
        """Return whether the moment sought cannot be reached by reading on."""
        if order.target_us is None:
            return False
        if order.target_us < now_us:
            return True
        start_us, place = self._start_for(order.target_us)
        is_far = place is None or self._trades_between(now_us, order.target_us) > READ_ON
        return is_far and start_us > now_us + 1

    async def _wait(self, woken: asyncio.Event, deadline_us: int | None) -> None:
        """Wait until the control is turned or the deadline is reached, whichever is first."""
        waits: list[asyncio.Future[object]] = [asyncio.ensure_future(woken.wait())]
        if deadline_us is not None:
            waits.append(asyncio.ensure_future(self._clock.sleep_until(deadline_us)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _round_at(order: Order, now_us: int, until_us: int) -> int:
    """Return how far to play: not past the end of a loop, unless it was left behind already."""
    if order.loop_us is None or order.target_us is not None or now_us >= order.loop_us[1]:
        return until_us
    return min(until_us, order.loop_us[1])


class _Pace:
    """Event time as a function of wall time: a line through an anchor, so that waiting badly never adds up to drift."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._speed = math.nan  # no anchor yet, or none that holds
        self._wall_us = 0
        self._event_us = 0

    def until(self, order: Order, now_us: int) -> int:
        """Return the event time to be at now; ``now_us`` is where the replay stands."""
        if order.target_us is not None or not order.is_playing:
            self._speed = math.nan
            return now_us if order.target_us is None else order.target_us
        wall_us = self._clock.now_us()
        if order.speed != self._speed:
            self._anchor(order.speed, wall_us, now_us)
        if math.isinf(self._speed):
            return _FOREVER_US
        due_us = self._event_us + int((wall_us - self._wall_us) * self._speed)
        furthest_us = now_us + int(STALL_US * self._speed)
        if due_us > furthest_us:
            self._wall_us, self._event_us = wall_us, furthest_us
        return min(due_us, furthest_us)

    def _anchor(self, speed: float, wall_us: int, now_us: int) -> None:
        if math.isfinite(self._speed):
            # Speeds change in the middle of a slice: what has gone by since counts at the old speed.
            passed_us = int((wall_us - self._wall_us) * self._speed)
            now_us = max(now_us, min(self._event_us + passed_us, now_us + int(CHUNK_US * self._speed)))
        self._speed, self._wall_us, self._event_us = speed, wall_us, now_us

    def next_us(self) -> int:
        """Return the wall time of the next slice, on a grid that does not shift with how long a slice took."""
        passed_us = self._clock.now_us() - self._wall_us
        return self._wall_us + (passed_us // CHUNK_US + 1) * CHUNK_US


_FOREVER_US: Final = (1 << 63) - 1
