"""Backtests side by side: what differs, and every metric."""

from __future__ import annotations

import re

import numpy as np

from livepairs.backtest.metrics import METRICS
from livepairs.views.backtest import metrictable
from livepairs.views.backtest.comparison import Comparison, Kept, compare_markup
from livepairs.views.backtest.overlay import overlay
from tests.views.rehearsals import ONE_TRADE, make_rehearsal


def kept(number: int, **rules: float) -> Kept:
    return Kept(number, "#000", make_rehearsal(ONE_TRADE, **rules))


def test_only_parameters_that_differ_are_named() -> None:
    text = compare_markup([kept(1, entry=1.0), kept(2, entry=2.0)])
    assert text.index("Entry") < text.index("Sharpe ratio")
    assert "Fee bps" not in text


def test_nothing_kept_says_how_to_keep_something() -> None:
    assert "started with Run" in compare_markup([])


def test_the_last_five_are_kept_in_colours_of_their_own() -> None:
    comparison = Comparison(lambda plan: None)
    for entry in (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6):
        comparison.keep(make_rehearsal(ONE_TRADE, entry=entry))
    assert [one.number for one in comparison._kept] == [3, 4, 5, 6, 7]
    assert len({one.color for one in comparison._kept}) == 5


def test_a_backtest_can_be_run_again_or_all_be_forgotten() -> None:
    asked = []
    comparison = Comparison(asked.append)
    comparison.keep(make_rehearsal(ONE_TRADE, entry=1.25))
    comparison._act("load", "1")
    comparison._act("load", "99")
    assert [plan.rules.entry for plan in asked] == [1.25]
    comparison._act("clear", None)
    assert comparison._kept == []


def test_every_metric_has_a_name_a_formula_and_a_unit() -> None:
    found = metrictable.lines()
    assert [line.key for line in found] == list(METRICS)
    assert all(line.formula and line.unit and line.name != line.key for line in found)
    values = metrictable.table_values(make_rehearsal(ONE_TRADE).result)
    assert (values["trades"], values["hit_rate"], values["profit_factor"]) == ("1", "0.00 %", "0.00")


def test_a_metric_that_does_not_exist_is_a_dash() -> None:
    values = metrictable.table_values(make_rehearsal([0.0] * 12).result)
    assert (values["sharpe"], values["hit_rate"], values["trades"]) == ("–", "–", "0")


def test_equities_are_drawn_on_one_scale_within_the_picture() -> None:
    drawn = overlay(
        [("#111", np.array([0.0, 1000.0]), np.array([0.0, 0.02])), ("#222", np.array([500.0]), np.array([-0.01]))]
    )
    points = [tuple(map(float, point.split(","))) for point in " ".join(re.findall(r'points="([^"]+)"', drawn)).split()]
    assert points == [(6.0, 192.7), (414.0, 26.0), (210.0, 276.0)]
    assert all(text in drawn for text in ("+2.00 %", "−1.00 %", "01 Jan 00:00"))


def test_nothing_to_draw_is_no_picture_and_a_flat_line_has_a_scale() -> None:
    assert overlay([("#111", np.array([]), np.array([]))]) == ""
    assert "nan" not in overlay([("#111", np.array([0.0, 1.0]), np.array([0.0, 0.0]))])
