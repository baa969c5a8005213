"""Bertram's bands against his own numbers and a search over the formula as he writes it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import erfi

from livepairs.errors import ConfigError
from livepairs.stats.bertram import optimal_bands


def rate(a: float, speed: float, sigma: float, cost: float) -> float:
    return (2.0 * a - cost) * speed / (2.0 * math.pi * erfi(a * math.sqrt(speed) / sigma))


def test_bands_of_bertrams_example() -> None:
    """Bertram (2010): mu 180.9670, sigma 0.1538, c 0.001 give a* -0.0047159, rate 0.492358, expected time 0.0171255.

    The maximum is flat: his a* stands 7e-7 beside it, where the rate is the same to eight digits and the time, which is
    not flat, differs in the fourth.
    """
    found = optimal_bands(180.9670, 0.1538, cost=0.001)
    assert found.entry == pytest.approx(-0.0047159, abs=1e-6)
    assert found.exit == -found.entry
    assert found.rate == pytest.approx(0.492358, abs=5e-7)
    assert found.cycle == pytest.approx(0.0171255, rel=3e-4)
    assert found.entry_std == pytest.approx(0.58, abs=5e-3)
    assert found.rate >= rate(0.0047159, 180.9670, 0.1538, 0.001)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(1e-4, 3.0))
def test_bands_are_the_best_of_a_search(speed: float, sigma: float, costly: float) -> None:
    unit = sigma / math.sqrt(speed)
    found = optimal_bands(speed, sigma, cost=costly * unit, mean=2.0)
    best = minimize_scalar(
        lambda u: -rate(u * unit, speed, sigma, costly * unit), bounds=(costly / 2, costly / 2 + 0.6), method="bounded"
    )
    assert found.rate >= -best.fun * (1.0 - 1e-9)
    assert (found.exit - 2.0) / unit == pytest.approx(best.x, abs=1e-3)
    assert found.rate * found.cycle == pytest.approx(
        found.exit - found.entry - costly * unit, rel=1e-6, abs=1e-12 * unit
    )


def test_without_cost_the_bands_shrink_and_a_huge_cost_never_overflows() -> None:
    free, cheap = optimal_bands(2.0, 1.0, cost=0.0), optimal_bands(2.0, 1.0, cost=1e-9)
    assert (free.entry, free.exit, free.cycle) == (0.0, 0.0, 0.0)
    assert cheap.rate == pytest.approx(free.rate, rel=1e-4)
    dear = optimal_bands(2.0, 1.0, cost=1e3)
    assert dear.rate == 0.0
    assert dear.cycle == math.inf


def test_a_process_that_does_not_revert_has_no_bands() -> None:
    for speed, sigma, cost in [(0.0, 1.0, 0.1), (1.0, -1.0, 0.1), (1.0, 1.0, -0.1), (math.nan, 1.0, 0.1)]:
        with pytest.raises(ConfigError, match="out of range"):
            optimal_bands(speed, sigma, cost=cost)
