"""Numbers as a trader reads them."""

from __future__ import annotations

import math

import pytest

from livepairs.views import numbers


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(2511.5, 2, "2,511.50"), (-1.234, 2, "−1.23"), (math.nan, 2, "–"), (None, 0, "–"), (math.inf, 1, "–")],
)
def test_fixed_has_separators_and_a_dash_for_what_is_no_number(value: float | None, digits: int, text: str) -> None:
    assert numbers.fixed(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(0.0132, "0.013"), (0.0002, "< 0.001"), (0.001, "0.001"), (math.nan, "–")])
def test_small_p_values_are_not_shown_as_zero(value: float, text: str) -> None:
    assert numbers.p_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (150, "2.5 min"), (5400, "1.5 h"), (0.4, "0.4 s"), (200_000, "2.3 d")]
)
def test_durations_have_their_natural_unit(seconds: float, text: str) -> None:
    assert numbers.duration(seconds) == text


def test_half_life_is_in_bars_and_in_time() -> None:
    assert numbers.bars(42.0, 1_000_000) == "42 bars (42 s)"
    assert numbers.bars(4.25, 60_000_000) == "4.2 bars (4.25 min)"
    assert numbers.bars(math.nan, 1_000_000) == "–"


@pytest.mark.parametrize(
    ("value", "text"), [(12_340, "12.3k"), (0.0456, "0.046"), (3_400_000, "3.4M"), (999.6, "1k"), (5, "5"), (None, "–")]
)
def test_quantities_have_three_digits_and_a_magnitude(value: float | None, text: str) -> None:
    assert numbers.compact(value) == text


@pytest.mark.parametrize(
    ("prices", "digits"), [([61_234.5, 61_234.0], 1), ([0.00012, 0.1], 5), ([3.0, 4.0], 0), ([math.nan], 2), ([], 2)]
)
def test_decimals_are_those_of_the_tick(prices: list[float], digits: int) -> None:
    assert numbers.decimals(prices) == digits


def test_speed_and_time_are_written_as_on_the_deck() -> None:
    assert [numbers.speed(value) for value in (60.0, 0.5, math.inf)] == ["60x", "0.5x", "max"]
    assert numbers.day_clock(1_723_161_256_000_000) == "2024-08-08 23:54:16 UTC"
    assert numbers.percent(0.0035) == "+0.35 %"
