"""Views are woken when something changed, not too often, on their loop, and a bad one harms nobody else."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from livepairs.hub.publisher import CALM_BEATS, Publisher, slowest_hz


class HeldLoop:
    """A loop whose time stands still until it is advanced; callbacks run inside ``advance``."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.is_closed = False
        self._due: list[tuple[float, Callable[[], object], contextvars.Context | None]] = []

    def time(self) -> float:
        return self.now_s

    def call_soon_threadsafe(self, callback, *, context=None):
        if self.is_closed:
            raise RuntimeError("Event loop is closed")
        self._due.append((self.now_s, callback, context))

    def call_later(self, delay, callback, *, context=None):
        entry = (self.now_s + delay, callback, context)
        self._due.append(entry)
        return SimpleNamespace(cancel=lambda: self._due.remove(entry) if entry in self._due else None)

    def advance(self, duration_s: float) -> None:
        end_s = self.now_s + duration_s
        while ready := [entry for entry in self._due if entry[0] <= end_s + 1e-9]:
            entry = min(ready, key=lambda entry: entry[0])
            self._due.remove(entry)
            self.now_s = max(self.now_s, entry[0])
            entry[2].run(entry[1]) if entry[2] is not None else entry[1]()
        self.now_s = max(self.now_s, end_s)

    @property
    def pending(self) -> int:
        return len(self._due)


@pytest.fixture
def loop() -> HeldLoop:
    return HeldLoop()


def make_publisher(loop: HeldLoop, rate_hz: float = 10.0) -> Publisher:
    return Publisher(cast(asyncio.AbstractEventLoop, loop), rate_hz)


def test_first_change_is_published_at_once_and_the_rest_at_the_rate(loop):
    publisher, times = make_publisher(loop), []
    publisher.subscribe(lambda: times.append(loop.now_s))
    for _ in range(100):
        publisher.changed()
        loop.advance(0.01)
    assert times[0] == 100.0
    assert len(times) in (10, 11)
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.1 - 1e-9


def test_last_change_is_never_left_unpublished(loop):
    publisher, seen, value = make_publisher(loop), [], 0
    publisher.subscribe(lambda: seen.append(value))
    for value in range(1, 8):  # noqa: B007 - the callback reads it
        publisher.changed()
        loop.advance(0.03)
    loop.advance(1.0)
    assert seen[-1] == 7


def test_what_is_waited_for_comes_between_two_beats_and_the_next_one_is_a_period_later(loop):
    publisher, times = make_publisher(loop), []
    publisher.subscribe(lambda: times.append(loop.now_s))
    publisher.changed()
    loop.advance(0.02)
    publisher.changed()  # would come at 100.1
    publisher.changed(is_urgent=True)
    loop.advance(0.01)
    publisher.changed()
    loop.advance(1.0)
    assert times == pytest.approx([100.0, 100.02, 100.12])


def test_what_is_waited_for_leaves_the_loop_half_of_its_time(loop):
    publisher, begun = make_publisher(loop), []

    def refresh() -> None:
        begun.append(loop.now_s)
        loop.now_s += 0.05

    publisher.subscribe(refresh)
    for _ in range(40):
        publisher.changed(is_urgent=True)
        loop.advance(0.025)
    assert min(after - before for before, after in itertools.pairwise(begun)) >= 0.1 - 1e-9


def test_nothing_is_scheduled_while_nothing_changes(loop):
    publisher, calls = make_publisher(loop), []
    publisher.subscribe(lambda: calls.append(1))
    loop.advance(10.0)
    assert (calls, loop.pending) == ([], 0)


def test_a_failing_view_is_dropped_and_logged_once(loop, caplog):
    publisher, calls = make_publisher(loop), []

    def fail() -> None:
        raise ValueError("a view's bug")

    publisher.subscribe(fail)
    publisher.subscribe(lambda: calls.append(1))
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            publisher.changed()
            loop.advance(0.2)
    assert len(calls) == 3
    assert publisher.subscriber_count == 1
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_slow_views_slow_the_rate_to_four_then_two_and_it_recovers(loop):
    publisher, cost_s = make_publisher(loop), 0.2

    def refresh() -> None:
        loop.now_s += cost_s

    publisher.subscribe(refresh)

    def beat() -> float:
        publisher.changed()
        loop.advance(1.0)
        return publisher.rate_hz

    assert [beat() for _ in range(2)] == [4.0, 2.0]
    assert beat() == 2.0  # 0.2 s of 0.25 s would still be too much
    cost_s = 0.01
    rates = [beat() for _ in range(2 * CALM_BEATS)]
    assert rates[CALM_BEATS - 1] == 4.0
    assert rates[-1] == 10.0


def test_a_loop_that_keeps_beats_waiting_slows_the_rate_and_that_is_told(loop):
    publisher = make_publisher(loop)
    publisher.subscribe(lambda: None)

    def beat(late_s: float) -> float:
        publisher.changed()
        loop.now_s += late_s  # the loop has something else to do
        loop.advance(1.0)
        return publisher.rate_hz

    assert [beat(0.02), beat(0.2), beat(0.2)] == [10.0, 4.0, 2.0]
    # Of all publishers in the process; none is slower than that.
    assert slowest_hz() == 2.0
    rates = [beat(0.0) for _ in range(2 * CALM_BEATS)]
    assert (rates[CALM_BEATS - 1], rates[-1]) == (4.0, 10.0)


def test_a_slow_rate_that_was_asked_for_is_the_fastest(loop):
    publisher = make_publisher(loop, rate_hz=3.0)

    def refresh() -> None:
        loop.now_s += 1.0

    publisher.subscribe(refresh)
    assert publisher.rate_hz == 3.0
    publisher.changed()
    loop.advance(0.1)
    assert publisher.rate_hz == 2.0


def test_callbacks_inherit_no_context_of_whoever_caused_them(loop):
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("session", default="none")
    publisher, seen = make_publisher(loop), []
    publisher.subscribe(lambda: seen.append(variable.get()))
    token = variable.set("the first session")
    for _ in range(3):
        publisher.changed()
        loop.advance(0.04)
    variable.reset(token)
    loop.advance(1.0)
    assert set(seen) == {"none"}


def test_unsubscribing_within_a_beat_is_heeded(loop):
    publisher, calls = make_publisher(loop), []
    leave: list[Callable[[], None]] = []
    publisher.subscribe(lambda: [end() for end in leave])
    leave.append(publisher.subscribe(lambda: calls.append(1)))
    publisher.changed()
    loop.advance(0.1)
    assert calls == []
    assert publisher.subscriber_count == 1


def test_a_closed_loop_lets_go_of_its_views(loop):
    publisher = make_publisher(loop)
    publisher.subscribe(lambda: None)
    loop.is_closed = True
    publisher.changed()
    assert publisher.subscriber_count == 0
