"""Spans far apart share one line: each is seen, in order, and nothing lies outside."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from livepairs.views.charts.brokenaxis import BrokenAxis

HOUR = 3_600_000_000
SPANS = st.lists(
    st.tuples(st.integers(0, 10**15), st.integers(1, 10**11)).map(lambda span: (span[0], span[0] + span[1])), min_size=1
)


def test_an_hour_two_years_before_another_is_half_the_line() -> None:
    axis = BrokenAxis.of([(0, HOUR), (17_520 * HOUR, 17_521 * HOUR)])
    assert axis.place((0, HOUR)) == [0.0, 48.5]
    assert axis.place((17_520 * HOUR, 17_521 * HOUR)) == [51.5, 48.5]
    assert axis.breaks == [[48.5, 3.0]]


def test_what_lies_close_together_has_no_break() -> None:
    axis = BrokenAxis.of([(0, 10 * HOUR), (11 * HOUR, 20 * HOUR)])
    assert axis.breaks == []
    assert axis.place((11 * HOUR, 20 * HOUR)) == [55.0, 45.0]


def test_without_spans_there_is_no_line() -> None:
    assert BrokenAxis.of([]).breaks == []


@given(spans=SPANS)
def test_places_are_on_the_line_and_in_order(spans: list[tuple[int, int]]) -> None:
    axis = BrokenAxis.of(spans)
    places = [axis.place(span) for span in sorted(spans)]
    assert all(left >= -1e-6 and left + width <= 100.001 for left, width in places)
    assert all(before[0] <= after[0] for before, after in pairwise(places))
