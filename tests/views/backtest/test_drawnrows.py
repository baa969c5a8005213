"""What of a backtest is drawn: thinned for the screen, whole in a window, with every fill in its place."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livepairs.views.backtest.drawnrows import COLUMNS, FILLS, POINTS, DrawnRows, thinned
from livepairs.views.palette import DOWN, UP
from tests.views.rehearsals import ONE_TRADE, make_rehearsal

values = st.floats(-1e6, 1e6) | st.just(float("nan"))


def test_few_rows_stay_as_they_are() -> None:
    assert thinned([np.arange(10.0)], 10).tolist() == list(range(10))


@given(st.lists(st.tuples(values, values), min_size=1, max_size=400), st.integers(9, 60))
def test_ends_and_extremes_of_every_series_survive_thinning(rows: list[tuple[float, float]], points: int) -> None:
    series = [np.array(column) for column in zip(*rows, strict=True)]
    kept = thinned(series, points)
    assert len(kept) <= points + 1
    assert (kept[0], kept[-1]) == (0, len(rows) - 1)
    assert (np.diff(kept) > 0).all()
    for one in series:
        if np.isfinite(one).any():
            assert np.nanmin(one[kept]) == np.nanmin(one)
            assert np.nanmax(one[kept]) == np.nanmax(one)


def test_a_window_is_drawn_with_all_its_rows_and_one_on_either_side() -> None:
    rows = DrawnRows(make_rehearsal([0.0] * (3 * POINTS)))
    assert len(rows.lines()["ts"]) < POINTS + 2
    first = rows.ts[2000]
    drawn = rows.lines((first, first + 9_000))
    assert drawn.keys() == set(COLUMNS)
    assert drawn["ts"].tolist() == [first + 1000 * step for step in range(-1, 10)]


def test_a_short_spread_sells_y_and_buys_x_and_hollow_marks_undo_it() -> None:
    rows = DrawnRows(make_rehearsal(ONE_TRADE))
    entries, exits, fills = rows.marks()
    assert entries["color"].tolist() == [DOWN]
    # Decided on bars 5 and 7, filled in those after them.
    assert entries["ts"].tolist() == [rows.ts[6]]
    assert exits["ts"].tolist() == [rows.ts[8]]
    assert fills.keys() == set(FILLS)
    assert fills["color"].tolist() == [DOWN, UP, UP, DOWN]  # Y in, Y out, X in, X out
    assert fills["fill"].tolist() == [0.9, 0.0, 0.9, 0.0]


def test_trades_out_of_the_window_are_not_marked() -> None:
    rows = DrawnRows(make_rehearsal(ONE_TRADE))
    entries, _exits, fills = rows.marks((rows.ts[0], rows.ts[3]))
    assert len(entries["ts"]) == len(fills["ts"]) == 0


def test_nothing_to_draw_is_drawn_as_nothing() -> None:
    rows = DrawnRows(make_rehearsal([]))
    assert rows.extent == []
    assert all(len(column) == 0 for column in rows.lines().values())
    assert all(len(marks["ts"]) == 0 for marks in rows.marks())
