"""How history is asked: conditions, the statements of a page and of counts, and a page's rows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    func,
    or_,
    select,
    tuple_,
)

from livepairs.stores.history_rows import Acknowledged, Cursor, HistoryRow, Origin, Wanted
from livepairs.stores.history_tables import events, names, origins

__all__ = ["chosen_ids", "distinct", "last_searched", "matching", "row_statement", "rows_of", "says", "searched"]

SEARCHED: Final = 50_000
"""Events that a search for text looks through at once, newest first; no index helps to find a part of a message."""

_FIRST, _RECORDED = origins.alias("first"), origins.alias("recorded")
_RULE, _SUBJECT = names.alias("rule_names"), names.alias("subject_names")
_EVENT: Final = ("id", "ts_us", "kind", "level", "value", "message")
_SEEN: Final = ("acknowledged_us", "acknowledged_by", "note")
_ORIGIN: Final = ("run_kind", "source", "recording", "digest", "interval", "params", "rule_version")
_PLACE: Final = tuple_(events.c.ts_us, events.c.id)
_NEWEST_FIRST: Final = (events.c.ts_us.desc(), events.c.id.desc())


def matching(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions that an event which is asked for fulfils, all but the text."""
    named = {events.c.subject: wanted.pair, events.c.rule: wanted.rule}
    conditions: list[ColumnElement[bool]] = [
        column == select(names.c.id).where(names.c.text == text).scalar_subquery()
        for column, text in named.items()
        if text is not None
    ]
    exact = {events.c.level: wanted.level, events.c.kind: wanted.kind, events.c.run_kind: wanted.run_kind}
    conditions += [column == value for column, value in exact.items() if value is not None]
    if wanted.start_us is not None:
        conditions.append(events.c.ts_us >= wanted.start_us)
    if wanted.end_us is not None:
        conditions.append(events.c.ts_us < wanted.end_us)
    if wanted.is_acknowledged is not None:
        is_open = events.c.acknowledged_us.is_(None)
        conditions.append(events.c.acknowledged_us.is_not(None) if wanted.is_acknowledged else is_open)
    return conditions


def chosen_ids(wanted: Wanted, *, after: Cursor | None, limit: int) -> Select[str]:
    """Return what asks for the ids of the newest events that are wanted, below a cursor."""
    conditions = matching(wanted)
    if after is not None:
        conditions.append((after.ts_us, after.id) > _PLACE)
    if not wanted.text:
        return select(events.c.id).where(*conditions).order_by(*_NEWEST_FIRST).limit(limit)
    near = searched(conditions)
    found = select(near.c.id).where(says(near, wanted.text))
    return found.order_by(near.c.ts_us.desc(), near.c.id.desc()).limit(limit)


def searched(conditions: list[ColumnElement[bool]]) -> Subquery:
    """Return the newest events that fulfil the conditions, as many as a search for text looks through."""
    return select(events).where(*conditions).order_by(*_NEWEST_FIRST).limit(SEARCHED).subquery("near")


def says(near: FromClause, text: str) -> ColumnElement[bool]:
    """Return the condition that a text stands in the message, the note, or the name of the pair or the rule."""
    called = select(names.c.id).where(names.c.text.icontains(text, autoescape=True))
    said = [near.c[name].icontains(text, autoescape=True) for name in ("message", "note")]
    return or_(near.c.subject.in_(called), near.c.rule.in_(called), *said)


def last_searched(wanted: Wanted, *, after: Cursor | None) -> Select[int, str]:
    """Return what asks for the place where a search for text stopped; for none if it came to the end."""
    conditions = matching(wanted)
    if after is not None:
        conditions.append((after.ts_us, after.id) > _PLACE)
    every = select(events.c.ts_us, events.c.id).where(*conditions).order_by(*_NEWEST_FIRST)
    return every.offset(SEARCHED - 1).limit(1)


def row_statement(ids: Select[str]) -> Select[Any]:  # Any: the columns, which rows_of takes apart
    """Return what asks for whole rows, newest first."""
    # Chosen first and joined after: the names and origins of a hundred rows, not of all that fulfil the conditions.
    chosen = ids.subquery("chosen")
    columns = [*(events.c[name] for name in _EVENT), _RULE.c.text, _SUBJECT.c.text, *(events.c[name] for name in _SEEN)]
    return (
        select(*columns, *(_FIRST.c[name] for name in _ORIGIN), *(_RECORDED.c[name] for name in _ORIGIN))
        .select_from(events)
        .join(chosen, events.c.id == chosen.c.id)
        .join(_RULE, events.c.rule == _RULE.c.id)
        .join(_SUBJECT, events.c.subject == _SUBJECT.c.id)
        .join(_FIRST, events.c.origin == _FIRST.c.key)
        .outerjoin(_RECORDED, events.c.recorded == _RECORDED.c.key)
        .order_by(*_NEWEST_FIRST)
    )


def rows_of(found: Iterable[Row[Any]]) -> list[HistoryRow]:
    """Return what ``row_statement`` has found."""
    return [_row(tuple(row)) for row in found]


def _row(values: tuple[Any, ...]) -> HistoryRow:  # Any: columns of several types, as the driver gives them
    event = dict(zip((*_EVENT, "rule", "subject"), values[:8], strict=True))
    event["value"] = math.nan if event["value"] is None else event["value"]
    at_us, who, note = values[8:11]
    first, recorded = values[11 : 11 + len(_ORIGIN)], values[11 + len(_ORIGIN) :]
    return HistoryRow(
        **event,
        origin=_origin(first),
        recorded=None if recorded[0] is None else _origin(recorded),
        acknowledged=None if at_us is None else Acknowledged(at_us, who or "", note or ""),
    )


def _origin(values: tuple[Any, ...]) -> Origin:
    return Origin(**dict(zip(_ORIGIN, values, strict=True)))


def distinct(connection: Connection, column: Column[Any]) -> tuple[str, ...]:
    """Return the names that occur in an indexed column: a look into the index for each name, not for each row."""
    least = select(func.min(column).label("value")).cte("seen", recursive=True)
    following = select(func.min(column)).where(column > least.c.value).scalar_subquery()
    seen = least.union_all(select(following).where(least.c.value.is_not(None)))
    return tuple(connection.execute(select(names.c.text).join(seen, names.c.id == seen.c.value)).scalars())
