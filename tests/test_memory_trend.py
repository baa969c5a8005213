"""The judge of memory: a small leak is found in noise many times its size, and noise alone is not taken for one."""

from __future__ import annotations

import random

import pytest

from tests.memory_trend import growth

KB = 1_000


def samples(leak: float, *, seed: int, minutes: int = 20) -> list[tuple[float, int]]:
    """Return twelve samples a minute as a recorder gives them: 54 MB, sealing on top now and then, and a leak."""
    dice = random.Random(seed)
    made = []
    for number in range(12 * minutes):
        minute = 10 + number / 12
        sealing = dice.uniform(1e6, 50e6) if number % 12 < dice.choice((0, 1, 4)) else 0.0
        made.append((minute, round(54e6 + leak * (minute - 10) + sealing + dice.gauss(0, 150 * KB))))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_of_two_hundred_kilobytes_a_minute_is_found_and_no_leak_is_not(seed: int) -> None:
    assert growth(samples(200 * KB, seed=seed)) > 150 * KB
    assert abs(growth(samples(0, seed=seed))) < 50 * KB


def test_one_minute_without_a_quiet_moment_moves_nothing() -> None:
    busy = [(minute, size + (40_000 * KB if 15 <= minute < 16 else 0)) for minute, size in samples(0, seed=1)]
    assert abs(growth(busy)) < 50 * KB
