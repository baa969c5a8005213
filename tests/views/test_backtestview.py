"""Thinning a long result for the screen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livepairs.views.backtestview import thinned


def test_few_rows_stay_as_they_are() -> None:
    assert thinned(np.arange(10.0), 10).tolist() == list(range(10))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(9, 60))
def test_ends_and_extremes_survive_thinning(values: list[float], points: int) -> None:
    series = np.array(values)
    rows = thinned(series, points)
    assert len(rows) <= max(points + 1, 1)
    assert rows[0] == 0
    assert rows[-1] == len(series) - 1
    assert (np.diff(rows) > 0).all()
    assert series[rows].min() == series.min()
    assert series[rows].max() == series.max()
