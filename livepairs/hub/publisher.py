"""Wake the views of one run, on their loop, when something changed: not too often, and never at the feed's cost."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import logging
import threading
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from livepairs.hub.publishtimes import PUBLISH_TIMES

__all__ = ["Publisher", "current_beat", "slowest_hz"]

_LOG = logging.getLogger(__name__)

SLOW_HZ: Final = (4.0, 2.0)
"""Rates to fall back to, one after the other, while a beat takes more than ``BUSY`` of the period."""

BUSY: Final = 0.5
"""Share of the period that callbacks may take, with the time for which the loop kept the beat waiting."""

CALM_BEATS: Final = 10
"""Beats that would have been quick enough at the next faster rate, before it is tried again."""


_BEATS: Final = itertools.count(1)


class _Beating(threading.local):
    number = 0


_BEATING: Final = _Beating()


def current_beat() -> int:
    """Return the number of the beat in which this thread is waking views; 0 outside of one.

    What is worked out for one view in a beat is good for all others in it: whatever changes meanwhile makes another.
    """
    return _BEATING.number


_ALL: Final[WeakSet[Publisher]] = WeakSet()


def slowest_hz() -> float | None:
    """Return the least rate at which any views of this process are woken now; None where there are none."""
    return min((publisher.rate_hz for publisher in tuple(_ALL) if publisher.subscriber_count), default=None)


class Publisher:
    """Calls its subscribers on one loop after something changed, at most ``rate_hz`` times a second.

    While the subscribers together take more than half of the period, or the loop has so much else to do that a beat
    comes late by as much, it slows down to 4, then 2 times a second, and recovers later. Nothing is scheduled while
    nothing changes. What is seldom and waited for (a bar that closes, a moment sought) comes between two beats,
    once the loop has had as much time for others as the last beat took.

    Parameters
    ----------
    loop
        The loop the callbacks run on.
    rate_hz
        Calls a second at most.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, rate_hz: float) -> None:
        self._loop = loop
        self._rates_hz = (rate_hz, *(slow for slow in SLOW_HZ if slow < rate_hz))
        self._level = 0
        self._calm = 0
        self._callbacks: dict[object, Callable[[], object]] = {}
        self._lock = threading.Lock()
        self._is_due = self._is_urgent = False
        self._timer: asyncio.TimerHandle | None = None
        self._last_s = float("-inf")
        self._took_s = 0.0
        self._asked_s = self._due_s = 0.0
        _ALL.add(self)

    @property
    def rate_hz(self) -> float:
        """Calls a second at most, now."""
        return self._rates_hz[self._level]

    @property
    def subscriber_count(self) -> int:
        return len(self._callbacks)

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back after each change from now on; return what ends it. Both on the publisher's loop.

        An exception in a callback is logged and ends this subscription, no other.
        """
        token = object()
        self._callbacks[token] = callback

        def unsubscribe() -> None:
            self._callbacks.pop(token, None)

        return unsubscribe

    def changed(self, *, is_urgent: bool = False) -> None:
        """Say that something changed, and whether it comes between two beats; from any thread, often as one likes."""
        with self._lock:
            if self._is_due and (self._is_urgent or not is_urgent):
                return
            self._is_due, self._is_urgent = True, is_urgent
            self._asked_s = self._loop.time()
        try:
            # An empty context: callbacks must not inherit the context variables of whichever session came first.
            self._loop.call_soon_threadsafe(self._schedule, context=contextvars.Context())
        except RuntimeError:  # the server's loop has closed, and with it every view
            self._callbacks.clear()

    def _schedule(self) -> None:
        if not self._is_due:  # a beat has come between
            return
        period_s = 1 / self.rate_hz
        self._due_s = max(self._asked_s, self._last_s + (min(self._took_s, period_s) if self._is_urgent else period_s))
        wait_s = self._due_s - self._loop.time()
        if self._timer is not None:
            self._timer.cancel()
        if wait_s > 0:
            self._timer = self._loop.call_later(wait_s, self._publish, context=contextvars.Context())
        else:
            self._publish()

    def _publish(self) -> None:
        self._timer = None
        with self._lock:
            self._is_due = self._is_urgent = False  # before the views look: what changes from now on is news
        begun_s = self._loop.time()
        _BEATING.number = next(_BEATS)
        try:
            for token, callback in tuple(self._callbacks.items()):
                if token in self._callbacks:  # an earlier callback may have ended this one
                    self._call(token, callback)
        finally:
            _BEATING.number = 0
        self._last_s = self._loop.time()
        self._took_s = self._last_s - begun_s
        PUBLISH_TIMES.add(self._took_s)
        self._adapt(self._last_s - self._due_s)

    def _call(self, token: object, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception:  # noqa: BLE001 - one of the two borders: one view must not take the others along
            self._callbacks.pop(token, None)
            _LOG.exception("a view failed to refresh and gets no more updates")

    def _adapt(self, took_s: float) -> None:
        if took_s * self.rate_hz > BUSY:
            self._calm = 0
            self._turn(min(self._level + 1, len(self._rates_hz) - 1))
        elif self._level and took_s * self._rates_hz[self._level - 1] <= BUSY:
            self._calm += 1
            if self._calm >= CALM_BEATS:
                self._calm = 0
                self._turn(self._level - 1)
        else:
            self._calm = 0

    def _turn(self, level: int) -> None:
        if level != self._level:
            self._level = level
            _LOG.debug("views are refreshed at most %g times a second", self.rate_hz)
