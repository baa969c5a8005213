"""The runs there are, as rows."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Final

import pyarrow as pa

from livepairs.access import Visitor, may
from livepairs.api.problems import RefusedError
from livepairs.api.rowtypes import column, row_type
from livepairs.hub import Hub, Run
from livepairs.schema import TIME

__all__ = ["RunRow", "find_run", "run_rows", "runs"]

_COLUMNS: Final = pa.schema(
    [
        column("id", pa.string(), "Its name: `?run=` in the address of a page."),
        column("kind", pa.string(), "live or replay."),
        column("label", pa.string(), "What it is called on the screen."),
        column("recording", pa.string(), "What is replayed.", is_always=False),
        column("status", pa.string(), "playing, paused, ended or failed."),
        column("error", pa.string(), "Why it failed, in a sentence.", is_always=False),
        column("now", TIME, "Event time shown.", is_always=False),
        column("speed", pa.float64(), "Event time over wall time; null for as fast as it computes."),
        column("interval", pa.string(), "Length of a bar."),
        column("symbols", pa.list_(pa.string()), "What its source has."),
        column("pairs", pa.list_(pa.string()), "What is computed, Y/X."),
        column("viewers", pa.int64(), "Pages and readers that watch it."),
        column("trades", pa.int64(), "Trades handed in."),
        column("late", pa.int64(), "Of those, the ones that came after their bar had closed."),
        column("rejected", pa.int64(), "Of those, the ones dropped for a reason."),
        column("bars", pa.int64(), "Bars closed since it began or was sought."),
        column("events", pa.int64(), "Events since then."),
        column("is_synthetic", pa.bool_(), "Whether its trades were generated, not traded."),
    ]
)

RunRow: Final = row_type("Run", _COLUMNS, "A run: a live feed, or a replay somebody has opened.")


def runs(hub: Hub, visitor: Visitor | None) -> pa.Table:
    """Return the runs a visitor may know of: a replay is its openers' own, its id the key to it."""
    return run_rows(*(run for run in hub.runs if run.kind == "live" or may(visitor, "control")))


def find_run(hub: Hub, run_id: str) -> Run:
    """Return the run of that id; none is begun.

    Raises
    ------
    RefusedError
        With 404, if there is none.
    """
    for run in hub.runs:
        if run.id == run_id:
            return run
    raise RefusedError(HTTPStatus.NOT_FOUND, f"there is no run {run_id!r} now; a page with ?run={run_id} begins it")


def run_rows(*shown: Run) -> pa.Table:
    """Return these runs as rows."""
    return pa.Table.from_pylist([_values(run) for run in shown], _COLUMNS)


def _values(run: Run) -> dict[str, object]:
    state, status, params = run.state, run.status, run.params
    return {
        "id": run.id,
        "kind": run.kind,
        "label": run.label,
        "recording": run.listed or (run.recording.name if run.recording is not None else None),
        "status": state.status,
        "error": state.error,
        "now": state.now_us or None,
        "speed": state.speed if math.isfinite(state.speed) else math.nan,
        "interval": params.interval,
        "symbols": list(run.symbols),
        "pairs": [str(pair) for pair in params.pairs],
        "viewers": run.viewer_count,
        "trades": status.trades,
        "late": status.late,
        "rejected": sum(status.rejected.values()),
        "bars": run.tables.bars.total_rows,
        "events": run.tables.events.total_rows,
        "is_synthetic": run.is_synthetic,
    }
