"""Gaps on a chart: those of its symbols that have begun, and no future of a replay."""

from __future__ import annotations

from livepairs.schema import Gap
from livepairs.views.charts.gapstrips import MOST, gap_columns
from livepairs.views.palette import DOWN, MUTED


def test_only_gaps_of_these_symbols_that_have_begun_are_drawn() -> None:
    gaps = (
        Gap("A", 1_000, 5_000, is_healed=True),
        Gap("B", 2_000, 3_000),
        Gap(None, 4_000, 9_000),
        Gap("A", 7_000, 8_000),
    )
    drawn = gap_columns(gaps, ["A"], 6_000)
    assert drawn["start"].tolist() == [1.0, 4.0]
    assert drawn["end"].tolist() == [5.0, 6.0]
    assert drawn["color"].tolist() == [MUTED, DOWN]


def test_of_very_many_the_newest_are_drawn() -> None:
    drawn = gap_columns([Gap("A", n, n + 1) for n in range(2 * MOST)], ["A"], 10_000)
    assert len(drawn["start"]) == MOST
    assert drawn["start"][0] == MOST / 1000
