"""Counting events over time: from an index alone where the question allows it, else row by row."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Final

from sqlalchemy import BigInteger, Connection, cast, func, literal, select

from livepairs.stores.history_query import matching, says, searched
from livepairs.stores.history_rows import Count, Wanted
from livepairs.stores.history_tables import events

__all__ = ["count_events"]

LEVELS: Final = ("info", "warning", "critical")
KINDS: Final = ("fired", "cleared")
RUN_KINDS: Final = ("live", "replay")

Tally = Counter[tuple[int, str, str]]
"""Events by number of the span, level and kind."""


def count_events(connection: Connection, wanted: Wanted, bins: int) -> tuple[Count, ...]:
    """Count events by level in ``bins`` spans of one length; see ``History.counts``."""
    span = _span(connection, wanted)
    if span is None:
        return ()
    start_us = span[0] if wanted.start_us is None else wanted.start_us
    end_us = span[1] + 1 if wanted.end_us is None else wanted.end_us
    width_us = max(1, math.ceil((end_us - start_us) / bins))
    spans = _Spans(start_us, width_us, math.ceil((end_us - start_us) / width_us))
    found = _counted(connection, replace(wanted, start_us=start_us, end_us=end_us), spans)
    places = sorted({(number, level) for (number, level, _), count in found.items() if count})
    return tuple(
        Count(start_us + number * width_us, level, *(found[number, level, kind] for kind in KINDS))
        for number, level in places
    )


def _span(connection: Connection, wanted: Wanted) -> tuple[int, int] | None:
    place = select(events.c.ts_us).where(*matching(wanted)).limit(1)
    first = connection.execute(place.order_by(events.c.ts_us, events.c.id)).scalar()
    if first is None:
        return None
    return first, connection.execute(place.order_by(events.c.ts_us.desc(), events.c.id.desc())).scalar_one()


class _Spans:
    """Spans of time of one length, side by side."""

    def __init__(self, start_us: int, width_us: int, count: int) -> None:
        self.start_us, self.width_us, self.count = start_us, width_us, count


def _counted(connection: Connection, wanted: Wanted, spans: _Spans) -> Tally:
    if wanted.pair is not None or wanted.rule is not None or wanted.text:
        return _row_by_row(connection, wanted, spans)
    if wanted.is_acknowledged is None:
        return _by_index(connection, wanted, spans)
    seen = _row_by_row(connection, replace(wanted, is_acknowledged=True), spans)
    if wanted.is_acknowledged:
        return seen
    # Most are open as a rule, and there is no index of what is open: all, less what somebody has seen to.
    return _by_index(connection, replace(wanted, is_acknowledged=None), spans) - seen


def _by_index(connection: Connection, wanted: Wanted, spans: _Spans) -> Tally:
    start = select(cast(literal(spans.start_us), BigInteger).label("us")).cte("starts", recursive=True)
    last_us = spans.start_us + (spans.count - 1) * spans.width_us
    start = start.union_all(select(start.c.us + spans.width_us).where(start.c.us < last_us))
    levels = LEVELS if wanted.level is None else (wanted.level,)
    kinds = KINDS if wanted.kind is None else (wanted.kind,)
    runs = RUN_KINDS if wanted.run_kind is None else (wanted.run_kind,)
    wholes = list(product(levels, kinds, runs))
    since, until = events.c.ts_us >= start.c.us, events.c.ts_us < start.c.us + spans.width_us
    every = select(func.count()).select_from(events).where(since, until, events.c.ts_us < wanted.end_us)
    counts = [
        every.where(events.c.level == level, events.c.kind == kind, events.c.run_kind == run_kind).scalar_subquery()
        for level, kind, run_kind in wholes
    ]
    tally: Tally = Counter()
    for us, *found in connection.execute(select(start.c.us, *counts)):
        for (level, kind, _), count in zip(wholes, found, strict=True):
            tally[(us - spans.start_us) // spans.width_us, level, kind] += count
    return tally


def _row_by_row(connection: Connection, wanted: Wanted, spans: _Spans) -> Tally:
    conditions = matching(wanted)
    rows = searched(conditions) if wanted.text else events
    asked = [says(rows, wanted.text)] if wanted.text else conditions
    number = (rows.c.ts_us - spans.start_us) // spans.width_us
    key = (number, rows.c.level, rows.c.kind)
    found = connection.execute(select(*key, func.count()).where(*asked).group_by(*key))
    return Counter({(int(place), level, kind): count for place, level, kind, count in found})
