"""The half-life in its linear form, with external numbers."""

from __future__ import annotations

import math

import pytest

from livepairs.stats.half_life import half_life_from_slope


def test_half_life_is_minus_ln_2_over_the_slope() -> None:
    assert half_life_from_slope(-math.log(2.0)) == 1.0
    assert half_life_from_slope(-0.1) == pytest.approx(6.931471805599453, rel=1e-15)


@pytest.mark.parametrize("slope", [0.0, -0.0, 1e-9, 2.0, math.nan, math.inf])
def test_what_does_not_revert_has_no_half_life(slope: float) -> None:
    assert math.isnan(half_life_from_slope(slope))
