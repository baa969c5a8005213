"""Which band z is in."""

from __future__ import annotations

import math

import pytest

from livepairs.views.figures.kpis import band


@pytest.mark.parametrize(
    ("z", "state"),
    [
        (2.0, "high"), (7.0, "high"), (-2.0, "low"), (1.3, "near"), (-1.3, "near"), (0.8, "inside"), (0.5, "home"),
        (0.0, "home"), (None, "none"), (math.nan, "none"),
    ],
)  # fmt: skip
def test_z_is_coloured_by_how_far_out_it_is(z: float | None, state: str) -> None:
    assert band(z, 2.0, 0.5)[0] == state
