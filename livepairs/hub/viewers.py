"""How many pages show a run, and how long nobody has."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

from livepairs.clock import Clock

__all__ = ["Viewers"]

ARRIVAL_US: Final = 30_000_000
"""Wall time a page may take from asking for a run to being connected; servers give up on one after about as long."""

LOOK_US: Final = 1_000_000
"""Wall time between looks, at least, while somebody is there."""


class Viewers:
    """A count of viewers, with the moment since when there are none. Thread-safe.

    Parameters
    ----------
    clock
        What measures the time alone.
    idle_us
        Wall time without a viewer after which ``left_alone`` returns, but not while one may still be on its way; None
        for never.
    """

    def __init__(self, clock: Clock, idle_us: int | None) -> None:
        self._clock = clock
        self._idle_us = idle_us
        self._lock = threading.Lock()
        self._count = 0
        self._alone_since_us = clock.now_us()
        self._expected_until_us = self._alone_since_us + ARRIVAL_US
        self._is_over = False

    @property
    def count(self) -> int:
        return self._count

    @property
    def alone_since_us(self) -> int | None:
        """Wall time since when there are none; None while there are."""
        with self._lock:
            return None if self._count else self._alone_since_us

    def add(self) -> None:
        with self._lock:
            self._count += 1

    def remove(self) -> None:
        with self._lock:
            self._count = max(0, self._count - 1)
            self._alone_since_us = self._clock.now_us()

    def touch(self) -> bool:
        """Start the time alone anew, for a page is on its way; return False if it is over already."""
        with self._lock:
            self._alone_since_us = self._clock.now_us()
            self._expected_until_us = self._alone_since_us + ARRIVAL_US
            return not self._is_over

    async def left_alone(self) -> None:
        """Wait until there has been no viewer for the whole idle time."""
        if self._idle_us is None:
            await asyncio.get_running_loop().create_future()
            return
        while (due_us := self._due_us()) is not None:
            await self._clock.sleep_until(due_us)

    def _due_us(self) -> int | None:
        """Return when to look again; None once it is over."""
        now_us = self._clock.now_us()
        idle_us = self._idle_us or 0
        with self._lock:
            # Looking again after one idle time is never too late for a viewer that leaves in between.
            alone_us = max(self._alone_since_us + idle_us, self._expected_until_us)
            due_us = now_us + max(idle_us, LOOK_US) if self._count else alone_us
            self._is_over = due_us <= now_us
            return None if self._is_over else due_us
