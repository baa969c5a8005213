"""Peaks stay, whatever rows were left out before: the extremes of extremes are those of all rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.pairs.extremes import extremes

VALUES = st.integers(-3, 3).map(float) | st.just(float("nan"))


@settings(max_examples=60)
@given(st.dictionaries(st.integers(0, 200), st.tuples(VALUES, VALUES), max_size=80), st.sampled_from([1, 2, 5]))
def test_extremes_of_extremes_are_those_of_all_rows(rows: dict[int, tuple[float, float]], times: int) -> None:
    ts = np.array(sorted(rows), np.int64)
    series = [np.array([rows[at][place] for at in ts.tolist()], float) for place in (0, 1)]
    fine, wanted = extremes(ts, series, 6), extremes(ts, series, 6 * times)
    np.testing.assert_array_equal(fine[extremes(ts[fine], [values[fine] for values in series], 6 * times)], wanted)


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=60))
def test_each_stretch_keeps_its_first_and_last_row_and_its_lowest_and_highest_value(values: list[float]) -> None:
    line = np.array(values)
    kept = extremes(np.arange(len(line)), [line], 10)
    for begin in range(0, len(line), 10):
        stretch, rows = line[begin : begin + 10], kept[(kept >= begin) & (kept < begin + 10)]
        assert {begin, begin + len(stretch) - 1} <= set(rows.tolist())
        if np.isfinite(stretch).any():
            assert (np.nanmin(line[rows]), np.nanmax(line[rows])) == (np.nanmin(stretch), np.nanmax(stretch))
        assert len(rows) <= 4
