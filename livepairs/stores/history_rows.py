"""What is asked of the history of events, and what it answers: values that any thread may keep."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

from livepairs.errors import ConfigError

__all__ = ["Acknowledged", "Count", "Cursor", "HistoryPage", "HistoryRow", "Keep", "Origin", "Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where events came from.

    Parameters
    ----------
    run_kind
        Whether the market said so now, or a recording did.
    source
        What the run was opened on, as its label says.
    recording, digest
        Name and identity of the recording that was played, or that a live run was being recorded into; empty where
        there is none, the digest also while the recording is being made.
    interval
        Length of the bars, as ``1s``.
    params
        The rest of what decides the numbers (pairs, windows, grace, whether healed), as JSON with sorted keys.
    rule_version, rules
        Version of the rules, and their text, which is kept once for each version.
    """

    run_kind: Literal["live", "replay"]
    source: str
    recording: str = ""
    digest: str = ""
    interval: str = "1s"
    params: str = "{}"
    rule_version: str = ""
    rules: str = ""

    @property
    def is_replayable(self) -> bool:
        """Whether it is a finished recording, which shows the event again."""
        return bool(self.recording and self.digest)

    @property
    def key(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of all but the text of the rules."""
        named = (self.run_kind, self.source, self.recording, self.digest)
        parts = (*named, self.interval, self.params, self.rule_version)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are asked for; None of a field means any.

    Parameters
    ----------
    pair, rule, level, kind
        Exactly this subject, rule, level (``info``, ``warning``, ``critical``) or kind (``fired``, ``cleared``).
    start_us, end_us
        Bar time, start inclusive, end exclusive.
    is_acknowledged
        Whether somebody has acknowledged it.
    run_kind
        Where it was first seen.
    text
        Part of the message, the pair, the rule or the note, in any case of letters.
    """

    pair: str | None = None
    rule: str | None = None
    level: str | None = None
    kind: str | None = None
    start_us: int | None = None
    end_us: int | None = None
    is_acknowledged: bool | None = None
    run_kind: Literal["live", "replay"] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far down a page reaches: the last row it shows. Its text form is for addresses."""

    ts_us: int
    id: str

    def __str__(self) -> str:
        return f"{self.ts_us}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read what ``str`` wrote.

        Raises
        ------
        ConfigError
            If it is anything else.

        Examples
        --------
        >>> Cursor.parse("1764000000000000-00ff00ff00ff00ff").ts_us
        1764000000000000
        """
        time, dash, name = text.partition("-")
        if not dash or not time.isascii() or not time.isdigit() or len(time) > 17 or not name.isalnum():
            raise ConfigError(f"cursor {text!r} is not one of ours; leave it out to begin with the newest event")
        return cls(int(time), name)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has seen to an event, when, and what they noted."""

    at_us: int
    who: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One event as it is kept.

    Parameters
    ----------
    id, ts_us, rule, subject, kind, level, value, message
        As in EVENTS; ``value`` is NaN where there is none.
    origin
        Where it was seen first.
    recorded
        The first recording it can be replayed from: ``origin`` itself, or a later one; None where there is none.
    acknowledged
        None while nobody has acknowledged it.
    """

    id: str
    ts_us: int
    rule: str
    subject: str
    kind: str
    level: str
    value: float
    message: str
    origin: Origin
    recorded: Origin | None
    acknowledged: Acknowledged | None

    @property
    def has_value(self) -> bool:
        """Whether the rule compared a number."""
        return not math.isnan(self.value)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of history, newest first.

    Parameters
    ----------
    rows
        At most as many as were asked for.
    next
        What to ask for the page below; None on the last one.
    total
        How many events are wanted in all, counted no further than ``history.COUNTED`` + 1; None on a page below the
        first, and where a text is looked for.
    is_cut
        A text was looked for, and enough events looked through for once; ``next`` looks on where this stopped.
    """

    rows: tuple[HistoryRow, ...]
    next: Cursor | None
    total: int | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many events of a level fired and cleared in a span that begins at ``start_us``."""

    start_us: int
    level: str
    fired: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What may stay: events at most this old, and at most this many, the newest; None means any."""

    age_us: int | None = None
    rows: int | None = None
