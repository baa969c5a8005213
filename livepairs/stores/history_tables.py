"""The tables of the database of events: what SQLite and PostgreSQL are asked to hold, and which questions are quick.

Times are microseconds since the epoch in whole numbers, for both databases alike. A value that is not a number is
NULL, because SQLite knows no NaN.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, MetaData, String, Table, Text

__all__ = ["METADATA", "VERSION", "deliveries", "events", "meta", "names", "origins", "rulesets"]

VERSION: Final = 1
"""Of these tables; a database made for a later one is refused, never written to."""

METADATA: Final = MetaData()

meta: Final = Table("livepairs_meta", METADATA, Column("version", Integer, nullable=False))

rulesets: Final = Table(
    "livepairs_rulesets",
    METADATA,
    Column("version", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""The rules as they were written, once for each version that has said something."""

origins: Final = Table(
    "livepairs_origins",
    METADATA,
    Column("key", String(16), primary_key=True),
    Column("run_kind", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("recording", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("interval", String(16), nullable=False),
    Column("params", Text, nullable=False),
    Column("rule_version", String(64), nullable=False),
)
"""Where events came from; the key is computed from the rest."""

names: Final = Table(
    "livepairs_names",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("text", Text, nullable=False, unique=True),
)
"""Rules and subjects: a handful of names that a million events repeat."""

events: Final = Table(
    "livepairs_events",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("ts_us", BigInteger, nullable=False),
    Column("rule", Integer, ForeignKey(names.c.id), nullable=False),
    Column("subject", Integer, ForeignKey(names.c.id), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("run_kind", String(8), nullable=False),
    Column("value", Double),
    Column("message", Text, nullable=False),
    Column("origin", String(16), ForeignKey(origins.c.key), nullable=False),
    Column("recorded", String(16), ForeignKey(origins.c.key)),
    Column("stored_us", BigInteger, nullable=False),
    Column("acknowledged_us", BigInteger),
    Column("acknowledged_by", Text),
    Column("note", Text),
)
"""Each event once. ``origin`` is where it was seen first, ``recorded`` the first recording it can be replayed from."""

# History is read newest first, so each of these ends in time and id; and each holds all that is filtered by, so that a
# combination which hardly any row has is looked for in one index alone, and never row by row in the table.
_PLACE: Final = (events.c.ts_us, events.c.id)
_FILTERED: Final = (events.c.kind, events.c.level, events.c.run_kind, events.c.acknowledged_us)
Index("livepairs_events_by_time", *_PLACE, *_FILTERED, events.c.rule, events.c.subject)
Index("livepairs_events_by_subject", events.c.subject, *_PLACE, *_FILTERED, events.c.rule)
Index("livepairs_events_by_rule", events.c.rule, *_PLACE, *_FILTERED, events.c.subject)
Index("livepairs_events_by_run", events.c.run_kind, *_PLACE, events.c.kind, events.c.level, events.c.acknowledged_us)
Index("livepairs_events_tally", events.c.run_kind, events.c.level, events.c.kind, events.c.ts_us)
_IS_SEEN: Final = events.c.acknowledged_us.is_not(None)
Index("livepairs_events_acknowledged", *_PLACE, *_FILTERED[:3], sqlite_where=_IS_SEEN, postgresql_where=_IS_SEEN)

deliveries: Final = Table(
    "livepairs_deliveries",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("event", String(64), ForeignKey(events.c.id), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("bundle", String(32)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_us", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("first_tried_us", BigInteger),
    Column("done_us", BigInteger),
    Column("error", Text, nullable=False, default=""),
)
"""What is to be told to whom: a row for each event and channel, kept for a while after it was delivered."""

Index("livepairs_deliveries_once", deliveries.c.channel, deliveries.c.event, unique=True)
Index("livepairs_deliveries_due", deliveries.c.state, deliveries.c.channel, deliveries.c.due_us)
Index("livepairs_deliveries_event", deliveries.c.event)
