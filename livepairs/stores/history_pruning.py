"""Old events go, a few thousand at a time, so that the writer of new ones never waits long."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, select, tuple_

from livepairs.stores.database import Database
from livepairs.stores.history_rows import Keep
from livepairs.stores.history_tables import deliveries, events

__all__ = ["prune"]

STEP: Final = 5_000

_IS_AWAITED = exists().where(deliveries.c.event == events.c.id, deliveries.c.state == "waiting")


def prune(database: Database, keep: Keep, *, now_us: int) -> int:
    """Remove events beyond the age or the number that may stay, oldest first, and what is known of their delivery.

    An event that is still to be told to somebody stays.

    Raises
    ------
    HistoryError
        If the database is away; what was removed until then is removed.
    """
    removed = 0
    while step := _step(database, keep, now_us):
        removed += step
    return removed


def _step(database: Database, keep: Keep, now_us: int) -> int:
    oldest = events.c.ts_us, events.c.id
    with database.connected() as connection:
        may_go: list[ColumnElement[bool]] = []
        if keep.age_us is not None:
            # By both times: of a recording made long ago everything would go as soon as it has been replayed.
            until_us = now_us - keep.age_us
            may_go.append(and_(events.c.ts_us < until_us, events.c.stored_us < until_us))
        if keep.rows is not None:
            newest = select(*oldest).order_by(*(column.desc() for column in oldest)).offset(keep.rows).limit(1)
            surplus = connection.execute(newest).one_or_none()
            if surplus is not None:
                may_go.append(tuple_(*oldest) <= tuple(surplus))
        for condition in may_go:
            going = select(events.c.id).where(condition, ~_IS_AWAITED).order_by(*oldest).limit(STEP)
            ids = list(connection.execute(going).scalars())
            if ids:
                connection.execute(delete(deliveries).where(deliveries.c.event.in_(ids)))
                return int(connection.execute(delete(events).where(events.c.id.in_(ids))).rowcount)
    return 0
