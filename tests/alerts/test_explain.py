"""Why a rule fires: clauses, inputs and the window, counted by hand."""

from __future__ import annotations

import math

import numpy as np

from livepairs.alerts.explain import LOOK_BACK, WINDOW, explain
from livepairs.alerts.rule import Rule

NAN = math.nan


def test_each_clause_is_true_false_or_unknown_by_itself() -> None:
    rule = Rule(name="all", when="abs(z) >= 2 and (corr > 0.5 or half_life < 30)", clear="abs(z) <= 0.5")
    columns = {"z": np.array([0.1, 2.5]), "corr": np.array([0.9, 0.2]), "half_life": np.array([10.0, NAN])}
    said = explain(rule, columns, 1)
    assert [clause.truth for clause in said.when.clauses] == [True, False, None]
    assert said.when.truth is None
    assert not said.is_met
    assert said.when.clauses[0].inputs == (("z", 2.5, 0.1),)
    assert said.clear is not None
    assert (said.clear.truth, said.clear.history) == (False, (True, False))


def test_what_crosses_is_judged_against_the_bar_before() -> None:
    rule = Rule(name="turn", when="crosses(z, 2)")
    z = {"z": np.array([1.0, 2.5, 2.6])}
    assert explain(rule, z, 1).when.truth is True
    assert explain(rule, z, 2).when.truth is False
    assert explain(rule, z, 0).when.truth is None


def test_a_rule_that_must_hold_is_met_when_it_has_held_so_long() -> None:
    rule = Rule(name="long", when="abs(z) >= 2", for_bars=3)
    z = {"z": np.array([2.1, 0.0, 2.1, 2.2, -2.3, 2.4])}
    assert [explain(rule, z, row).is_met for row in range(6)] == [False, False, False, False, True, True]
    assert explain(rule, z, 4).when.held == 3


def test_the_window_ends_with_the_bar_and_knows_nothing_after_it() -> None:
    rule = Rule(name="far", when="abs(z) >= 2")
    z = np.linspace(0.0, 3.0, 500)
    said, cut = explain(rule, {"z": z}, 400), explain(rule, {"z": z[:401]}, 400)
    assert said == cut
    assert said.bars == tuple(range(401 - WINDOW, 401))
    assert said.window["z"] == tuple(z[401 - WINDOW : 401].tolist())


def test_what_has_always_been_so_is_counted_as_far_as_one_looks() -> None:
    said = explain(Rule(name="far", when="abs(z) >= 2"), {"z": np.full(5_000, 2.5)}, 4_999)
    assert said.when.held == LOOK_BACK + 1
