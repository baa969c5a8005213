"""Rows of EVENTS and their ids, recomputed from what the documentation says."""

from __future__ import annotations

import hashlib

from livepairs.alerts.event import CLEARED, FIRED, Event, event_batch
from livepairs.schema import EVENTS

EVENT = Event(1_700_000_000_000_000, "z-score", "ETHUSDT/BTCUSDT", FIRED, "warning", 2.25, "beyond 2")


def test_id_is_the_documented_hash_of_the_other_columns() -> None:
    """``printf '...\\x1f...' | sha256sum | cut -c-16`` gives the literal; 2.25 is 0x1.2p+1."""
    text = "1700000000000000\x1fz-score\x1fETHUSDT/BTCUSDT\x1ffired\x1fwarning\x1f0x1.2000000000000p+1\x1fbeyond 2"
    assert EVENT.id == hashlib.sha256(text.encode()).hexdigest()[:16] == "09752196df48c65e"


def test_id_changes_with_every_column() -> None:
    others = [
        Event(EVENT.ts_us + 1, EVENT.rule, EVENT.subject, EVENT.kind, EVENT.level, EVENT.value, EVENT.message),
        Event(EVENT.ts_us, "other", EVENT.subject, EVENT.kind, EVENT.level, EVENT.value, EVENT.message),
        Event(EVENT.ts_us, EVENT.rule, "other", EVENT.kind, EVENT.level, EVENT.value, EVENT.message),
        Event(EVENT.ts_us, EVENT.rule, EVENT.subject, CLEARED, EVENT.level, EVENT.value, EVENT.message),
        Event(EVENT.ts_us, EVENT.rule, EVENT.subject, EVENT.kind, "other", EVENT.value, EVENT.message),
        Event(EVENT.ts_us, EVENT.rule, EVENT.subject, EVENT.kind, EVENT.level, -2.25, EVENT.message),
        Event(EVENT.ts_us, EVENT.rule, EVENT.subject, EVENT.kind, EVENT.level, EVENT.value, "other"),
    ]
    assert len({event.id for event in [EVENT, *others]}) == 8


def test_a_batch_has_the_events_in_their_order() -> None:
    batch = event_batch([EVENT, EVENT])
    assert batch.schema.equals(EVENTS)
    row = batch.to_pylist()[1]
    assert row.pop("ts").timestamp() * 1e6 == EVENT.ts_us
    assert row == {"id": EVENT.id, **{name: getattr(EVENT, name) for name in EVENTS.names[2:]}}
    assert event_batch([]).num_rows == 0
    assert event_batch([]).schema.equals(EVENTS)
