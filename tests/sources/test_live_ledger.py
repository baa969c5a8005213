"""The ledger against a plain set of ids: what it lets through, what it misses, and what it says became of that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.sources.live_ledger import Circumstances, Ledger, Wanted

A = "BTCUSDT"


def take(
    ledger: Ledger, ids: Sequence[int], *, now_us: int = 0, rejected: Sequence[int] = (), way: str = "wire"
) -> list[int]:
    """Hand in ids whose times are their numbers, and return those let through."""
    rows = np.array(ids, np.int64)
    circumstances = Circumstances(now_us, way)  # type: ignore[arg-type]
    is_new = ledger.take(A, rows, rows, rejected=set(rejected), circumstances=circumstances)
    return list(ids) if is_new is None else rows[is_new].tolist()


def test_ids_in_a_row_open_no_gap() -> None:
    ledger = Ledger()
    assert take(ledger, [7, 8]) == [7, 8]
    assert take(ledger, [9, 10]) == [9, 10]
    assert ledger.gaps == ()


def test_a_hole_is_in_the_ledger_with_its_ids_and_the_times_around_it() -> None:
    ledger = Ledger()
    take(ledger, [7])
    ledger.blame("connection lost")
    take(ledger, [11, 12], now_us=99)
    (gap,) = ledger.gaps
    assert (gap.symbol, gap.from_id, gap.to_id, gap.missing) == (A, 8, 10, 3)
    assert (gap.start_us, gap.end_us, gap.opened_us, gap.closed_us) == (7, 11, 99, None)
    assert (gap.how, gap.is_healed, gap.cause) == ("open", False, "connection lost")
    assert list(ledger.wanted()) == [Wanted(A, 8, 10)]


def test_blame_ends_with_the_next_rows() -> None:
    ledger = Ledger()
    take(ledger, [7])
    ledger.blame("connection lost")
    take(ledger, [8])
    take(ledger, [10])
    assert ledger.gaps[0].cause == "ids skipped"


@pytest.mark.parametrize(("way", "how"), [("wire", "arrived"), ("rest", "filled")])
def test_a_gap_is_healed_by_its_last_id(way: str, how: str) -> None:
    ledger = Ledger()
    take(ledger, [7, 10])
    assert take(ledger, [8], way=way) == [8]
    assert (ledger.gaps[0].how, ledger.gaps[0].missing) == ("open", 1)
    assert take(ledger, [9], way=way, now_us=5) == [9]
    (gap,) = ledger.gaps
    assert (gap.how, gap.is_healed, gap.closed_us, gap.missing) == (how, True, 5, 2)


def test_what_is_given_up_stays_missing_and_is_still_let_through() -> None:
    ledger = Ledger()
    take(ledger, [7, 12])
    take(ledger, [10], way="rest")
    ledger.give_up(A, 8, 9, 3)
    assert ledger.gaps[0].how == "open"
    ledger.give_up(A, 11, 11, 4)
    assert (ledger.gaps[0].how, ledger.gaps[0].missing, ledger.gaps[0].closed_us) == ("unfillable", 3, 4)
    assert list(ledger.wanted()) == []
    assert take(ledger, [8, 9, 11]) == [8, 9, 11]
    assert ledger.gaps[0].how == "filled"


def test_a_rejected_id_is_no_gap_wherever_it_stands() -> None:
    ledger = Ledger()
    take(ledger, [7, 9], rejected=[8])
    take(ledger, [], rejected=[10])
    take(ledger, [11, 13])
    take(ledger, [14], rejected=[12])
    assert ledger.gaps[0].how == "arrived"
    assert len(ledger.gaps) == 1


def test_trades_known_to_have_been_missed_are_a_gap_before_the_next_one_comes() -> None:
    ledger = Ledger()
    take(ledger, [7])
    ledger.miss(A, (8, 9), (80, 90), now_us=100, cause="nothing came")
    assert list(ledger.wanted()) == [Wanted(A, 8, 9)]
    assert take(ledger, [10]) == [10]
    assert take(ledger, [8, 9], way="rest") == [8, 9]
    assert (ledger.gaps[0].how, ledger.gaps[0].cause) == ("filled", "nothing came")


def test_trades_missed_from_the_very_beginning_are_a_gap_too() -> None:
    ledger = Ledger()
    ledger.miss(A, (8, 9), (80, 90), now_us=100, cause="nothing came")
    assert list(ledger.wanted()) == [Wanted(A, 8, 9)]
    assert take(ledger, [10, 8]) == [10, 8]


def test_ids_from_before_the_beginning_are_no_duplicates_and_not_let_through() -> None:
    ledger = Ledger()
    take(ledger, [7, 8])
    assert take(ledger, [5, 6, 7]) == []
    assert (ledger.early, ledger.duplicates) == (2, 1)


def test_the_list_is_bounded_and_forgets_closed_gaps_first() -> None:
    ledger = Ledger(most_entries=3)
    take(ledger, [1, 3])
    take(ledger, [5])
    take(ledger, [4])
    for number in range(7, 20, 2):
        take(ledger, [number])
    assert len(ledger.gaps) == 3
    assert ledger.forgotten == 6
    assert [wanted.from_id for wanted in ledger.wanted()] == [14, 16, 18]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["wire", "rest", "give up"]),
        st.lists(st.integers(1, 40), max_size=8),
        st.sets(st.integers(1, 40), max_size=2),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(first=st.integers(1, 20), steps=STEPS)
def test_each_id_passes_once_and_the_missing_ones_add_up(
    first: int, steps: list[tuple[str, list[int], set[int]]]
) -> None:
    """Whatever comes in whatever order, against a set: passed, spent and missing share out all ids there are."""
    ledger = Ledger()
    passed = take(ledger, [first])
    spent: set[int] = set()
    for way, ids, rejected in steps:
        if way == "give up":
            ledger.give_up(A, min(ids, default=1), max(ids, default=1), 0)
            continue
        fresh = [number for number in ids if number not in rejected and number not in spent]
        passed += take(ledger, fresh, rejected=sorted(rejected - set(passed)), way=way)
        spent |= rejected - set(passed)
    assert len(set(passed)) == len(passed)
    top = ledger.last_id(A)
    assert top == max([*passed, *(number for number in spent if number >= first)])
    missing = set(range(first, top + 1)) - set(passed) - spent
    assert sum(gap.missing or 0 for gap in ledger.gaps if not gap.is_healed) == len(missing)
    wanted = {number for hole in ledger.wanted() for number in range(hole.from_id, hole.to_id + 1)}
    assert wanted <= missing
    assert (not wanted) == all(gap.how != "open" for gap in ledger.gaps)


@settings(max_examples=50)
@given(ids=st.lists(st.integers(1, 30), min_size=1, max_size=30), cuts=st.sets(st.integers(1, 29)))
def test_any_slicing_gives_the_same_ledger(ids: list[int], cuts: set[int]) -> None:
    whole, sliced = Ledger(), Ledger()
    passed = take(whole, ids)
    edges = [0, *sorted(cut for cut in cuts if cut < len(ids)), len(ids)]
    parts = [take(sliced, ids[start:end]) for start, end in pairwise(edges)]
    assert sorted(passed) == sorted(number for part in parts for number in part)
    assert [(gap.from_id, gap.to_id, gap.how) for gap in whole.gaps] == [
        (gap.from_id, gap.to_id, gap.how) for gap in sliced.gaps
    ]
