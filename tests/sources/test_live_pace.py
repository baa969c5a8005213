"""Nobody is asked more often than agreed, and many clients do not come back together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.sources.live_pace import Attempts, Backoff, WeightBudget

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US


def test_waits_double_up_to_the_longest_and_begin_anew() -> None:
    backoff = Backoff(100, 1_000, dice=lambda: 1.0)
    assert [backoff.next_us() for _ in range(6)] == [100, 200, 400, 800, 1_000, 1_000]
    backoff.reset()
    assert backoff.next_us() == 100


def test_a_wait_is_at_least_half_of_what_it_could_be() -> None:
    assert Backoff(100, 1_000, dice=lambda: 0.0).next_us() == 50


@settings(max_examples=40)
@given(st.lists(st.integers(0, 20 * SECOND_US), max_size=80))
def test_no_span_holds_more_attempts_than_allowed(pauses: list[int]) -> None:
    attempts, now_us = Attempts(5, MINUTE_US), 0
    made: list[int] = []
    for pause_us in pauses:
        now_us += pause_us
        now_us += attempts.next_us(now_us)
        attempts.count(now_us)
        made.append(now_us)
    assert all(later - first >= MINUTE_US for first, later in zip(made, made[5:], strict=False))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 20 * SECOND_US), st.sampled_from([1, 20])), max_size=200))
def test_no_clock_minute_holds_more_weight_than_allowed(asked: list[tuple[int, int]]) -> None:
    budget, now_us = WeightBudget(100), 7 * SECOND_US
    spent: dict[int, int] = {}
    for pause_us, weight in asked:
        now_us += pause_us
        now_us += budget.delay_us(now_us, weight)
        assert budget.delay_us(now_us, weight) == 0
        budget.spend(now_us, weight)
        spent[now_us // MINUTE_US] = spent.get(now_us // MINUTE_US, 0) + weight
    assert all(weight <= 100 for weight in spent.values())


def test_what_other_programs_used_counts_until_the_minute_is_over() -> None:
    budget = WeightBudget(100)
    budget.spend(0, 20)
    budget.learn(SECOND_US, 90)
    assert budget.delay_us(SECOND_US, 20) == 59 * SECOND_US
    assert budget.delay_us(MINUTE_US, 20) == 0


def test_nothing_is_asked_before_the_time_the_venue_set() -> None:
    budget = WeightBudget(100)
    budget.block(90 * SECOND_US)
    assert budget.delay_us(30 * SECOND_US, 1) == 60 * SECOND_US
    assert budget.delay_us(90 * SECOND_US, 1) == 0


def test_a_request_dearer_than_a_minute_is_made_when_nothing_else_is() -> None:
    assert WeightBudget(10).delay_us(0, 20) == 0
