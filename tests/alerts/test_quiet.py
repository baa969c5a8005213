"""Quiet hours: spans of the day and of the week, past midnight too, by the clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.quiet import read_quiet, read_zone


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("hours", "when", "is_quiet"),
    [
        ("22:00-06:00", "2026-11-22T22:00", True),
        ("22:00-06:00", "2026-11-23T05:59", True),
        ("22:00-06:00", "2026-11-23T06:00", False),
        ("09:00-17:00", "2026-11-23T16:59", True),
        ("09:00-17:00", "2026-11-23T17:00", False),
        ("sat-sun", "2026-11-22T12:00", True),
        ("sat-sun", "2026-11-23T00:00", False),
        ("fri-mon", "2026-11-23T12:00", True),
        ("wed", "2026-11-25T00:00", True),
        # The night that begins on a Friday ends on Saturday morning; the one before a Monday began on Sunday.
        ("mon-fri 18:00-08:00", "2026-11-28T07:59", True),
        ("mon-fri 18:00-08:00", "2026-11-23T07:59", False),
        ("00:00-24:00", "2026-11-23T23:59", True),
    ],
)
def test_a_time_is_in_the_span_or_not(hours: str, when: str, is_quiet: bool) -> None:
    assert read_quiet(hours).holds(at(when)) is is_quiet


def test_the_clock_is_that_of_the_zone_in_winter_and_in_summer() -> None:
    hours = read_quiet("22:00-23:00")
    assert [hours.holds(at(when), "Europe/Berlin") for when in ("2026-01-05T21:30", "2026-07-05T21:30")] == [
        True,
        False,
    ]
    assert read_zone("UTC") == "UTC"
    with pytest.raises(RuleError, match="time zone 'Mars/Olympus' is not known"):
        read_zone("Mars/Olympus")


@pytest.mark.parametrize(
    "text", ["", "22-6", "22:00", "22:00-22:00", "25:00-26:00", "10:60-11:00", "someday", "sat-son"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        read_quiet(text)
