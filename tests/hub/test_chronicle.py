"""The chronicle: every event of a run reaches history, whatever the run and the database do meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from livepairs.alerts.event import Event, event_batch
from livepairs.clock import ManualClock
from livepairs.errors import HistoryError
from livepairs.hub import chronicle as chronicle_module
from livepairs.hub.chronicle import Chronicle
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import EVENTS, Pair
from livepairs.stores.history import History
from livepairs.stores.history_rows import Keep, Wanted
from livepairs.tables.ring import Table

START_US = 1_764_000_000_000_000
PARAMS = RunParams((Pair("ETHUSDT", "BTCUSDT"),), pair_params=PairParams(30, 20, 10, 1))


def make_batch(*numbers: int) -> pa.RecordBatch:
    return event_batch(
        [
            Event(START_US + number * 1_000_000, "z-score", "ETHUSDT/BTCUSDT", "fired", "warning", 2.5, str(number))
            for number in numbers
        ]
    )


class FakeRun:
    """What the chronicle looks at of a run."""

    def __init__(self, kind: str = "live", digest: str = "") -> None:
        self.kind, self.label, self.params, self.is_healed = kind, "binance-um:BTCUSDT,ETHUSDT", PARAMS, False
        self.recording = None if kind == "live" else SimpleNamespace(name="demo", digest=digest)
        self.taping = SimpleNamespace(state=SimpleNamespace(status="off", name=""))
        self.tables = SimpleNamespace(events=Table(EVENTS, limit_rows=3))
        self.announced = threading.Event()

    def announce(self) -> None:
        self.announced.set()


class FaultyHistory(History):
    """A history whose database is away until it is mended."""

    is_away = False

    def add(self, *arguments: Any, **named: Any) -> int:
        if self.is_away:
            raise HistoryError("the database of events, test, does not answer")
        return super().add(*arguments, **named)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread be done in its own time on a machine that is busy, and come back from a fault at once."""
    monkeypatch.setattr(chronicle_module, "CLOSE_S", 60.0)
    monkeypatch.setattr(chronicle_module, "FIRST_RETRY_S", 0.001)


@pytest.fixture
def history() -> FaultyHistory:
    return FaultyHistory("sqlite://")


@pytest.fixture
def chronicle(history: FaultyHistory) -> Iterator[Chronicle]:
    made = Chronicle(lambda: history, ManualClock(START_US))
    yield made
    made.close()


def follow(chronicle: Chronicle, run: FakeRun) -> Table:
    chronicle.follow(run)  # type: ignore[arg-type]
    return run.tables.events


def messages(history: History) -> list[str]:
    return [row.message for row in reversed(history.page(Wanted()).rows)]


def test_every_event_reaches_history_with_its_origin(chronicle: Chronicle, history: FaultyHistory):
    run = FakeRun()
    follow(chronicle, run).append(make_batch(1, 2))
    assert chronicle.flush(60)
    assert messages(history) == ["1", "2"]
    origin = history.page(Wanted()).rows[0].origin
    assert (origin.run_kind, origin.source, origin.recording, origin.interval) == ("live", run.label, "", "1s")
    said = json.loads(origin.params)
    assert (said["pairs"], said["z_window"], said["grace_us"]) == (["ETHUSDT/BTCUSDT"], 20, 500_000)
    assert history.rules_text(origin.rule_version) == PARAMS.rules_in_force.text


def test_what_a_jump_or_a_full_ring_takes_from_the_table_is_in_history(chronicle: Chronicle, history: FaultyHistory):
    table = follow(chronicle, FakeRun())
    for number in range(20):
        table.append(make_batch(number))
        if number % 7 == 0:
            table.reset()
    assert chronicle.flush(60)
    assert messages(history) == [str(number) for number in range(20)]


def test_a_replays_events_are_written_together_once_no_more_come(chronicle: Chronicle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chronicle_module, "CALM_S", 0.05)
    run, revision = FakeRun("replay", "digest"), chronicle.revision
    table = follow(chronicle, run)
    with chronicle._changed:  # so that the writer cannot come between, however busy the machine
        for number in range(5):
            table.append(make_batch(number))
    assert run.announced.wait(60)
    assert chronicle.revision == revision + 1


def test_pages_are_woken_when_it_is_written_and_not_before(chronicle: Chronicle, history: FaultyHistory):
    run, revision = FakeRun(), chronicle.revision
    history.is_away = True
    follow(chronicle, run).append(make_batch(1))
    assert not chronicle.flush(0.02)
    assert not run.announced.is_set()
    history.is_away = False
    assert run.announced.wait(60)
    assert chronicle.flush(60)
    assert chronicle.revision > revision
    assert messages(history) == ["1"]


def test_while_the_database_is_away_events_wait_and_the_state_says_so(chronicle: Chronicle, history: FaultyHistory):
    history.is_away = True
    table = follow(chronicle, FakeRun())
    table.append(make_batch(1))
    assert not chronicle.flush(0.02)
    table.append(make_batch(2))
    assert chronicle.state.waiting == 2
    assert "does not answer" in chronicle.state.sentence
    history.is_away = False
    assert chronicle.flush(60)
    assert (chronicle.state.sentence, chronicle.state.waiting, chronicle.state.stored) == ("", 0, 2)
    assert messages(history) == ["1", "2"]


def test_what_is_too_much_to_wait_is_counted_and_said(
    chronicle: Chronicle, history: FaultyHistory, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chronicle_module, "MOST_WAITING", 3)
    history.is_away = True
    table = follow(chronicle, FakeRun())
    for number in range(5):
        table.append(make_batch(number))
    assert (chronicle.state.waiting, chronicle.state.lost) == (3, 2)
    history.is_away = False
    assert chronicle.flush(60)
    assert messages(history) == ["0", "1", "2"]
    assert chronicle.state.sentence.startswith("2 events are not in history")


def test_a_run_never_waits_for_the_database(chronicle: Chronicle, history: FaultyHistory):
    held, entered = threading.Event(), threading.Event()

    def slow_add(*_arguments: object, **_named: object) -> int:
        entered.set()
        assert held.wait(60)
        return 1

    history.add = slow_add  # type: ignore[method-assign,assignment]
    table = follow(chronicle, FakeRun())
    table.append(make_batch(1))
    assert entered.wait(60)
    for number in range(2, 50):
        table.append(make_batch(number))  # would hang here
    assert chronicle.state.waiting == 49
    held.set()
    assert chronicle.flush(60)


def test_a_bug_in_taking_events_stops_no_feed_and_is_said(
    chronicle: Chronicle, history: FaultyHistory, caplog: pytest.LogCaptureFixture
):
    run = FakeRun()
    table = follow(chronicle, run)
    run.params = None  # type: ignore[assignment]
    table.append(make_batch(1))
    assert "an internal error (AttributeError)" in chronicle.state.sentence
    assert chronicle.state.lost == 1
    assert "could not be taken" in caplog.text
    run.params = PARAMS
    table.append(make_batch(2))
    assert chronicle.flush(60)
    assert messages(history) == ["2"]


def test_a_page_that_cannot_be_woken_keeps_nothing_from_history(
    chronicle: Chronicle, history: FaultyHistory, caplog: pytest.LogCaptureFixture
):
    """A run once wanted an argument that it was not given, and the thread that writes history ended with it."""
    run = FakeRun()
    run.announce = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    table = follow(chronicle, run)
    for number in range(3):
        table.append(make_batch(number))
        assert chronicle.flush(60)
    assert messages(history) == ["0", "1", "2"]
    assert chronicle.state.sentence == ""
    assert "what follows failed" in caplog.text


def test_the_same_event_seen_live_and_replayed_is_one_row_that_can_be_replayed(
    chronicle: Chronicle, history: FaultyHistory
):
    follow(chronicle, FakeRun()).append(make_batch(1))
    follow(chronicle, FakeRun("replay", digest="d" * 64)).append(make_batch(1))
    assert chronicle.flush(60)
    (row,) = history.page(Wanted()).rows
    assert row.origin.run_kind == "live"
    assert row.recorded is not None
    assert (row.recorded.recording, row.recorded.digest) == ("demo", "d" * 64)


def test_a_live_event_can_be_replayed_once_its_recording_is_finished(chronicle: Chronicle, history: FaultyHistory):
    run = FakeRun()
    table = follow(chronicle, run)
    table.append(make_batch(1))
    run.taping.state = SimpleNamespace(status="recording", name="20261122T160000Z")
    table.append(make_batch(2))
    assert chronicle.flush(60)
    assert [row.recorded for row in history.page(Wanted()).rows] == [None, None]
    chronicle.recorded("20261122T160000Z", "e" * 64)
    second, first = history.page(Wanted()).rows
    assert first.recorded is None
    assert second.recorded is not None
    assert (second.recorded.recording, second.recorded.digest) == ("20261122T160000Z", "e" * 64)


def test_what_is_to_be_told_is_written_with_the_event(history: FaultyHistory):
    told: list[int] = []
    made = Chronicle(
        lambda: history,
        ManualClock(START_US),
        addressed=lambda _run, batch: dict.fromkeys(batch.column("id").to_pylist(), ("desk",)),
        on_told=lambda: told.append(1),
    )
    follow(made, FakeRun()).append(make_batch(1))
    assert made.flush(60)
    with history.database.connected() as connection:
        rows = connection.exec_driver_sql("SELECT channel, state FROM livepairs_deliveries").all()
    assert [tuple(row) for row in rows] == [("desk", "waiting")]
    made.close()
    assert told == [1]


def test_old_events_are_removed_after_the_first_are_written(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'history.db'}"
    made = Chronicle(lambda: History(url), ManualClock(START_US), keep=Keep(rows=2))
    follow(made, FakeRun()).append(make_batch(1, 2, 3, 4))
    made.close()
    kept = History(url)
    assert messages(kept) == ["3", "4"]
    kept.close()


def test_closing_writes_what_is_waiting_and_takes_no_more(history: FaultyHistory, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'history.db'}"
    made = Chronicle(lambda: History(url), ManualClock(START_US))
    run = FakeRun()
    table = follow(made, run)
    for number in range(100):
        table.append(make_batch(number))
    made.close()
    table.append(make_batch(100))
    assert made.state.lost == 1
    kept = History(url)
    assert len(kept.page(Wanted()).rows) == 100
    kept.close()
    history.close()


KILLED = """
import sys, threading
from tests.hub.test_chronicle import FakeRun, follow, make_batch
from livepairs.clock import SystemClock
from livepairs.hub.chronicle import Chronicle
from livepairs.stores.history import History
from livepairs.stores.history_rows import Wanted

chronicle = Chronicle(lambda: History(sys.argv[1]), SystemClock())
table = follow(chronicle, FakeRun())
def run():
    for number in range(1_000_000):
        table.append(make_batch(number))
threading.Thread(target=run, daemon=True).start()
while True:  # the page: says what it shows
    for row in chronicle.history.page(Wanted(), limit=20).rows:
        print(row.id, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "shown", [(60,), pytest.param((1, 7, 30, 90, 250, 700, 1_500, 40, 3_000, 10), marks=pytest.mark.soak)], ids=len
)
def test_a_killed_server_has_lost_no_event_that_was_shown(tmp_path: Path, root: Path, shown: tuple[int, ...]):
    url = f"sqlite:///{tmp_path / 'history.db'}"
    ids = {name for count in shown for name in shown_until_killed(url, root, count)}
    history = History(url)
    assert [name for name in ids if history.find(name) is None] == []
    history.close()


def shown_until_killed(url: str, root: Path, count: int) -> set[str]:
    """Return what a server has shown that was killed once that was so many events."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], cwd=root, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
    )
    assert process.stdout is not None
    ids: set[str] = set()
    while len(ids) < count:
        ids.add(process.stdout.readline().decode().strip())
    process.send_signal(signal.SIGKILL)
    ids |= {line.decode().strip() for line in process.stdout.readlines() if line.endswith(b"\n")}
    process.stdout.close()
    process.wait()
    return ids
