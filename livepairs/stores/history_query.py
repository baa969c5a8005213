"""How history is asked: conditions, the statement of a page, and its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, or_, select, tuple_

from livepairs.stores.history_rows import Acknowledged, Cursor, HistoryRow, Origin, Wanted
from livepairs.stores.history_tables import events, origins

__all__ = ["distinct", "matching", "page_rows", "page_statement"]

_FIRST, _RECORDED = origins.alias("first"), origins.alias("recorded")
_EVENT = [events.c[name] for name in ("id", "ts_us", "rule", "subject", "kind", "level", "value", "message")]
_SEEN = [events.c[name] for name in ("acknowledged_us", "acknowledged_by", "note")]
_ORIGIN = ("run_kind", "source", "recording", "digest", "interval", "params", "rule_version")


def matching(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions that an event which is asked for fulfils."""
    exact = {"subject": wanted.pair, "rule": wanted.rule, "level": wanted.level, "kind": wanted.kind}
    conditions: list[ColumnElement[bool]] = [
        events.c[name] == value for name, value in exact.items() if value is not None
    ]
    if wanted.start_us is not None:
        conditions.append(events.c.ts_us >= wanted.start_us)
    if wanted.end_us is not None:
        conditions.append(events.c.ts_us < wanted.end_us)
    if wanted.is_acknowledged is not None:
        is_open = events.c.acknowledged_us.is_(None)
        conditions.append(~is_open if wanted.is_acknowledged else is_open)
    if wanted.run_kind is not None:
        kinds = select(origins.c.key).where(origins.c.run_kind == wanted.run_kind)
        conditions.append(events.c.origin.in_(kinds))
    if wanted.text:
        searched = (events.c.message, events.c.subject, events.c.rule, events.c.note)
        conditions.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in searched)))
    return conditions


def page_statement(
    wanted: Wanted, *, limit: int, after: Cursor | None = None, only: str | None = None
) -> Select[Any]:  # Any: the columns, which page_rows takes apart
    """Return what asks for the newest events that are wanted, below a cursor; or for one of them."""
    place = tuple_(events.c.ts_us, events.c.id)
    chosen = select(events.c.id).where(*matching(wanted))
    if after is not None:
        chosen = chosen.where(place < (after.ts_us, after.id))
    if only is not None:
        chosen = chosen.where(events.c.id == only)
    # Chosen first and joined after: the origins of a hundred rows, not of all that fulfil the conditions.
    ids = chosen.order_by(events.c.ts_us.desc(), events.c.id.desc()).limit(limit).subquery()
    return (
        select(*_EVENT, *_SEEN, *(_FIRST.c[name] for name in _ORIGIN), *(_RECORDED.c[name] for name in _ORIGIN))
        .select_from(events)
        .join(ids, events.c.id == ids.c.id)
        .join(_FIRST, events.c.origin == _FIRST.c.key)
        .outerjoin(_RECORDED, events.c.recorded == _RECORDED.c.key)
        .order_by(events.c.ts_us.desc(), events.c.id.desc())
    )


def page_rows(found: Iterable[Row[Any]]) -> list[HistoryRow]:
    """Return what ``page_statement`` has found."""
    return [_row(tuple(row)) for row in found]


def _row(values: tuple[Any, ...]) -> HistoryRow:  # Any: columns of several types, as the driver gives them
    event, seen, origins_found = values[:8], values[8:11], values[11:]
    first, recorded = origins_found[: len(_ORIGIN)], origins_found[len(_ORIGIN) :]
    at_us, who, note = seen
    named = dict(zip((column.name for column in _EVENT), event, strict=True))
    named["value"] = math.nan if named["value"] is None else named["value"]
    return HistoryRow(
        **named,
        origin=_origin(first),
        recorded=None if recorded[0] is None else _origin(recorded),
        acknowledged=None if at_us is None else Acknowledged(at_us, who or "", note or ""),
    )


def _origin(values: tuple[Any, ...]) -> Origin:
    return Origin(**dict(zip(_ORIGIN, values, strict=True)))


def distinct(connection: Connection, column: Column[str]) -> tuple[str, ...]:
    """Return what occurs in an indexed column, in order: one look into the index for each, not one for each row."""
    least = select(func.min(column).label("value")).cte("seen", recursive=True)
    following = select(func.min(column)).where(column > least.c.value).scalar_subquery()
    seen = least.union_all(select(following).where(least.c.value.is_not(None)))
    found = connection.execute(select(seen.c.value).where(seen.c.value.is_not(None)).order_by(seen.c.value))
    return tuple(found.scalars())
