"""Probability of overfitting, combinatorial paths and walk-forward folds, on markets whose answer is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from livepairs.backtest.grid import Grid, parse_values
from livepairs.backtest.moments import Moments
from livepairs.backtest.overfit import Plan, cross_paths, overfitting, splits_of, training_spans
from livepairs.backtest.walkforward import folds_of
from livepairs.errors import ConfigError


def moments_from(returns: np.ndarray, plan: Plan) -> Moments:
    edges = plan.edges()
    starts = edges[:-1]
    return Moments(edges, np.add.reduceat(returns, starts, axis=1), np.add.reduceat(returns**2, starts, axis=1))


def test_six_groups_with_two_tests_make_fifteen_splits_and_five_paths() -> None:
    """Lopez de Prado (2018), chapter 12."""
    plan = Plan(0, 600)
    found = cross_paths(moments_from(np.random.default_rng(1).normal(size=(4, 600)), plan), plan)
    assert (len(splits_of(6, 2)), found.splits, len(found.sharpe)) == (15, 15, 5)


def test_probability_of_overfitting_equals_the_slow_way() -> None:
    """The procedure of Bailey et al. (2017), section 2.1, written out for 16 blocks of a matrix of returns."""
    plan = Plan(0, 160)
    returns = np.random.default_rng(2).normal(0.02, 1.0, (7, 160))
    found = overfitting(moments_from(returns, plan), plan)
    blocks = returns.reshape(7, 16, 10)
    low = lost = 0
    for chosen in combinations(range(16), 8):
        others = [block for block in range(16) if block not in chosen]
        halves = (blocks[:, part].reshape(7, 80) for part in (chosen, others))
        ratios = [half.mean(axis=1) / half.std(axis=1, ddof=1) for half in halves]
        best = ratios[0].argmax()
        rank = 1 + (ratios[1] < ratios[1][best]).sum()
        low += np.log(rank / (7 + 1) / (1 - rank / (7 + 1))) <= 0
        lost += ratios[1][best] < 0
    assert found is not None
    assert (found.splits, found.probability, found.loss) == (12_870, low / 12_870, lost / 12_870)


def test_a_set_that_is_always_best_is_not_overfitted() -> None:
    plan = Plan(0, 1_600)
    returns = np.random.default_rng(3).normal(0.0, 1.0, (20, 1_600))
    returns[4] += 1.0
    moments = moments_from(returns, plan)
    found = overfitting(moments, plan)
    assert found is not None
    assert found.probability == 0.0
    assert cross_paths(moments, plan).sharpe == pytest.approx(returns[4].mean() / returns[4].std(ddof=1))


def test_what_is_near_a_test_group_is_not_trained_on() -> None:
    plan = Plan(0, 600, purge=10, embargo=5)
    moments = moments_from(np.zeros((1, 600)), plan)
    trained = np.repeat(training_spans(moments, plan, (2, 3)), np.diff(moments.edges))
    assert np.flatnonzero(trained).tolist() == [*range(190), *range(405, 600)]


@pytest.mark.parametrize("sets", [0, 1])
def test_without_two_sets_that_traded_there_is_nothing_to_overfit(sets: int) -> None:
    plan = Plan(0, 160)
    returns = np.zeros((2, 160))
    returns[:sets] = np.random.default_rng(5).normal(size=(sets, 160))
    assert overfitting(moments_from(returns, plan), plan) is None


def test_folds_train_before_the_gap_and_test_after_it() -> None:
    folds = folds_of(100, 700, folds=5, purge=20, embargo=7)
    assert [(f.train_start, f.train_end, f.test_start, f.test_end) for f in folds] == [
        (100, cut - 20, cut + 7, cut + 100) for cut in range(200, 700, 100)
    ]


@pytest.mark.parametrize(("folds", "purge"), [(0, 0), (5, 99), (700, 0), (2, -1)])
def test_folds_that_leave_nothing_are_refused(folds: int, purge: int) -> None:
    with pytest.raises(ConfigError, match="leave nothing to train or test on"):
        folds_of(100, 700, folds=folds, purge=purge, embargo=0)


def test_a_grid_leaves_out_what_is_no_rule() -> None:
    grid = Grid(entry=(1.0, 2.0), exit=(0.5, 1.5), stop=(1.5, None))
    assert grid.levels.tolist() == [[1.0, 0.5, 1.5], [1.0, 0.5, np.inf], [2.0, 0.5, np.inf], [2.0, 1.5, np.inf]]
    assert len(Grid(z_window=(100, 200), hedge_window=(100, 200, 300))) == 6


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"entry": ()}, "entry has no value"),
        ({"exit": (-1.0,)}, "level -1.0 is out of range"),
        ({"entry": (0.5,), "exit": (1.0,)}, "no combination is left"),
    ],
)
def test_a_grid_without_rules_is_refused(values: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Grid(**values)


def test_ranges_hold_their_last_value() -> None:
    assert parse_values("1:3:0.25") == (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)
    assert parse_values("1:2:0.1")[3] == 1.3


@pytest.mark.parametrize("text", ["", "a", "1:2", "1:2:0", "2:1:0.5", "1:2:3:4"])
def test_values_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        parse_values(text)
