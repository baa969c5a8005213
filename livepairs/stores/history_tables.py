"""The tables of the database of events: what SQLite and PostgreSQL are asked to hold, and which questions are quick.

Times are microseconds since the epoch in whole numbers, for both databases alike. A value that is not a number is
NULL, because SQLite knows no NaN.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, MetaData, String, Table, Text

__all__ = ["METADATA", "VERSION", "deliveries", "events", "meta", "origins", "rulesets"]

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

events: Final = Table(
    "livepairs_events",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("ts_us", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
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

_FILTERED: Final = (events.c.kind, events.c.level, events.c.rule, events.c.subject, events.c.acknowledged_us)
# Newest first is how history is read, so every index ends in time and id. The first holds all that is filtered by: a
# combination that hardly any row has is looked for in the index alone, never row by row in the table.
Index("livepairs_events_by_time", events.c.ts_us, events.c.id, *_FILTERED)
Index("livepairs_events_by_subject", events.c.subject, events.c.ts_us, events.c.id)
Index("livepairs_events_by_rule", events.c.rule, events.c.ts_us, events.c.id)
Index("livepairs_events_by_level", events.c.level, events.c.ts_us, events.c.id)
Index(
    "livepairs_events_acknowledged",
    events.c.ts_us,
    events.c.id,
    sqlite_where=events.c.acknowledged_us.is_not(None),
    postgresql_where=events.c.acknowledged_us.is_not(None),
)

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
