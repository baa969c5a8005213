"""What is said when a recording does not replay to what was live, and the rules that say it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livepairs.alerts.machine import RuleMachine
from livepairs.alerts.mistake import RuleError
from livepairs.alerts.parity import parity_events
from livepairs.alerts.reading import read_rules
from livepairs.schema import Pair
from tests.alerts.rows import pair_rows

FINDING = "pairs row 7 differs"


def said(text: str, recording: str = "tuesday") -> list[tuple[str, str, str]]:
    found = parity_events(read_rules(text), recording, ts_us=5, finding=FINDING)
    return [(event.rule, event.level, event.message) for event, _ in found]


def test_it_is_said_though_no_rule_asks_for_it() -> None:
    expected = [("parity lost", "critical", "tuesday: pairs row 7 differs")]
    assert said('[[rule]]\nname = "z"\nwhen = "abs(z) > 2"\n') == expected
    assert said('[[rule]]\nname = "other"\nrecordings = ["monday*"]\nwhen = "parity_lost"\n') == expected


def test_a_rule_of_recordings_says_it_in_its_own_words_and_level() -> None:
    rule = '[[rule]]\nname = "proof"\nrecordings = ["tues*"]\nwhen = "parity_lost"\nlevel = "info"\n'
    assert said(rule) == [("proof", "info", "tuesday: pairs row 7 differs")]
    assert said(rule + 'message = "look at {subject}"\n') == [("proof", "info", "look at tuesday: pairs row 7 differs")]
    assert said(rule + "armed = false\n") == []


def test_the_same_finding_has_the_same_id_and_another_has_another() -> None:
    rules = read_rules("")
    (one, _), (again, _), (other, _) = (
        parity_events(rules, "tuesday", ts_us=5, finding=finding)[0] for finding in (FINDING, FINDING, "bars row 1")
    )
    assert one.id == again.id != other.id


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('when = "parity_lost"', "'parity_lost' is of recordings; give the rule recordings"),
        ('when = "parity_lost"\nsymbols = ["*"]', "'parity_lost' is of recordings"),
        ('when = "abs(z) > 2"\nrecordings = ["*"]', "a rule of recordings has no 'z', which is a pair's"),
        ('when = "gap_open"\nrecordings = ["*"]', "a rule of recordings has no 'gap_open', which is the feed's"),
        ('when = "parity_lost"\nrecordings = ["*"]\npairs = ["*"]', "watches pairs, symbols or recordings"),
        ('when = "parity_lost"\nrecordings = ["*"]\nfor_bars = 3', "speaks once for each check"),
        ('when = "parity_lost"\nrecordings = ["*"]\ncooldown = "5m"', "speaks once for each check"),
    ],
)
def test_what_has_no_meaning_without_bars_is_refused(lines: str, problem: str) -> None:
    with pytest.raises(RuleError, match=problem):
        read_rules(f'[[rule]]\nname = "x"\n{lines}\n')


def test_the_rule_machine_leaves_rules_of_recordings_alone() -> None:
    rules = read_rules('[[rule]]\nname = "proof"\nrecordings = ["*"]\nwhen = "parity_lost"\n')
    assert RuleMachine(rules, [Pair("Y", "X")]).update(pair_rows({"z": [1.0, 2.0]})).num_rows == 0
    assert not rules.needs_feed


def test_the_documents_example_is_a_rules_file() -> None:
    document = (Path(__file__).resolve().parents[2] / "docs" / "feed-alerts.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    (rule,) = read_rules(example).rules
    assert (rule.recordings, rule.notify) == (("*",), ("desk",))
