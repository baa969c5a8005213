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


def make_api(*runs: StillRun) -> Api:
    """Return an API over these runs and the recordings of the checkout."""
    hub: Any = SimpleNamespace(runs=runs, library=Library(Shelf(ROOT / "recordings")))
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
