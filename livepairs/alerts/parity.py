"""What is said when a recording does not replay to what was live; pure.

It is no part of EVENTS, for no bar makes it. Its id is computed all the same, so that two servers that check one
recording, or one that checks it twice, say the same thing once.
"""

from __future__ import annotations

from typing import Final

from livepairs.alerts.event import FIRED, Event
from livepairs.alerts.rule import Rule, RuleSet

__all__ = ["RULE_NAME", "parity_events"]

RULE_NAME: Final = "parity lost"
"""What the event carries where no rule of recordings is written: nobody should have to ask for it."""

LEVEL: Final = "critical"


def parity_events(rules: RuleSet, recording: str, *, ts_us: int, finding: str) -> list[tuple[Event, Rule | None]]:
    """Return what is to be said of a recording, each with the rule that says it; None for the one that needs no rule.

    Parameters
    ----------
    rules
        Those in force. Each armed rule of recordings that watches this one says it; where none is written for it, not
        even one that is not armed, it is said all the same, as critical.
    recording
        Its name.
    ts_us
        Bar time of the first row that differs, or the end of the recording.
    finding
        What the check has found, in words.

    Examples
    --------
    >>> (event, rule), = parity_events(RuleSet(rules=()), "tuesday", ts_us=0, finding="pairs row 7 differs")
    >>> event.rule, event.level, event.message, rule
    ('parity lost', 'critical', 'tuesday: pairs row 7 differs', None)
    """
    watching = [rule for rule in rules.rules if rule.recordings and rule.watches(recording)]
    if not watching:
        return [(_event(RULE_NAME, LEVEL, recording, ts_us, f"{recording}: {finding}"), None)]
    return [
        (_event(rule.name, rule.level, recording, ts_us, f"{_words(rule, recording)}: {finding}"), rule)
        for rule in watching
        if rule.is_armed
    ]


def _words(rule: Rule, recording: str) -> str:
    texts = dict.fromkeys(("pair", "symbol", "subject"), recording)
    if not rule.message:
        return recording
    return rule.template(is_fired=True).fill({**texts, "rule": rule.name, "level": rule.level}, {"parity_lost": 1.0})


def _event(rule: str, level: str, recording: str, ts_us: int, message: str) -> Event:
    return Event(ts_us, rule, recording, FIRED, level, float("nan"), message)
