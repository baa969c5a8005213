"""The history of events: every one once, with where it came from, who acknowledged it, and what is still to be told.

Everything here may wait for a disk or a network, so it belongs on a thread that may. What ``add`` has returned for is
on disk: a page that shows history shows nothing that a kill could take back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, Insert, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from livepairs.errors import ConfigError
from livepairs.schema import EVENTS, check
from livepairs.stores.database import Database
from livepairs.stores.history_counts import count_events
from livepairs.stores.history_pruning import prune
from livepairs.stores.history_query import chosen_ids, distinct, last_searched, matching, row_statement, rows_of
from livepairs.stores.history_rows import Count, Cursor, HistoryPage, HistoryRow, Keep, Origin, Wanted
from livepairs.stores.history_tables import deliveries, events, names, origins, rulesets

__all__ = ["COUNTED", "MOST_ROWS", "History"]

COUNTED: Final = 10_000
"""Events counted at most for a page's total: nobody reads on to a number beyond, so say "more than"."""

MOST_ROWS: Final = 10_000
"""Rows of one page at most."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MOST_BINS: Final = 2_000
NOTE_LENGTH: Final = 2_000
WHO_LENGTH: Final = 200


class History:
    """Events in a database. Thread-safe.

    Parameters
    ----------
    url
        See ``Database``.

    Raises
    ------
    ConfigError
        If the URL cannot be used. Whether the database answers shows with the first call: every other method raises
        ``HistoryError`` while it does not.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        made = sqlite.insert if self.database.is_sqlite else postgresql.insert
        self._add_events = _once(made, events)
        self._add_origin = _once(made, origins)
        self._add_name = _once(made, names)
        self._add_rules = _once(made, rulesets)
        self._add_delivery = _once(made, deliveries)

    @property
    def name(self) -> str:
        """What to call it on a page."""
        return self.database.name

    def add(
        self, batch: pa.RecordBatch, origin: Origin, *, now_us: int, to: Mapping[str, Sequence[str]] | None = None
    ) -> int:
        """Keep events, and in the same transaction what is to be told of them; return how many were new.

        Parameters
        ----------
        batch
            EVENTS rows. A row whose id is known changes nothing, except that a first recording it can be replayed from
            is noted.
        origin
            Where they came from.
        now_us
            Wall time.
        to
            Names of channels by event id; each event goes to each channel once, however often it is added.
        """
        rows = check(batch, EVENTS).to_pylist()
        if not rows:
            return 0
        with self.database.connected() as connection:
            self._add_origins(connection, origin)
            numbers = self._numbers(connection, {row[name] for row in rows for name in ("rule", "subject")})
            recorded = origin.key if origin.is_replayable else None
            stored = {"origin": origin.key, "recorded": recorded, "run_kind": origin.run_kind, "stored_us": now_us}
            new = connection.execute(self._add_events, [_values(row, numbers) | stored for row in rows]).rowcount
            if recorded and new < len(rows):
                _note_recording(connection, [row["id"] for row in rows], recorded)
            wanted = [(row["id"], channel) for row in rows for channel in (to or {}).get(row["id"], ())]
            if wanted:
                told = [
                    {"event": event, "channel": channel, "state": "waiting", "created_us": now_us, "due_us": now_us}
                    for event, channel in wanted
                ]
                connection.execute(self._add_delivery, told)
        return int(new)

    def recorded(self, name: str, digest: str) -> int:
        """Note that a recording which live events were kept with is finished; return how many it has now.

        Only then has it a digest, and can an event be replayed from it.
        """
        under = origins.c.recording == name, origins.c.digest == "", origins.c.run_kind == "live"
        with self.database.connected() as connection:
            found = connection.execute(select(origins).where(*under)).all()
            noted = 0
            for row in found:
                values = {column: value for column, value in row._mapping.items() if column != "key"}
                finished = Origin(**(values | {"digest": digest}))
                self._add_origins(connection, finished)
                theirs = update(events).where(events.c.origin == row.key, events.c.recorded.is_(None))
                noted += connection.execute(theirs.values(recorded=finished.key)).rowcount
        return noted

    def _add_origins(self, connection: Connection, origin: Origin) -> None:
        names = ("run_kind", "source", "recording", "digest", "interval", "params", "rule_version")
        row = {name: getattr(origin, name) for name in names}
        connection.execute(self._add_origin, [row | {"key": origin.key}])
        if origin.rules:
            connection.execute(self._add_rules, [{"version": origin.rule_version, "text": origin.rules}])

    def _numbers(self, connection: Connection, texts: set[str]) -> dict[str, int]:
        """Return the number of each name, given now if it had none."""
        connection.execute(self._add_name, [{"text": text} for text in sorted(texts)])
        found = connection.execute(select(names.c.text, names.c.id).where(names.c.text.in_(texts)))
        return {text: number for text, number in found}  # noqa: C416 - a Row is not a pair to every type checker

    def page(self, wanted: Wanted, *, after: Cursor | None = None, limit: int = 100) -> HistoryPage:
        """Return events newest first, those below ``after``, at most ``limit`` of them.

        Raises
        ------
        ConfigError
            If ``limit`` is not from 1 to 10,000.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise ConfigError(f"a page of {limit} events was asked for; ask for 1 to {MOST_ROWS:,}")
        with self.database.connected() as connection:
            found = rows_of(connection.execute(row_statement(chosen_ids(wanted, after=after, limit=limit + 1))))
            rows, is_full = tuple(found[:limit]), len(found) > limit
            if wanted.text and not is_full:
                stop = connection.execute(last_searched(wanted, after=after)).one_or_none()
                return HistoryPage(rows, None if stop is None else Cursor(*stop), is_cut=stop is not None)
            is_counted = after is None and not wanted.text
            total = _total(connection, wanted, rows, is_full=is_full) if is_counted else None
        return HistoryPage(rows, Cursor(rows[-1].ts_us, rows[-1].id) if is_full else None, total)

    def find(self, event_id: str) -> HistoryRow | None:
        """Return one event; None if it is not kept."""
        only = select(events.c.id).where(events.c.id == event_id)
        with self.database.connected() as connection:
            found = rows_of(connection.execute(row_statement(only)))
        return found[0] if found else None

    def counts(self, wanted: Wanted, *, bins: int = 60) -> tuple[Count, ...]:
        """Count events over time by level, in ``bins`` spans of one length; spans without any are left out.

        The spans reach from ``wanted.start_us`` to ``wanted.end_us``, or where one is None to the first or the last
        event asked for. With a text, what a page of it would look through is counted.

        Raises
        ------
        ConfigError
            If ``bins`` is not from 1 to 2,000.
        """
        if not 1 <= bins <= MOST_BINS:
            raise ConfigError(f"{bins} spans were asked for; ask for 1 to {MOST_BINS:,}")
        with self.database.connected() as connection:
            return count_events(connection, wanted, bins)

    def acknowledge(self, ids: Iterable[str], *, who: str, note: str = "", now_us: int) -> int:
        """Note who has seen to these events; return how many there were. A later note replaces an earlier one."""
        named = [{"wanted": name} for name in dict.fromkeys(ids)]
        if not named:
            return 0
        said = {"acknowledged_us": now_us, "acknowledged_by": who[:WHO_LENGTH], "note": note[:NOTE_LENGTH]}
        with self.database.connected() as connection:
            return int(connection.execute(_BY_ID.values(**said), named).rowcount)

    def rules_text(self, version: str) -> str | None:
        """Return the rules of a version as they were written; None if none of its events is kept."""
        with self.database.connected() as connection:
            return connection.execute(select(rulesets.c.text).where(rulesets.c.version == version)).scalar()

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return what can be filtered by: all that occur as ``pair`` and ``rule``, in order."""
        columns = {"pair": events.c.subject, "rule": events.c.rule}
        with self.database.connected() as connection:
            return {name: tuple(sorted(distinct(connection, column))) for name, column in columns.items()}

    def prune(self, keep: Keep, *, now_us: int) -> int:
        """Remove what may not stay, a few thousand rows at a time, and return how many events that were."""
        return prune(self.database, keep, now_us=now_us)

    def close(self) -> None:
        """Let go of the connections."""
        self.database.close()


_BY_ID: Final = update(events).where(events.c.id == bindparam("wanted"))


def _once(made: Callable[[Table], Any], table: Table) -> Insert:  # Any: either database's own insert
    insert: Insert = made(table).on_conflict_do_nothing()
    return insert.execution_options(preserve_rowcount=True)


def _values(row: dict[str, Any], numbers: Mapping[str, int]) -> dict[str, object]:  # Any: a row of EVENTS
    at: datetime = row.pop("ts")
    value: float = row.pop("value")
    time_us = (at - _EPOCH) // timedelta(microseconds=1)
    named = {name: numbers[row[name]] for name in ("rule", "subject")}
    return row | named | {"ts_us": time_us, "value": None if math.isnan(value) else value}


def _total(connection: Connection, wanted: Wanted, rows: tuple[HistoryRow, ...], *, is_full: bool) -> int:
    if not is_full:
        return len(rows)
    counted = select(events.c.id).where(*matching(wanted)).limit(COUNTED + 1).subquery()
    return connection.execute(select(func.count()).select_from(counted)).scalar_one()


def _note_recording(connection: Connection, ids: list[str], key: str) -> None:
    lacking = update(events).where(events.c.id == bindparam("wanted"), events.c.recorded.is_(None))
    connection.execute(lacking.values(recorded=key), [{"wanted": name} for name in ids])
