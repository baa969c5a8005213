"""An address opens so many pages a minute, and no more; others are not kept out by it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livepairs.access.openrate import MOST_ADDRESSES, OpenRate


@given(st.integers(1, 50), st.lists(st.floats(0, 5), max_size=300))
def test_no_span_of_time_has_more_than_its_share(per_minute: int, pauses: list[float]) -> None:
    rate, now_s, let = OpenRate(per_minute), 0.0, []
    for pause_s in pauses:
        now_s += pause_s
        if rate.wait_s("10.0.0.1", now_s) == 0:
            let.append(now_s)
    for place, first_s in enumerate(let):
        within = let[place:]
        assert all(count <= per_minute * (1 + (at_s - first_s) / 60) + 1e-6 for count, at_s in enumerate(within, 1))


def test_whoever_waits_as_long_as_told_is_let_in() -> None:
    rate = OpenRate(7)
    assert [rate.wait_s("10.0.0.1", 0.0) for _ in range(7)] == [0.0] * 7
    wait_s = rate.wait_s("10.0.0.1", 0.0)
    assert wait_s > 8
    assert rate.wait_s("10.0.0.1", wait_s) == 0.0


def test_addresses_beyond_memory_are_forgotten_the_longest_silent_first() -> None:
    rate = OpenRate(1)
    for number in range(MOST_ADDRESSES + 1):
        assert rate.wait_s(f"10.{number}", 0.0) == 0.0
    assert rate.wait_s("10.1", 0.0) > 0
    assert rate.wait_s("10.0", 0.0) == 0.0
