"""The whole way: a rule's event in a run, through history and outbox, to an endpoint."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from livepairs.alerts.reading import read_rules
from livepairs.clock import ManualClock, SystemClock
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub.telling import open_chronicle, open_post_office
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.stores.history_rows import Wanted
from livepairs.stores.outbox import Outbox
from tests.delivery.endpoint import KEY, Endpoint, serving
from tests.hub.test_chronicle import START_US, FakeRun, follow, make_batch

RULES = """
[channels.desk]

[[rule]]
name = "z-score"
when = "abs(z) >= 2"
notify = ["desk"]
"""
PARAMS = RunParams((Pair("ETHUSDT", "BTCUSDT"),), rules=read_rules(RULES))


def settings(tmp_path: Path, **changed: object) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'history.db'}", **changed)  # type: ignore[arg-type]


def notified_run(kind: str = "live") -> FakeRun:
    run = FakeRun(kind, digest="d" * 64)
    run.params = PARAMS
    return run


def test_a_live_event_of_a_rule_that_notifies_reaches_the_endpoint_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    came = asyncio.run(tell_an_endpoint(tmp_path, monkeypatch))
    headers, body = came[0]
    assert headers["webhook-signature"].startswith("v1,")
    assert [event["message"] for event in json.loads(body)["events"]] == ["1"]


async def tell_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], bytes]]:
    arrived = asyncio.Event()
    async with serving(Endpoint()) as endpoint:
        monkeypatch.setenv("LIVEPAIRS_CHANNEL_DESK", endpoint.url)
        monkeypatch.setenv("LIVEPAIRS_CHANNEL_DESK_SECRET", KEY.decode())
        endpoint.on_came = arrived.set
        told = threading.Event()
        chronicle = open_chronicle(settings(tmp_path), SystemClock(), on_told=told.set)
        office = open_post_office(
            settings(tmp_path), SystemClock(), history=lambda: chronicle.history, rules=lambda: PARAMS.rules_in_force
        )
        follow(chronicle, notified_run()).append(make_batch(1))
        assert await asyncio.to_thread(told.wait, 30)
        office.wake()
        await asyncio.wait_for(arrived.wait(), 30)
        await asyncio.to_thread(office.close)
        await asyncio.to_thread(chronicle.close)
    assert threading.active_count() < 20
    return endpoint.came


@pytest.mark.parametrize(("asked", "waiting"), [(False, 0), (True, 1)])
def test_a_replay_tells_nobody_unless_it_is_asked_to(tmp_path: Path, asked: bool, waiting: int):
    chosen = settings(tmp_path, deliver_replays=asked)
    chronicle = open_chronicle(chosen, ManualClock())
    follow(chronicle, notified_run("replay")).append(make_batch(1))
    assert chronicle.flush(60)
    assert len(chronicle.history.page(Wanted()).rows) == 1
    assert sum(count.waiting for count in Outbox(chronicle.history.database).counts()) == waiting
    chronicle.close()


def test_a_rule_in_its_quiet_hours_tells_nobody_and_its_events_are_kept(tmp_path: Path):
    quiet = read_rules(RULES + 'quiet = ["15:30-16:30"]\n')
    for minute, waiting in [(0, 0), (31, 1)]:
        chronicle = open_chronicle(settings(tmp_path), ManualClock(START_US + minute * 60_000_000))
        run = notified_run()
        run.params = replace(PARAMS, rules=quiet)
        follow(chronicle, run).append(make_batch(minute))
        assert chronicle.flush(60)
        assert len(chronicle.history.page(Wanted(text=str(minute))).rows) == 1
        assert sum(count.waiting for count in Outbox(chronicle.history.database).counts()) == waiting
        chronicle.close()


def test_a_rule_that_names_no_channel_tells_nobody(tmp_path: Path):
    chronicle = open_chronicle(settings(tmp_path), ManualClock())
    follow(chronicle, FakeRun()).append(make_batch(1))
    assert chronicle.flush(60)
    assert Outbox(chronicle.history.database).counts() == ()
    chronicle.close()


def test_a_database_that_cannot_be_used_is_refused_at_the_start():
    with pytest.raises(ConfigError, match="there are sqlite and postgresql"):
        open_chronicle(Settings(database_url="mysql://me:hunter2@host/x"), ManualClock())


def test_a_file_of_addresses_that_others_can_read_is_refused_at_the_start(tmp_path: Path):
    file = tmp_path / "channels.toml"
    file.write_text("")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_post_office(
            settings(tmp_path, channels=str(file)),
            ManualClock(),
            history=lambda: None,  # type: ignore[arg-type,return-value]
            rules=lambda: PARAMS.rules_in_force,
        )
