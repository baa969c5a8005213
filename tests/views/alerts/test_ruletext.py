"""Small changes to a rules file: what is asked is changed, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.alerts.reading import read_rules
from livepairs.alerts.rule import Rule
from livepairs.views.alerts.ruletext import dials_of, line_of, with_armed, with_number

TEXT = """\
# mine
[[rule]]
name = "far"  # the first
when = "abs(z) >= 2 and corr > 0.50"
clear = 'abs(z) <= 0.5'

[[rule]]
name = "broken"
when = "coint_p > 0.1"
armed = false
"""


@settings(max_examples=30, deadline=None)
@given(value=st.floats(0, 1e5), place=st.integers(0, 2))
def test_a_moved_number_is_read_back_and_all_else_stays(value: float, place: int) -> None:
    dial = dials_of(read_rules(TEXT).rules[0])[place]
    moved = with_number(TEXT, 0, dial, value)
    assert moved is not None
    assert dials_of(read_rules(moved).rules[0])[place].value == float(f"{value:.6g}")
    changed = [(old, new) for old, new in zip(TEXT.splitlines(), moved.splitlines(), strict=True) if old != new]
    assert all(old.startswith(dial.key) for old, _ in changed)
    assert len(changed) <= 1


def test_each_number_has_its_clause_and_a_span_around_it() -> None:
    first, second, third = dials_of(read_rules(TEXT).rules[0])
    assert (first.key, first.label, first.value, first.most) == ("when", "abs(z) >= 2", 2.0, 5.0)
    assert (second.label, second.value, second.most) == ("corr > 0.50", 0.5, 1.0)
    assert (third.key, third.place, third.label) == ("clear", 0, "abs(z) <= 0.5")
    assert dials_of(Rule(name="r", when="z > 0"))[0].most == 1.0


@pytest.mark.parametrize(("number", "is_armed"), [(0, False), (0, True), (1, True), (1, False)])
def test_a_rule_is_armed_and_disarmed_in_its_place(number: int, is_armed: bool) -> None:
    text = with_armed(TEXT, number, is_armed=is_armed)
    assert text is not None
    armed = [rule.is_armed for rule in read_rules(text).rules]
    assert armed[number] is is_armed
    assert armed[1 - number] is [True, False][1 - number]
    assert "# the first" in text


def test_what_is_not_written_plainly_is_left_alone() -> None:
    escaped = TEXT.replace("abs(z) >= 2", "abs(z) >=\\t2")
    dial = dials_of(read_rules(escaped).rules[0])[0]
    assert with_number(escaped, 0, dial, 3.0) is None
    assert with_armed("rule = [{name = 'a', when = 'z > 1'}]", 0, is_armed=False) is None


def test_the_line_of_a_rule_is_that_of_its_name() -> None:
    assert (line_of(TEXT, 0), line_of(TEXT, 1), line_of(TEXT, 7)) == (3, 8, 1)
