"""A recording that does not replay to what was live: kept in history, shown on every page, told to channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.alerts.reading import read_rules
from livepairs.config import Settings
from livepairs.hub.proof import Proof
from livepairs.hub.registry import Hub
from livepairs.stores.history_rows import Wanted
from livepairs.stores.outbox import Outbox
from livepairs.stores.recording import Recording, open_recording
from livepairs.views.alerts.alertlink import moment_link

DEMO = Path(__file__).resolve().parents[2] / "recordings" / "demo"
RULES = """
[channels.desk]

[[rule]]
name = "proof"
recordings = ["*"]
when = "parity_lost"
notify = ["desk"]
"""


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    made = Hub(Settings(source=str(DEMO), recordings=str(tmp_path)))
    yield made
    made.close()


def found(recording: Recording, status: str) -> Proof:
    return Proof(status, "pairs row 7 differs", at_us=recording.start_us + 5_000_000)  # type: ignore[arg-type]


def test_it_is_one_event_in_history_however_often_it_is_found(hub: Hub) -> None:
    recording = open_recording(DEMO)
    for _ in range(2):
        hub.library.on_proved(recording, found(recording, "differs"))
    assert hub.chronicle.flush(10.0)
    (row,) = hub.chronicle.history.page(Wanted()).rows
    assert (row.rule, row.subject, row.kind) == ("proof", "demo", "fired")
    assert row.message == "demo: pairs row 7 differs"
    assert row.ts_us == recording.start_us + 5_000_000
    assert not row.has_value
    (channel,) = Outbox(hub.chronicle.history.database).counts()
    assert (channel.channel, channel.waiting + channel.dead) == ("desk", 1)


def test_its_link_opens_the_replay_where_the_first_row_differs(hub: Hub) -> None:
    recording = open_recording(DEMO)
    hub.library.on_proved(recording, found(recording, "differs"))
    assert hub.chronicle.flush(10.0)
    (row,) = hub.chronicle.history.page(Wanted()).rows
    link = moment_link(row, plays=True)
    assert link is not None
    assert "recording=demo" in link
    assert "event=" not in link


def test_every_pages_bell_hears_of_it(hub: Hub) -> None:
    recording = open_recording(DEMO)
    hub.library.on_proved(recording, found(recording, "damaged"))
    assert [row["message"] for row in hub.parity.notices.tail(10).to_pylist()] == ["demo: pairs row 7 differs"]


@pytest.mark.parametrize("status", ["same", "whole", "unproven"])
def test_a_check_that_finds_nothing_says_nothing(hub: Hub, status: str) -> None:
    recording = open_recording(DEMO)
    hub.library.on_proved(recording, found(recording, status))
    assert hub.parity.notices.total_rows == 0
    assert read_rules(RULES).rules[0].recordings == ("*",)
