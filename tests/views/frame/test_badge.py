"""The digest badge: what it says in each state, that a press has it checked, and that it outlives the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livepairs import __version__
from livepairs.clock import ManualClock
from livepairs.config import Settings
from livepairs.hub.proof import Proof
from livepairs.hub.registry import Hub
from livepairs.hub.taping import TapeState
from livepairs.pipeline import RunParams
from livepairs.session import Session, SessionState
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recording import Recording, open_recording
from livepairs.stores.verdict import KeptVerdict, keep_verdict
from livepairs.views.frame.badge import Badge
from livepairs.views.frame.badgetext import of_recording, of_tape
from tests.factories import make_chunk, make_trades
from tests.hub.counting_pipeline import CountingPipeline
from tests.hub.test_library import make_recording
from tests.memory_recording import START_US

SECOND = 1_000_000
WAIT_S = 20.0


def make_live(path: Path) -> Recording:
    """Return a recording of ten seconds with a live digest."""
    with Session(path, RunParams(()), source="test", symbols=("AAA", "BBB")) as session:
        legs = [make_trades(symbol, [START_US, START_US + 5 * SECOND]) for symbol in ("AAA", "BBB")]
        session.update(make_chunk(START_US + 9 * SECOND, *legs))
        session.close()
    return open_recording(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_live(tmp_path / "live")
    make_recording(tmp_path / "imported", "AAA", "BBB")
    return tmp_path


class Page:
    """The badges of one page on a server of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        chosen = Settings(source=str(folder / name), recordings=str(folder))
        self.hub = Hub(chosen, clock=ManualClock(START_US), make_pipeline=CountingPipeline)  # type: ignore[arg-type]
        self.badge = Badge(self.hub, self.hub.open("some-page-id"), lambda: None, "run=some-page-id")
        self.badge.refresh()

    @property
    def said(self) -> dict[str, Any]:
        self.badge.refresh()
        assert self.badge.wide.said == self.badge.narrow.said
        return dict(self.badge.wide.said)

    def press(self) -> None:
        """Have it checked, and wait until it was."""

        async def main() -> None:
            woken = asyncio.Event()
            self.badge._notify = woken.set
            self.badge.begin()
            self.badge._act({"act": "check"})
            async with asyncio.timeout(WAIT_S):
                while self.said["state"] == "busy":
                    woken.clear()
                    await woken.wait()
            self.badge.end()

        asyncio.run(main())


@pytest.fixture
def open_page(folder: Path) -> Iterator[Any]:
    pages: list[Page] = []

    def make(name: str) -> Page:
        pages.append(Page(folder, name))
        return pages[-1]

    yield make
    for page in pages:
        page.hub.close()


def test_a_press_has_the_recording_checked_and_the_next_server_knows(open_page: Any) -> None:
    page = open_page("live")
    assert (page.said["word"], page.said["state"]) == ("digest unchecked", "")
    page.press()
    assert (page.said["word"], page.said["state"]) == ("digest ok", "good")
    assert "very digest it had live" in page.said["finding"]
    after = open_page("live").said
    assert (after["word"], after["facts"]) == ("digest ok", page.said["facts"])
    assert "Checked" in [fact[0] for fact in after["facts"]]


def test_an_import_claims_no_digest_and_is_whole_once_checked(open_page: Any) -> None:
    page = open_page("imported")
    assert (page.said["word"], page.said["can_check"]) == ("no digest", True)
    page.press()
    assert (page.said["word"], page.said["state"]) == ("files whole", "good")


def test_a_replay_that_differs_is_said_and_told_with_the_bar_it_begins_at(open_page: Any, folder: Path) -> None:
    manifest = folder / "live" / MANIFEST
    end_us = open_recording(folder / "live").vouched_us
    manifest.write_text(manifest.read_text().replace(f'"vouched_us": {end_us}', f'"vouched_us": {end_us + SECOND}'))
    page, told = open_page("live"), []
    page.hub.library.on_proved = lambda recording, proof: told.append((recording.name, proof.status, proof.at_us))
    page.press()
    assert (page.said["word"], page.said["state"]) == ("digest differs", "bad")
    page.hub.close()
    assert told == [("live", "differs", START_US // SECOND * SECOND + 8 * SECOND)]


def test_what_another_version_found_is_said_and_not_claimed(open_page: Any, folder: Path) -> None:
    verdict = KeptVerdict(outcome="same", sentence="it was fine", checked_us=START_US, version="0.0.1")
    keep_verdict(open_recording(folder / "live"), verdict)
    said = open_page("live").said
    assert said["word"] == "digest unchecked"
    assert "Livepairs 0.0.1 found at 2023-11-14T22:13:20Z: it was fine" in said["finding"]
    assert f"This is {__version__}" in said["finding"]


def test_how_far_a_check_has_come_is_said(folder: Path) -> None:
    said = of_recording(open_recording(folder / "live"), Proof("checking", share=0.345))
    assert (said.state, said.word, said.detail, said.can_check) == ("busy", "checking", "34 %", False)


def test_while_recording_the_digest_runs() -> None:
    session = SessionState(path=Path("x"), bars=1_200, pairs=600, events=3, digest="ab" * 32)
    said = of_tape(TapeState("recording", "tonight", START_US, session))
    assert (said.state, said.word, said.detail) == ("run", "digest running", "1,803 rows")
    assert said.facts[0][:2] == ("Digest so far", "ab" * 8)
    stuck = of_tape(TapeState("recording", "tonight", START_US, session, "the disk is full"))
    assert (stuck.state, stuck.finding) == ("bad", "Not writing right now: the disk is full.")
    assert of_tape(TapeState("saving", "tonight")).word == "sealing"
    assert of_tape(TapeState("failed", "tonight", sentence="no room")).finding == ""
    assert of_tape(TapeState()).word == "not recorded"


def test_a_live_run_shows_the_proof_of_what_it_recorded_last(open_page: Any) -> None:
    page = open_page("imported")
    tape = SimpleNamespace(state=TapeState("saved", "live"))
    page.badge._run = SimpleNamespace(kind="live", taping=tape)
    assert page.said["title"] == "Proof of live"
    tape.state = TapeState("recording", "another")
    assert page.said["word"] == "digest running"
    tape.state = TapeState("saved", "deleted-since")
    assert page.said["word"] == "not recorded"
