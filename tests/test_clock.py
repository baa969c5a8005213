"""The clock one can hold, and the machine's."""

from __future__ import annotations

import asyncio

from livepairs.clock import Clock, ManualClock, SystemClock


def test_both_clocks_satisfy_the_contract() -> None:
    assert isinstance(SystemClock(), Clock)
    assert isinstance(ManualClock(), Clock)


def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    async def scenario() -> list[int]:
        clock, woken = ManualClock(1_000), []

        async def sleeper(deadline_us: int) -> None:
            await clock.sleep_until(deadline_us)
            woken.append(deadline_us)

        async with asyncio.TaskGroup() as group:
            for deadline_us in (3_000, 2_000, 1_000, 2_500):
                group.create_task(sleeper(deadline_us))
            await asyncio.sleep(0)
            assert clock.next_deadline_us == 2_000
            clock.advance(5_000)
        assert clock.next_deadline_us is None
        return woken

    assert asyncio.run(scenario()) == [1_000, 2_000, 2_500, 3_000]


def test_a_cancelled_sleeper_is_forgotten() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        task = asyncio.create_task(clock.sleep(10))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert clock.next_deadline_us is None
        clock.advance(20)

    asyncio.run(scenario())


def test_the_system_clock_reaches_its_deadline_and_never_goes_back() -> None:
    async def scenario() -> None:
        clock = SystemClock()
        start_us = clock.now_us()
        await clock.sleep_until(start_us + 2_000)
        assert clock.now_us() >= start_us + 2_000
        await clock.sleep(-1)

    asyncio.run(scenario())
