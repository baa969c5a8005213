"""A hub that stands still: runs whose tables hold what a test puts there, with no thread and no clock. No tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from livepairs.access import Visitor
from livepairs.api.messages import Answer, Request
from livepairs.api.service import Api
from livepairs.hub.library import Library
from livepairs.hub.runparts import RunState
from livepairs.pipeline import RunParams, Status
from livepairs.schema import EVENTS, PAIRS, TIME, Pair
from livepairs.stores.history_rows import Acknowledged, Cursor, HistoryPage, HistoryRow, Origin, Wanted
from livepairs.stores.shelf import Shelf
from livepairs.tables.board import Tables
from tests.factories import make_bars

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = Visitor("ann", "operator", "ann")
VIEWER = Visitor("bob", "viewer", "bob")


@dataclass
class StillRun:
    """What the API asks of a run."""

    id: str = "live"
    kind: str = "live"
    symbols: tuple[str, ...] = ("AAA", "BBB")
    limit_rows: int = 1000
    is_alive: bool = True
    viewer_count: int = 0
    callbacks: list[Callable[[], object]] = field(default_factory=list)

    label = "ticker"
    listed = ""
    recording = None
    is_synthetic = True
    status = Status()

    def __post_init__(self) -> None:
        self.tables = Tables(limit_rows=self.limit_rows)
        self.params = RunParams(pairs=(Pair("BBB", "AAA"),))
        self.state = RunState("playing", 1_700_000_000_000_000, 1.0, None, 0)

    def close_bars(self, count: int, first_bar: int = 0) -> None:
        """Append that many bars of both symbols and tell whoever listens."""
        closes = {symbol: [100.0 + first_bar + n for n in range(count)] for symbol in self.symbols}
        self.tables.bars.append(make_bars(closes, first_bar=first_bar))
        for callback in tuple(self.callbacks):
            callback()

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def add_viewer(self) -> None:
        self.viewer_count += 1

    def remove_viewer(self) -> None:
        self.viewer_count -= 1


def make_pair_rows(count: int) -> pa.RecordBatch:
    """Return PAIRS rows of BBB/AAA that are not warm: every statistic is NaN."""
    columns = {field.name: pa.array([float("nan")] * count, pa.float64()) for field in PAIRS}
    columns |= {"ts": pa.array(range(count), pa.int64()).cast(TIME), "pair": pa.array(["BBB/AAA"] * count)}
    columns |= {"is_ready": pa.array([False] * count)}
    return pa.RecordBatch.from_arrays([columns[name] for name in PAIRS.names], schema=PAIRS)


def make_events(*kinds: str) -> pa.RecordBatch:
    """Return an EVENTS row of BBB/AAA for each kind."""
    rows = [
        {"id": f"e{n}", "ts": n, "rule": "zscore", "subject": "BBB/AAA", "kind": kind, "level": "warning",
         "value": 2.0, "message": f"z = 2, {kind}"}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, EVENTS)


class StillHistory:
    """What the API asks of the history; of what is wanted it knows the kind."""

    def __init__(self, events: pa.RecordBatch) -> None:
        origin = Origin(run_kind="live", source="ticker", rule_version="0123456789ab")
        self._rows = [
            HistoryRow(**row, ts_us=n, origin=origin, recorded=None, acknowledged=Acknowledged(9, "ann", "seen"))
            for n, row in enumerate(events.drop_columns(["ts"]).to_pylist())
        ]

    def page(self, wanted: Wanted, *, after: Cursor | None, limit: int) -> HistoryPage:
        """Return the newest first, as the real one does."""
        rows = [row for row in reversed(self._rows) if wanted.kind in (None, row.kind)]
        below = [row for row in rows if after is None or (row.ts_us, row.id) < (after.ts_us, after.id)]
        shown = tuple(below[:limit])
        return HistoryPage(shown, Cursor(shown[-1].ts_us, shown[-1].id) if len(below) > limit else None)


def make_api(*runs: StillRun) -> Api:
    """Return an API over these runs and the recordings of the checkout."""
    chronicle = SimpleNamespace(history=StillHistory(make_events("fired", "cleared", "fired")))
    hub: Any = SimpleNamespace(runs=runs, library=Library(Shelf(ROOT / "recordings")), chronicle=chronicle)
    return Api(lambda: hub)


def ask(api: Api, path: str, accept: str = "", **more: Any) -> Answer:
    """Return the answer to a GET; ``?`` and what follows it in the path is the query."""
    return asyncio.run(api.answer(make_request(path, accept, **more)))


def make_request(path: str, accept: str = "", **more: Any) -> Request:
    """Return a GET by an operator."""
    path, _, query = path.partition("?")
    pairs = [part.partition("=") for part in query.split("&") if part]
    given = {"visitor": OPERATOR, "query": tuple((name, text) for name, _, text in pairs), **more}
    return Request(path=path, accept=accept, **given)
