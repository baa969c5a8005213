"""Tampering: whatever is done to the order, nothing gets lost but what was to be."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.venue.tampering import Tampering

TURN_US = 100_000
deeds = st.one_of(
    st.tuples(st.just("skip"), st.integers(1, 5)),
    st.tuples(st.just("repeat"), st.integers(1, 5)),
    st.tuples(st.just("turn"), st.integers(2, 9)),
    st.tuples(st.just("hold"), st.integers(1, 5)),
    st.tuples(st.just("due"), st.integers(0, 6)),
)


@settings(max_examples=30)
@given(st.lists(deeds, max_size=40))
def test_every_trade_is_told_but_those_skipped_and_only_repeated_ones_twice(plan):
    tampering, now_us, end, told, skipped, repeated = Tampering(), 0, 0, Counter(), 0, 0
    for deed, count in [*plan, ("due", 30), *[("due", 0)] * 60]:
        now_us += TURN_US
        if deed == "due":
            told.update(tampering.order("A", end, end + count, now_us).tolist())
            end += count
        elif deed == "hold":
            tampering.hold("A", count, now_us + 3 * TURN_US)
        else:
            getattr(tampering, deed)("A", count)
            skipped += count if deed == "skip" else 0
            repeated += count if deed == "repeat" else 0
    assert not tampering.is_holding
    assert set(told) <= set(range(end))
    assert len(set(range(end)) - set(told)) <= skipped
    assert sum(told.values()) - len(told) <= repeated


def test_without_a_deed_places_come_as_they_are_due():
    tampering = Tampering()
    assert tampering.order("A", 3, 6, 0).tolist() == [3, 4, 5]
    assert tampering.order("A", 6, 6, 0).tolist() == []


def test_deeds_concern_their_symbol_alone():
    tampering = Tampering()
    tampering.skip("A", 2)
    assert tampering.order("B", 0, 3, 0).tolist() == [0, 1, 2]
    assert tampering.order("A", 0, 3, 0).tolist() == [2]


def test_too_few_to_be_turned_round_go_after_some_patience():
    tampering = Tampering()
    tampering.turn("A", 9)
    assert tampering.order("A", 0, 3, 0).tolist() == []
    assert np.array_equal(tampering.order("A", 3, 3, 5_000_000), [2, 1, 0])
    assert tampering.order("A", 3, 5, 6_000_000).tolist() == [3, 4]
