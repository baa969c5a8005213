"""Quiet hours: spans of the day, on some days of the week, in which nobody is to be notified.

They never touch EVENTS; whoever delivers asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from livepairs.alerts.mistake import RuleError
from livepairs.errors import did_you_mean

__all__ = ["QuietHours", "read_quiet", "read_zone"]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN: Final = re.compile(r"(?:([a-z]+)(?:-([a-z]+))?)?\s*(?:(\d\d):(\d\d)-(\d\d):(\d\d))?")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """One span: on ``days`` (0 is Monday) from minute ``start`` of the day to ``end``, past midnight if that is less.

    A span past midnight belongs to the day on which it begins.
    """

    days: frozenset[int]
    start: int
    end: int

    def holds(self, ts_us: int, zone: str = "UTC") -> bool:
        """Return whether a time, in microseconds since the epoch, is in the span by that zone's clock."""
        local = (_EPOCH + timedelta(microseconds=ts_us)).astimezone(_zone(zone))
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)


def read_quiet(text: str) -> QuietHours:
    """Read ``"22:00-06:00"``, ``"sat-sun"`` or ``"mon-fri 18:00-08:00"``.

    Raises
    ------
    RuleError
        If it is none of these.

    Examples
    --------
    >>> read_quiet("sat-sun").days == {5, 6}
    True
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or not text.strip():
        raise _refused(text)
    first, last, *times = found.groups()
    days = range(7) if first is None else _days(text, first, last or first)
    if times[0] is None:
        return QuietHours(frozenset(days), 0, DAY_MINUTES)
    start, end = (_minute(text, int(hour), int(minute)) for hour, minute in (times[:2], times[2:]))
    if start == end:
        raise _refused(text)
    return QuietHours(frozenset(days), start, end)


def read_zone(name: str) -> str:
    """Return the name of a time zone if there is one.

    Raises
    ------
    RuleError
        If this machine knows none of that name.
    """
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):
        raise RuleError(f"time zone {name!r} is not known; use a name such as UTC or Europe/Berlin") from None
    return name


def _zone(name: str) -> tzinfo:
    # A small container has no time zones at all, and needs none for this one.
    return UTC if name == "UTC" else ZoneInfo(name)


def _days(text: str, first: str, last: str) -> list[int]:
    for name in (first, last):
        if name not in DAYS:
            raise RuleError(f"{name!r} in {text!r} is no day{did_you_mean(name, DAYS)}; use {', '.join(DAYS)}")
    start = DAYS.index(first)
    return [(start + step) % 7 for step in range((DAYS.index(last) - start) % 7 + 1)]


def _minute(text: str, hour: int, minute: int) -> int:
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise _refused(text)
    return hour * 60 + minute


def _refused(text: str) -> RuleError:
    return RuleError(f"{text!r} are no quiet hours; write 22:00-06:00, sat-sun or mon-fri 18:00-08:00")
