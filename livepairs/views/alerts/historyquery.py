"""What a visitor asks of history, and what comes back: read from and made into plain values. Pure but for the database.

Everything a browser sends is text and may be anything; what cannot be used is left out of the question.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from livepairs.stores.history_rows import Count, Cursor, HistoryPage, HistoryRow, Wanted

if TYPE_CHECKING:
    from livepairs.stores.history import History

__all__ = ["BINS", "FILTERS", "ROWS", "Answer", "Question", "Tally", "ask", "count", "read_filters"]

FILTERS: Final = ("pair", "rule", "level", "kind", "seen", "text", "from", "to", "until")
"""What can be asked for; ``seen`` is yes or no, ``until`` now or all."""

ROWS: Final = 100
"""Events of one page."""

BINS: Final = 120
"""Spans that counts over time are cut into, at most."""

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Question:
    """The filters, the event time the run is at, and the way down to the page wanted."""

    filters: Mapping[str, str] = field(default_factory=dict)
    now_us: int = 0
    after: Cursor | None = None

    @property
    def wanted(self) -> Wanted:
        """The filters as history takes them."""
        said = self.filters
        until_us = _time(said.get("to", ""))
        if said.get("until", "now") == "now" and self.now_us:
            until_us = min(until_us or self.now_us, self.now_us)
        return Wanted(
            pair=said.get("pair") or None,
            rule=said.get("rule") or None,
            level=said.get("level") or None,
            kind=said.get("kind") or None,
            start_us=_time(said.get("from", "")),
            end_us=until_us,
            is_acknowledged={"yes": True, "no": False}.get(said.get("seen", "")),
            text=said.get("text") or None,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of events."""

    question: Question
    page: HistoryPage

    @property
    def rows(self) -> tuple[HistoryRow, ...]:
        """The events of the page, newest first."""
        return self.page.rows


@dataclass(frozen=True, slots=True)
class Tally:
    """All that were asked for, counted over time, with how many nobody has seen to and what can be filtered by."""

    counts: tuple[Count, ...]
    first_us: int
    width_us: int
    bins: int
    names: Mapping[str, tuple[str, ...]]
    open_total: int


def read_filters(said: Mapping[str, object]) -> dict[str, str]:
    """Return the filters among what a browser sent, those that say something."""
    texts = {name: str(said[name]).strip()[:_LONGEST] for name in FILTERS if said.get(name)}
    return {name: text for name, text in texts.items() if text}


def ask(history: History, question: Question) -> Answer:
    """Return the page that is asked for; on a thread that may wait.

    Raises
    ------
    HistoryError
        If the database is away.
    """
    return Answer(question, history.page(question.wanted, after=question.after, limit=ROWS))


def count(history: History, question: Question) -> Tally:
    """Count all that a question asks for, of a million events longer than one waits for a page; else as ``ask``."""
    wanted = question.wanted
    newest = history.page(wanted, limit=1)
    counts = history.counts(wanted, bins=BINS) if newest.rows else ()
    first_us, width_us, bins = _spans(wanted, counts, newest)
    unseen = history.page(replace(wanted, kind="fired", is_acknowledged=False), limit=1)
    return Tally(counts, first_us, width_us, bins, history.names(), unseen.total or 0)


def _spans(wanted: Wanted, counts: tuple[Count, ...], newest: HistoryPage) -> tuple[int, int, int]:
    """Return start, length and number of the spans that history has counted in."""
    if not counts:
        return 0, 0, 0
    start_us = counts[0].start_us if wanted.start_us is None else wanted.start_us
    end_us = newest.rows[0].ts_us + 1 if wanted.end_us is None else wanted.end_us
    width_us = max(1, math.ceil((end_us - start_us) / BINS))
    return start_us, width_us, math.ceil((end_us - start_us) / width_us)


def _time(text: str) -> int | None:
    """Read a time in UTC as a browser's field writes it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return round(at.timestamp() * 1e6)
