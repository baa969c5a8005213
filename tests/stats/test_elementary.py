"""Logarithm, exponential and normal distribution against long double and SciPy, in units in the last place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from livepairs.stats.elementary import exp, log, normal_cdf

positive = st.floats(min_value=5e-324, max_value=1.7976931348623157e308)


def ulps(found: float, exact: np.longdouble) -> float:
    """Return the distance in units in the last place of the double nearest to the exact value."""
    return float(abs(np.longdouble(found) - exact) / np.longdouble(math.ulp(float(exact))))


@given(positive)
@example(5e-324)
@example(2.2250738585072014e-308)
@example(0.7071067811865476)
@example(math.nextafter(1.0, 0.0))
@example(math.nextafter(1.0, 2.0))
def test_log_is_within_one_ulp(x: float) -> None:
    assert ulps(log(x), np.log(np.longdouble(x))) <= 1.0


@given(st.floats(min_value=0.001, max_value=1e6))
def test_log_of_a_price_is_within_one_ulp(x: float) -> None:
    assert ulps(log(x), np.log(np.longdouble(x))) <= 1.0


@given(st.floats(min_value=60.0, max_value=1e300))
def test_log_is_nearly_correctly_rounded_where_it_exceeds_four(x: float) -> None:
    assert ulps(log(x), np.log(np.longdouble(x))) <= 0.52


@given(st.integers(min_value=-1074, max_value=1023))
def test_log_of_a_power_of_two(exponent: int) -> None:
    assert log(math.ldexp(1.0, exponent)) == pytest.approx(exponent * math.log(2.0), rel=3e-16, abs=0.0)


@pytest.mark.parametrize("x", [0.0, -0.0, -1.0, math.inf, -math.inf, math.nan])
def test_log_of_what_has_none_is_nan(x: float) -> None:
    assert math.isnan(log(x))


@given(st.floats(min_value=-700.0, max_value=700.0))
@example(0.34657359027997264)
@example(-700.0)
@example(700.0)
@example(5e-324)
def test_exp_is_within_one_ulp(x: float) -> None:
    assert ulps(exp(x), np.exp(np.longdouble(x))) <= 1.0


def test_exp_beyond_its_range_and_of_nan() -> None:
    assert exp(-700.1) == exp(-math.inf) == 0.0
    assert exp(700.1) == exp(math.inf) == math.inf
    assert math.isnan(exp(math.nan))


@given(st.floats(min_value=-37.0, max_value=37.0))
@example(-4.0)
@example(math.nextafter(-4.0, -5.0))
@example(4.0)
@example(math.nextafter(4.0, 5.0))
def test_normal_cdf_equals_scipy_in_both_tails(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(float(special.ndtr(x)), rel=1e-11, abs=1e-300)


def test_normal_cdf_of_nan_is_nan() -> None:
    """The series once ran for ever on NaN, for NaN never equals its own sum."""
    assert math.isnan(normal_cdf(math.nan))


def test_normal_cdf_at_the_ends() -> None:
    assert normal_cdf(-math.inf) == 0.0
    assert normal_cdf(math.inf) == 1.0
    assert normal_cdf(-50.0) == 0.0
