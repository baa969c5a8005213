"""What is still to be told to whom: kept with the events, so that neither a kill nor a dead line loses a notification.

A row is written in the transaction that writes its event. Rows that go out together are bound into a bundle, which
keeps its name however often it is tried, so that whoever gets it twice can tell. A bundle that is taken is not given to
anybody else until its lease is over; if its taker is killed meanwhile it is due again then. That is at least once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, case, delete, func, select, update

from livepairs.stores.database import Database
from livepairs.stores.history_query import row_statement, rows_of
from livepairs.stores.history_rows import HistoryRow
from livepairs.stores.history_tables import deliveries

__all__ = ["Bundle", "ChannelCount", "DeadLetter", "Outbox"]

_WAITING: Final = deliveries.c.state == "waiting"
_DEAD: Final = deliveries.c.state == "dead"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Events that one channel is told together.

    Parameters
    ----------
    id
        The same at every attempt.
    attempts
        How often it has been tried before.
    tried_us
        Wall time of the first attempt; the present time at the first.
    events
        Oldest first.
    """

    id: str
    channel: str
    attempts: int
    tried_us: int
    events: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """How a channel stands: events waiting, sent (as far as that is still kept) and given up, and what went wrong last.

    ``sent_us`` is when something was delivered last, ``due_us`` when something is tried next; None if never.
    """

    channel: str
    waiting: int
    sent: int
    dead: int
    sent_us: int | None
    due_us: int | None
    error: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A bundle that was given up: its events, how often it was tried, until when, and what went wrong last."""

    bundle: str
    channel: str
    attempts: int
    given_up_us: int
    error: str
    events: tuple[HistoryRow, ...]


class Outbox:
    """The rows of ``livepairs_deliveries``. Thread-safe; every method may wait for the database.

    Parameters
    ----------
    database
        The one that the history is in.

    Raises
    ------
    HistoryError
        From every method, while the database is away.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def channels(self) -> tuple[str, ...]:
        """Return the channels that something waits for."""
        with self._database.connected() as connection:
            return tuple(connection.execute(select(deliveries.c.channel).where(_WAITING).distinct()).scalars())

    def oldest_fresh_us(self, channel: str, now_us: int) -> int | None:
        """Return since when the oldest event waits that may be told and is in no bundle yet; None without any."""
        fresh = select(func.min(deliveries.c.created_us)).where(*_fresh(channel, now_us))
        with self._database.connected() as connection:
            return connection.execute(fresh).scalar()

    def next_due_us(self, channel: str) -> int | None:
        """Return when the next of what waits may be tried; None if nothing waits."""
        with self._database.connected() as connection:
            return connection.execute(
                select(func.min(deliveries.c.due_us)).where(_WAITING, deliveries.c.channel == channel)
            ).scalar()

    def delivered_us(self, channel: str, since_us: int) -> list[int]:
        """Return when bundles were delivered since a time, oldest first."""
        sent = select(func.max(deliveries.c.done_us)).where(
            deliveries.c.channel == channel, deliveries.c.state == "sent", deliveries.c.done_us > since_us
        )
        with self._database.connected() as connection:
            return sorted(connection.execute(sent.group_by(deliveries.c.bundle)).scalars())

    def retake(self, channel: str, *, now_us: int, lease_us: int) -> Bundle | None:
        """Take the bundle that is due for another attempt longest; None if none is."""
        with self._database.connected() as connection:
            due = select(deliveries.c.bundle).where(
                _WAITING,
                deliveries.c.channel == channel,
                deliveries.c.bundle.is_not(None),
                deliveries.c.due_us <= now_us,
            )
            name = connection.execute(due.order_by(deliveries.c.due_us).limit(1)).scalar()
            return None if name is None else _take(connection, deliveries.c.bundle == name, name, now_us, lease_us)

    def take(self, channel: str, *, now_us: int, lease_us: int, limit: int) -> Bundle | None:
        """Bind the oldest events that are in no bundle yet into one and take it; None without any."""
        oldest = select(deliveries.c.id).where(*_fresh(channel, now_us)).order_by(deliveries.c.id).limit(limit)
        with self._database.connected() as connection:
            # In a statement of its own: within the update PostgreSQL may choose anew for each row, beyond the limit.
            ids = list(connection.execute(oldest.with_for_update(skip_locked=True)).scalars())
            still_fresh = deliveries.c.id.in_(ids) & deliveries.c.bundle.is_(None)
            return _take(connection, still_fresh, secrets.token_hex(12), now_us, lease_us)

    def delivered(self, bundle: Bundle, *, now_us: int) -> None:
        """Note that it has arrived."""
        self._close(bundle, state="sent", done_us=now_us, error="")

    def failed(self, bundle: Bundle, *, due_us: int, error: str) -> None:
        """Note that it has not, and when it is tried again."""
        self._close(bundle, state="waiting", due_us=due_us, error=error)

    def give_up(self, bundle: Bundle, *, now_us: int, error: str) -> None:
        """Note that it is not tried again unless somebody says so."""
        self._close(bundle, state="dead", done_us=now_us, error=error)

    def _close(self, bundle: Bundle, **values: object) -> None:
        # A taker whose lease ran out must not undo what another has noted since.
        theirs = deliveries.c.bundle == bundle.id, _WAITING, deliveries.c.attempts == bundle.attempts + 1
        with self._database.connected() as connection:
            connection.execute(update(deliveries).where(*theirs).values(**values))

    def dead_letters(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Return what was given up, the latest first."""
        with self._database.connected() as connection:
            found = connection.execute(
                select(
                    deliveries.c.bundle, deliveries.c.channel, func.max(deliveries.c.attempts),
                    func.max(deliveries.c.done_us), func.max(deliveries.c.error),
                )
                .where(_DEAD)
                .group_by(deliveries.c.bundle, deliveries.c.channel)
                .order_by(func.max(deliveries.c.done_us).desc())
                .limit(limit)
            ).all()  # fmt: skip
            return tuple(DeadLetter(*row, _events(connection, deliveries.c.bundle == row[0])) for row in found)

    def resend(self, bundles: Iterable[str], *, now_us: int) -> int:
        """Try given-up bundles again from the beginning; return how many events that are."""
        named = list(bundles)
        again = update(deliveries).where(_DEAD, deliveries.c.bundle.in_(named))
        values = {"state": "waiting", "attempts": 0, "first_tried_us": None, "due_us": now_us, "done_us": None}
        with self._database.connected() as connection:
            return int(connection.execute(again.values(**values)).rowcount)

    def counts(self) -> tuple[ChannelCount, ...]:
        """Return how every channel stands that was ever told something, in the order of their names."""
        state, waits = deliveries.c.state, case((_WAITING, deliveries.c.due_us))
        number = [func.count(case((state == name, 1))) for name in ("waiting", "sent", "dead")]
        last_sent = func.max(case((state == "sent", deliveries.c.done_us)))
        with self._database.connected() as connection:
            found = connection.execute(
                select(deliveries.c.channel, *number, last_sent, func.min(waits))
                .group_by(deliveries.c.channel)
                .order_by(deliveries.c.channel)
            ).all()
            return tuple(
                ChannelCount(channel, waiting, sent, dead, sent_us, due_us, _last_error(connection, channel))
                for channel, waiting, sent, dead, sent_us, due_us in found
            )

    def forget(self, *, before_us: int) -> int:
        """Remove what was delivered before a time; return how many events that were."""
        old = deliveries.c.state == "sent", deliveries.c.done_us < before_us
        with self._database.connected() as connection:
            return int(connection.execute(delete(deliveries).where(*old)).rowcount)


def _fresh(channel: str, now_us: int) -> tuple[ColumnElement[bool], ...]:
    return _WAITING, deliveries.c.channel == channel, deliveries.c.bundle.is_(None), deliveries.c.due_us <= now_us


def _take(connection: Connection, which: ColumnElement[bool], name: str, now_us: int, lease_us: int) -> Bundle | None:
    """Lease rows as one bundle; None if somebody else was quicker, which the update alone can tell."""
    leased = update(deliveries).where(which, _WAITING, deliveries.c.due_us <= now_us)
    tried = func.coalesce(deliveries.c.first_tried_us, now_us)
    attempts = deliveries.c.attempts + 1
    values: dict[str, Any] = {
        "bundle": name,
        "due_us": now_us + lease_us,
        "attempts": attempts,
        "first_tried_us": tried,
    }
    if not connection.execute(leased.values(**values)).rowcount:
        return None
    mine = deliveries.c.bundle == name
    channel, count, tried_us = connection.execute(
        select(deliveries.c.channel, deliveries.c.attempts, deliveries.c.first_tried_us).where(mine).limit(1)
    ).one()
    return Bundle(name, channel, count - 1, tried_us, _events(connection, mine))


def _events(connection: Connection, which: ColumnElement[bool]) -> tuple[HistoryRow, ...]:
    ids: Select[str] = select(deliveries.c.event.label("id")).where(which)
    return tuple(reversed(rows_of(connection.execute(row_statement(ids)))))


def _last_error(connection: Connection, channel: str) -> str:
    failed = select(deliveries.c.error).where(deliveries.c.channel == channel, deliveries.c.error != "")
    return connection.execute(failed.order_by(deliveries.c.due_us.desc()).limit(1)).scalar() or ""
