"""One page of history as rows: finished texts for the table, and tables to take away with a link to each moment."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pyarrow as pa
from pyarrow import csv, parquet

from livepairs.schema import EVENTS, TIME
from livepairs.stores.history_rows import HistoryRow
from livepairs.views import numbers
from livepairs.views.alerts.alertlink import moment_link

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "EXPORTS", "event_frame", "export_rows"]

COLUMNS: Final = ("Time (UTC)", "Event", "Value", "Pair", "Rule", "Level", "Message", "Seen to")
EXPORTS: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}

_SHAPES: Final = {"info": "●", "warning": "▲", "critical": "◆"}
_MARKS: Final = {"cleared": "○ cleared"}
_SCHEMA: Final = pa.schema(
    [
        *(pa.field(field.name, field.type) for field in EVENTS),
        pa.field("acknowledged", TIME),
        *(pa.field(name, pa.string()) for name in ("acknowledged_by", "note", "run", "source", "recording")),
        *(pa.field(name, pa.string()) for name in ("interval", "rules", "permalink")),
    ]
)


def event_frame(rows: Sequence[HistoryRow]) -> pd.DataFrame:
    """Return events as the table shows them, in their order."""
    import pandas as pd

    are_mixed = len({_home(row) for row in rows}) > 1
    cells = [_cells(row, home=_home(row) if are_mixed else "") for row in rows]
    return pd.DataFrame(cells, columns=list(COLUMNS), dtype=object).reset_index(drop=True)


def _home(row: HistoryRow) -> str:
    """Return where an event is from: recordings of the same hours stand in one list."""
    return row.origin.recording or row.origin.source


def _cells(row: HistoryRow, home: str) -> tuple[str, ...]:
    mark = _MARKS.get(row.kind, f"{_SHAPES.get(row.level, '●')} {row.kind}")
    seen = "" if row.acknowledged is None else f"✓ {row.acknowledged.who}"
    value = numbers.fixed(row.value, 2, signed=True) if row.has_value else ""
    time = numbers.day_clock(row.ts_us).removesuffix(" UTC")
    # The pair has a column of its own, and what is left of a narrow one is for what happened.
    message = row.message.removeprefix(f"{row.subject} ") + (f" ({home})" if home else "")
    return (time, mark, value, row.subject, row.rule, row.level, message, seen)


def export_rows(rows: Iterable[HistoryRow], kind: str, base: str) -> bytes:
    """Return events as a file.

    Parameters
    ----------
    rows
        In the order they are to have.
    kind
        A key of ``EXPORTS``.
    base
        Address of the pages, with a slash at its end; each event's link begins with it.
    """
    table = pa.Table.from_pylist([_record(row, base) for row in rows], schema=_SCHEMA)
    sink = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, sink, compression="zstd")
    else:
        csv.write_csv(table, sink)
    return sink.getvalue()


def _record(row: HistoryRow, base: str) -> dict[str, object]:
    seen, origin = row.acknowledged, row.recorded or row.origin
    link = moment_link(row)
    return {
        **{name: getattr(row, name) for name in ("id", "rule", "subject", "kind", "level", "value", "message")},
        "ts": datetime.fromtimestamp(row.ts_us / 1e6, UTC),
        "acknowledged": None if seen is None else datetime.fromtimestamp(seen.at_us / 1e6, UTC),
        "acknowledged_by": None if seen is None else seen.who,
        "note": None if seen is None else seen.note,
        "run": row.origin.run_kind,
        "source": row.origin.source,
        "recording": origin.recording or None,
        "interval": origin.interval,
        "rules": origin.rule_version or None,
        "permalink": None if link is None else base + link,
    }
