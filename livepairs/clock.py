"""The one place that waits: a clock that can be replaced by one a test holds in its hand.

Everything that paces itself takes a ``Clock``; nothing else calls ``time`` or ``asyncio.sleep``. Times are microseconds
since the epoch, UTC.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from typing import Protocol, runtime_checkable

__all__ = ["Clock", "ManualClock", "SystemClock"]


@runtime_checkable
class Clock(Protocol):
    """What tells the time and waits. A clock never goes back."""

    def now_us(self) -> int:
        """Return the time now."""

    async def sleep(self, duration_us: int) -> None:
        """Wait that long; zero or less gives other tasks one turn."""

    async def sleep_until(self, deadline_us: int) -> None:
        """Wait until ``now_us() >= deadline_us``; one in the past gives other tasks one turn."""


class SystemClock:
    """The machine's clock: the wall clock when it was made, carried on by the monotonic one.

    A wall clock set back or forth while we run would otherwise look like a burst or a stall of the feed.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_us(self) -> int:
        return (time.monotonic_ns() + self._offset_ns) // 1_000

    async def sleep(self, duration_us: int) -> None:
        await asyncio.sleep(max(0, duration_us) / 1e6)

    async def sleep_until(self, deadline_us: int) -> None:
        await self.sleep(deadline_us - self.now_us())
        # The loop's timer may fire a hair early; the promise is that the deadline has been reached.
        while (remaining_us := deadline_us - self.now_us()) > 0:
            await self.sleep(remaining_us)


class ManualClock:
    """A clock that stands still until it is advanced; for tests. It may be advanced from any thread.

    Parameters
    ----------
    now_us
        The time it shows first.
    """

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_us(self) -> int:
        return self._now_us

    @property
    def next_deadline_us(self) -> int | None:
        """When the first sleeper wants to be woken; None if nobody sleeps."""
        with self._lock:
            self._sleepers = [entry for entry in self._sleepers if not entry[2].done()]
            heapq.heapify(self._sleepers)
            return self._sleepers[0][0] if self._sleepers else None

    async def sleep(self, duration_us: int) -> None:
        await self.sleep_until(self._now_us + duration_us)

    async def sleep_until(self, deadline_us: int) -> None:
        future = asyncio.get_running_loop().create_future()
        with self._lock:
            if deadline_us <= self._now_us:
                future.get_loop().call_soon(_wake, future)
            else:
                heapq.heappush(self._sleepers, (deadline_us, next(self._order), future))
        await future

    def advance(self, duration_us: int) -> None:
        """Move the clock on and wake, in the order of their deadlines, all who waited for a time now reached."""
        with self._lock:
            self._now_us += duration_us
            while self._sleepers and self._sleepers[0][0] <= self._now_us:
                future = heapq.heappop(self._sleepers)[2]
                future.get_loop().call_soon_threadsafe(_wake, future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():  # the sleeper may have been cancelled meanwhile
        future.set_result(None)
