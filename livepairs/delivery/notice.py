"""What is said: some events as one message, for people and for programs. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from livepairs.stores.history_rows import HistoryRow
from livepairs.stores.outbox import Bundle

__all__ = ["Notice", "notice_of", "trial_notice"]

VERSION: Final = 1
"""Of the payload; it changes when a field is taken away or means something else."""

LISTED: Final = 20
"""Events that a message for people lists; it says how many more there are."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WEIGHT: Final = {"info": 0, "warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    Parameters
    ----------
    id
        The same at every attempt to deliver it.
    level
        The highest of its events that fired; ``info`` where all of them cleared.
    title, text
        For people.
    payload
        For programs, as JSON.
    now_us
        Wall time at which it is sent.
    """

    id: str
    level: str
    title: str
    text: str
    payload: bytes
    now_us: int


def notice_of(bundle: Bundle, *, now_us: int) -> Notice:
    """Return what a channel is told of a bundle's events."""
    events = bundle.events
    level = max((row.level for row in events if row.kind == "fired"), key=_WEIGHT.__getitem__, default="info")
    return Notice(bundle.id, level, _title(events), _text(events), _payload(bundle, now_us), now_us)


def trial_notice(channel: str, *, id: str, now_us: int) -> Notice:
    """Return what a channel is told when somebody tries it out."""
    said = {"type": "livepairs.test", "version": VERSION, "id": id, "channel": channel, "sent_at": _iso(now_us),
            "attempt": 1, "events": []}  # fmt: skip
    text = f"This is a test of the channel {channel!r}, sent from livepairs. Nothing has fired."
    return Notice(id, "info", "livepairs: a test", text, _json(said), now_us)


def _title(events: tuple[HistoryRow, ...]) -> str:
    if len(events) == 1:
        (row,) = events
        return f"{row.subject}: {row.rule} {row.kind}{_provenance(row)}"
    kinds = Counter(row.kind for row in events)
    critical = sum(row.level == "critical" and row.kind == "fired" for row in events)
    said = f"{kinds['fired']} alerts" + (f" ({critical} critical)" if critical else "")
    return said + (f", {kinds['cleared']} cleared" if kinds["cleared"] else "")


def _text(events: tuple[HistoryRow, ...]) -> str:
    lines = [
        f"{_time(row.ts_us):%Y-%m-%d %H:%M:%S} UTC {row.kind} ({row.level}) {row.message}{_provenance(row)}"
        for row in events[-LISTED:]
    ]
    more = len(events) - len(lines)
    return "\n".join([*([f"{more} earlier ones are in the history"] if more else []), *lines])


def _provenance(row: HistoryRow) -> str:
    return "" if row.origin.run_kind == "live" else f" (replay of {row.origin.recording or row.origin.source})"


def _payload(bundle: Bundle, now_us: int) -> bytes:
    said = {
        "type": "livepairs.alerts",
        "version": VERSION,
        "id": bundle.id,
        "channel": bundle.channel,
        "sent_at": _iso(now_us),
        "attempt": bundle.attempts + 1,
        "events": [_event(row) for row in bundle.events],
    }
    return _json(said)


def _json(said: dict[str, object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _event(row: HistoryRow) -> dict[str, object]:
    origin = row.origin
    return {
        "id": row.id,
        "ts": _iso(row.ts_us),
        "rule": row.rule,
        "rule_version": origin.rule_version,
        "subject": row.subject,
        "kind": row.kind,
        "level": row.level,
        "value": row.value if row.has_value else None,
        "message": row.message,
        "run": {
            "kind": origin.run_kind,
            "source": origin.source,
            "recording": origin.recording,
            "interval": origin.interval,
        },
    }


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _iso(us: int) -> str:
    return f"{_time(us):%Y-%m-%dT%H:%M:%S.%f}Z"
