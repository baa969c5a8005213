"""Every event that was ever kept, whichever run it came from: the newest first, as the page ``alerts`` lists them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import pyarrow as pa

from livepairs.api.problems import RefusedError
from livepairs.api.queries import HistoryQuery
from livepairs.api.rowtypes import column, row_type
from livepairs.api.tabular import Part
from livepairs.errors import ConfigError
from livepairs.hub import Hub
from livepairs.schema import EVENTS, TIME
from livepairs.stores.history_rows import Cursor, HistoryRow, Wanted

__all__ = ["KeptEvent", "kept_events"]

_COLUMNS: Final = pa.schema(
    [
        *EVENTS,
        column("run_kind", pa.string(), "live or replay: where it was seen first."),
        column("recording", pa.string(), "What it can be replayed from.", is_always=False),
        column("rule_version", pa.string(), "Version of the rules that said so."),
        column("acknowledged", TIME, "When somebody saw to it.", is_always=False),
        column("acknowledged_by", pa.string(), "Who did.", is_always=False),
        column("note", pa.string(), "What they noted.", is_always=False),
    ]
)

KeptEvent: Final = row_type("KeptEvent", _COLUMNS, "An event with where it came from and who has seen to it.")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def kept_events(hub: Hub, query: HistoryQuery) -> Part:
    """Return a page of the history; waits for the database.

    Raises
    ------
    RefusedError
        With 400, if the cursor is none of the history's.
    """
    try:
        after = None if query.cursor is None else Cursor.parse(query.cursor)
    except ConfigError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    page = hub.chronicle.history.page(_wanted(query), after=after, limit=query.limit)
    rows = pa.Table.from_pylist([_values(row) for row in page.rows], _COLUMNS)
    cursor = None if page.next is None else str(page.next)
    return Part(rows=rows, row=KeptEvent, cursor=cursor, has_more=page.next is not None)


def _wanted(query: HistoryQuery) -> Wanted:
    return Wanted(
        pair=query.pair,
        rule=query.rule,
        level=query.level,
        kind=query.kind,
        start_us=_micros(query.start),
        end_us=_micros(query.end),
        is_acknowledged=None if query.acknowledged is None else query.acknowledged == "true",
        text=query.text,
    )


def _micros(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // timedelta(microseconds=1)


def _values(row: HistoryRow) -> dict[str, object]:
    seen = row.acknowledged
    return {
        **{name: getattr(row, name) for name in EVENTS.names if name != "ts"},
        "ts": row.ts_us,
        "run_kind": row.origin.run_kind,
        "recording": None if row.recorded is None else row.recorded.recording,
        "rule_version": row.origin.rule_version,
        "acknowledged": None if seen is None else seen.at_us,
        "acknowledged_by": None if seen is None else seen.who,
        "note": None if seen is None else seen.note,
    }
