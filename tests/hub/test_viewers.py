"""A run is left alone one idle time after its last viewer left, neither sooner nor later."""

from __future__ import annotations

import asyncio

from livepairs.clock import ManualClock
from livepairs.hub.viewers import Viewers

SECOND = 1_000_000


async def let_pass(clock: ManualClock, duration_us: int) -> None:
    end_us = clock.now_us() + duration_us
    while True:
        for _ in range(5):
            await asyncio.sleep(0)
        next_us = clock.next_deadline_us
        if next_us is None or next_us > end_us:
            break
        clock.advance(next_us - clock.now_us())
    clock.advance(end_us - clock.now_us())
    for _ in range(5):
        await asyncio.sleep(0)


def alone_at(script: list[tuple[int, str]], idle_us: int) -> int | None:
    """Return when the viewers left it alone; the script says what happens at which second."""
    clock = ManualClock()
    viewers = Viewers(clock, idle_us)

    async def main() -> int | None:
        times: list[int] = []
        waiting = asyncio.ensure_future(viewers.left_alone())
        waiting.add_done_callback(lambda _: times.append(clock.now_us()))
        for second, verb in [*script, (1_000, "touch")]:
            await let_pass(clock, second * SECOND - clock.now_us())
            getattr(viewers, verb)()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return times[0] // SECOND if times and times[0] < 1_000 * SECOND else None

    return asyncio.run(main())


def test_nobody_came():
    assert alone_at([], 60 * SECOND) == 60


def test_sixty_seconds_after_the_last_one_left():
    assert alone_at([(10, "add"), (100, "add"), (130, "remove"), (217, "remove")], 60 * SECOND) == 277


def test_not_while_somebody_is_there():
    assert alone_at([(10, "add")], 60 * SECOND) is None


def test_a_page_on_its_way_starts_the_time_anew():
    assert alone_at([(50, "touch")], 60 * SECOND) == 110


def test_leaving_and_coming_back_in_time_goes_on():
    assert alone_at([(1, "add"), (30, "remove"), (80, "add"), (90, "remove")], 60 * SECOND) == 150


def test_a_page_that_is_slow_to_connect_finds_its_run_however_short_the_idle_time():
    """With an idle time of two seconds a run ended while its page was loading on a busy machine, and stayed frozen."""
    assert alone_at([(20, "add"), (100, "remove")], 2 * SECOND) == 102
    assert alone_at([], 2 * SECOND) == 30


def test_touch_says_whether_it_is_over():
    clock = ManualClock()
    viewers = Viewers(clock, 40 * SECOND)

    async def main() -> tuple[bool, bool]:
        waiting = asyncio.ensure_future(viewers.left_alone())
        before = viewers.touch()
        await let_pass(clock, 41 * SECOND)
        await waiting
        return before, viewers.touch()

    assert asyncio.run(main()) == (True, False)
