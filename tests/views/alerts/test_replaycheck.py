"""An alert that is replayed comes again, on the same bar with the same values; nothing is made up for the replay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pyarrow as pa
import pytest

from livepairs.alerts.event import FIRED, Event, event_batch
from livepairs.alerts.reading import read_rules
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.headless import play
from livepairs.hub.registry import Hub
from livepairs.moment import Moment, read_moment
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Chunk, Pair
from livepairs.session import Session
from livepairs.stores.history_rows import Cursor, HistoryRow, Origin, Wanted
from livepairs.stores.recording import open_recording
from livepairs.views.alerts.alertlink import lead_us, moment_link
from livepairs.views.alerts.replaycheck import ReplayCheck, verdict
from tests.conftest import ROOT
from tests.factories import make_chunk, make_trades
from tests.views.history_events import make_event

BTC, ETH = "BTCUSDT", "ETHUSDT"
START_US = 1_700_000_000_000_000
SECOND_US = 1_000_000
WAIT_S = 60.0
RULES = """
[[rule]]
name = "out"
when = "abs(z) >= 1.2"
clear = "abs(z) <= 0.4"
for_bars = 2
level = "critical"
message = "{pair} at {z:+.6f}"
"""
PARAMS = RunParams((Pair(ETH, BTC),), pair_params=PairParams(20, 15, 15), rules=read_rules(RULES, name="rules"))


def feed(seconds: int) -> Iterator[Chunk]:
    """Yield two symbols' trades as they came; those of one stay away now and then, and come late all at once."""
    rng = np.random.default_rng(5)
    logs, first, held = np.zeros(2), 1, []
    for piece in range(seconds * 4):
        made_us, now_us = START_US + piece * 250_000, START_US + (piece + 1) * 250_000
        logs += rng.normal(0, 1e-4, 2)
        btc, eth = (round(float(100 * np.exp(log)), 3) for log in logs)
        held.append((made_us, btc))
        rows = [make_trades(ETH, [made_us], recv_us=[now_us], first_id=piece + 1, price=eth)]
        if piece % 97 > 6:
            times, prices = zip(*held, strict=True)
            rows.append(make_trades(BTC, times, recv_us=[now_us] * len(held), first_id=first, price=prices))
            first, held = first + len(held), []
        yield make_chunk(now_us, *rows)


def origin_of(params: RunParams, name: str, digest: str, *, kind: str) -> Origin:
    """Return where events of a run come from, as the chronicle says it."""
    computed = asdict(params.pair_params) | {"grace_us": params.grace_us, "healed": False}
    rules = params.rules_in_force
    return Origin(
        run_kind="live" if kind == "live" else "replay", source="a test", recording=name, digest=digest,
        interval=params.interval, params=json.dumps(computed), rule_version=rules.version, rules=rules.text,
    )  # fmt: skip


def lived(path: Path) -> pa.Table:
    """Let a run live through the feed while it is recorded; return the events it showed meanwhile."""
    seen: list[pa.RecordBatch] = []
    pipeline = Pipeline((BTC, ETH), PARAMS)
    pipeline.listen("events", seen.append)
    with Session(path, PARAMS, source="binance-um:BTCUSDT,ETHUSDT", symbols=(BTC, ETH)) as session:
        for chunk in feed(150):
            pipeline.update(chunk)
            session.update(chunk)
        session.close()
    pipeline.close()
    return pa.Table.from_batches(seen)


def kept(hub: Hub, events: pa.Table, origin: Origin) -> list[HistoryRow]:
    """Put events into the hub's history, and return those that fired, oldest first."""
    for batch in events.to_batches():
        hub.chronicle.history.add(batch, origin, now_us=0)
    rows: list[HistoryRow] = []
    after: Cursor | None = None
    while True:
        page = hub.chronicle.history.page(Wanted(kind=FIRED), after=after)
        rows += page.rows
        after = page.next
        if after is None:
            return rows[::-1]


async def replayed(hub: Hub, event: HistoryRow, half_life: float) -> None:
    """Follow the event's link as a page does, and wait for the verdict."""
    link = moment_link(event, earlier_us=lead_us(half_life, event.origin.interval), plays=True)
    assert link is not None
    said = dict(parse_qsl(urlsplit(link).query))
    moment = read_moment(said)
    run = hub.open_moment(replace(moment, speed=inf))
    assert run.params.rules_in_force.version == event.origin.rule_version
    check = ReplayCheck(hub, run, said["event"], lambda: None)
    check.begin()
    for _ in range(int(WAIT_S / 0.02)):
        check.refresh()
        if check.strip.state not in ("waiting", "unknown"):
            break
        await asyncio.sleep(0.02)
    assert (check.strip.state, run.state.error) == ("same", None), check.strip.words
    (again,) = [row for row in run.tables.events.tail(20_000).to_pylist() if row["id"] == event.id]
    assert (again["value"], again["message"], again["subject"]) == (event.value, event.message, event.subject)
    check.close()
    run.close()
    await asyncio.to_thread(run.join, WAIT_S)


def half_life_at(pairs: pa.Table, ts_us: int) -> float:
    row = int(np.searchsorted(pairs["ts"].cast(pa.int64()).to_numpy(), ts_us))
    return float(pairs["half_life"][row].as_py())


def test_an_alert_seen_live_comes_again_in_the_replay_of_its_recording(tmp_path: Path) -> None:
    path = tmp_path / "session"
    events = lived(path)
    recording = open_recording(path)
    # The server's own windows, rules and levels are others: the link brings those of then.
    hub = Hub(Settings(source=str(path), recordings=str(tmp_path)))
    try:
        rows = kept(hub, events, origin_of(PARAMS, "session", recording.digest, kind="live"))
        assert len(rows) >= 3
        pairs = play(recording, PARAMS).pairs
        for event in (rows[1], rows[-1]):
            asyncio.run(replayed(hub, event, half_life_at(pairs, event.ts_us)))
    finally:
        hub.close()


def test_rules_that_nobody_has_kept_are_said_to_be_missing(tmp_path: Path) -> None:
    hub = Hub(Settings(source=str(ROOT / "recordings" / "demo"), recordings=str(tmp_path)))
    try:
        with pytest.raises(ConfigError, match="asks for rules '0123456789ab', which are not kept here"):
            hub.open_moment(Moment(rules="0123456789ab"))
    finally:
        hub.close()


def test_the_verdict_waits_for_the_bar_and_tells_another_value_from_none() -> None:
    mine = Event(10 * SECOND_US, "out", "A/B", FIRED, "warning", 2.25, "A/B at 2.25")
    expected = make_event(id=mine.id, ts_us=mine.ts_us, rule="out", subject="A/B", value=2.25)

    def said(*events: Event, now_s: float) -> str:
        table = pa.Table.from_batches([event_batch(list(events))])
        return verdict(expected, table, now_us=int(now_s * SECOND_US), close_us=11_500_000).state

    other = Event(10 * SECOND_US, "out", "A/B", FIRED, "warning", 2.26, "A/B at 2.26")
    elsewhere = Event(9 * SECOND_US, "out", "A/B", FIRED, "warning", 2.25, "A/B at 2.25")
    assert said(mine, now_s=12) == "same"
    assert said(elsewhere, now_s=11) == "waiting"
    assert said(other, now_s=12) == "other"
    assert said(elsewhere, now_s=12) == "absent"
