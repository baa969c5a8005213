"""Which band z is in."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from livepairs.views.figures.kpis import band, why_none


@pytest.mark.parametrize(
    ("z", "state"),
    [
        (2.0, "high"), (7.0, "high"), (-2.0, "low"), (1.3, "near"), (-1.3, "near"), (0.8, "inside"), (0.5, "home"),
        (0.0, "home"), (None, "none"), (math.nan, "none"),
    ],
)  # fmt: skip
def test_z_is_coloured_by_how_far_out_it_is(z: float | None, state: str) -> None:
    assert band(z, 2.0, 0.5)[0] == state


@pytest.mark.parametrize(
    ("ready", "why"),
    [
        ([], "warming up, 0 of 3"), ([False, False], "warming up, 2 of 3"), ([False] * 3, "warming up"),
        ([False, True], "undefined: no movement"),
    ],
)  # fmt: skip
def test_a_z_that_is_not_there_says_why(ready: list[bool], why: str) -> None:
    assert why_none(pa.table({"is_ready": pa.array(ready, pa.bool_())}), warmup_bars=3) == why
