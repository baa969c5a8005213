"""The estimate of the clocks' difference keeps to what messages prove, and lets go of what no longer holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.sources.live_offset import ClockOffset

SECOND_US = 1_000_000
BEHIND_US = -1_273_000
"""What the machine of the recorded log was behind: receipt minus event time was -1273 to -1216 ms."""


def test_nothing_known_is_no_difference() -> None:
    assert ClockOffset().at(0) == 0


def test_usual_latency_is_not_taken_for_a_difference() -> None:
    offset = ClockOffset()
    offset.add_lag(80_000, 0)
    assert offset.at(0) == 0


def test_a_message_from_the_future_proves_the_clock_behind() -> None:
    offset = ClockOffset()
    for at, lag_us in enumerate((-1_216_000, BEHIND_US, -1_250_000)):
        offset.add_lag(lag_us, at)
    assert offset.at(2) == BEHIND_US


def test_a_clock_far_ahead_shows_without_an_answer_about_the_time() -> None:
    offset = ClockOffset()
    offset.add_lag(3_600 * SECOND_US, 0)
    assert 3_599 * SECOND_US <= offset.at(0) <= 3_600 * SECOND_US


def test_an_answer_puts_the_difference_between_its_ends() -> None:
    offset = ClockOffset()
    offset.add_answer(10 * SECOND_US, 10 * SECOND_US + 40_000, 11 * SECOND_US)
    assert offset.at(10 * SECOND_US + 40_000) == -981_000 + 500  # half of the round trip, and of a rounded millisecond


def test_a_mistaken_stamp_does_not_overrule_the_venues_own_clock() -> None:
    offset = ClockOffset()
    offset.add_answer(0, 20_000, 10_000)
    assert not offset.add_lag(-86_400 * SECOND_US, 20_000)
    assert abs(offset.at(20_000)) < 20_000


def test_a_clock_that_was_set_is_followed_from_the_next_answer_on() -> None:
    offset = ClockOffset()
    offset.add_answer(0, 20_000, 10_000)
    offset.add_answer(60 * SECOND_US, 60 * SECOND_US + 20_000, 70 * SECOND_US)
    assert abs(offset.at(60 * SECOND_US) + 10 * SECOND_US) < 20_000


@settings(max_examples=40)
@given(
    truth_us=st.integers(-(10**9), 10**9),
    drift=st.floats(-5e-5, 5e-5),
    steps=st.lists(
        st.tuples(st.integers(0, 30 * SECOND_US), st.integers(0, 10**5), st.integers(0, 10**5)), min_size=1, max_size=30
    ),
)
def test_the_estimate_stays_within_the_round_trip_of_an_honest_venue(
    truth_us: int, drift: float, steps: list[tuple[int, int, int]]
) -> None:
    """Clocks drift apart by up to 50 us a second, and each answer takes up to 0.2 s for both ways."""
    offset = ClockOffset()
    exchange_us = 10**15
    origin_us = exchange_us
    for pause_us, there_us, back_us in steps:
        asked_us = exchange_us
        exchange_us += pause_us + there_us
        said_us = exchange_us // 1000 * 1000
        difference = truth_us + int(drift * (exchange_us - origin_us))
        local_us = exchange_us + difference
        offset.add_answer(local_us - there_us, local_us + back_us, said_us)
        offset.add_lag(back_us + 1_000 + difference, local_us + back_us)
        exchange_us += back_us
        estimate_us = offset.at(local_us + back_us)
        assert abs(estimate_us - difference) <= (there_us + back_us) / 2 + 1_000 + 1e-4 * (exchange_us - asked_us) + 2
