"""The deck's orders: what they do to the run, who may give them, and what a browser that sends nonsense achieves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from livepairs.access import Visitor
from livepairs.config import Settings
from livepairs.hub import Hub, installed
from livepairs.moment import read_moment
from livepairs.pipeline import Pipeline
from livepairs.schema import Marker
from livepairs.stores.recording import Provenance, RecordingWriter
from livepairs.views.deck import transport as deckwork
from livepairs.views.deck.transport import Transport
from livepairs.views.frame.visit import Visit
from tests.factories import make_trades

START_US = 1_700_000_000_000_000
SECOND = 1_000_000


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Return a hub with a minute of two symbols, the second of which comes late after half of it."""
    times = [START_US + second * SECOND for second in range(60)]
    with RecordingWriter(tmp_path / "minute", source="import", symbols=("AAA", "BBB")) as writer:
        writer.append(make_trades("AAA", times))
        late = [moment + (2 * SECOND if second == 30 else 0) for second, moment in enumerate(times)]
        writer.append(make_trades("BBB", times, recv_us=late))
        writer.finish(Provenance(markers=(Marker(START_US + 50 * SECOND, "planted"),)))
    # Given what makes its pipelines, it computes nothing ahead and waits for no compiler.
    hub = Hub(Settings(source=str(tmp_path / "minute"), recordings=str(tmp_path)), make_pipeline=Pipeline)
    monkeypatch.setattr(installed, "_installed", [hub])
    yield hub
    hub.close()


class Page:
    """One visitor's deck, with what it told the browser."""

    def __init__(self, hub: Hub, monkeypatch: pytest.MonkeyPatch, *, page: str = "spread", **said: str) -> None:
        self.run = hub.open_moment(read_moment({"run": "deck-run-1", "at": str(START_US + 30 * SECOND), **said}))
        self.visit = Visit(self.run, self.run.params.pairs[0], is_dark=False, control=said.get("control", ""))
        self.transport = Transport(self.visit, page, lambda: None)
        self.told: list[str] = []
        monkeypatch.setattr(self.transport.view, "send", lambda message: self.told.append(message["notice"]))

    def order(self, act: str, **said: Any) -> None:
        self.transport._act({"act": act, **said})
        self.transport.refresh()

    @property
    def deck(self) -> Any:
        self.transport.refresh()
        return self.transport.view

    @property
    def second(self) -> float:
        return (self.run.state.now_us - START_US) / SECOND


@pytest.fixture
def page(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(hub, monkeypatch)


def test_orders_turn_the_run(page: Page) -> None:
    page.order("seek", value=(START_US + 40 * SECOND + 1) / 1000)
    assert page.run.state.now_us == START_US + 40 * SECOND + 1, "to the microsecond"
    page.order("step", value=-1, kind="tick")
    assert page.second == 40
    page.order("step", value=1, kind="bar")
    assert page.second == 40.5
    page.order("step", value=1, kind="marker")
    assert page.second == 50
    page.order("speed", value=0)
    assert page.run.state.speed == math.inf
    page.order("loop", start=(START_US + 10 * SECOND) / 1000, end=(START_US + 20 * SECOND) / 1000)
    assert page.deck.loop == [(START_US + 10 * SECOND) / 1000, (START_US + 20 * SECOND) / 1000]
    page.order("loop")
    assert page.deck.loop == []
    assert page.deck.healed == "seen"
    page.order("heal", value=True)
    assert page.run.is_healed
    assert page.deck.healed == "healed"
    assert "healed=1" in page.deck.link
    assert page.told == []


def test_what_cannot_be_done_is_told_and_nonsense_is_passed_over(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    page.order("step", value=1, kind="gap")
    page.order("speed", value=5000)
    assert page.told[0] == "There is no gap after this moment."
    assert page.told[1].startswith("Speed 5000.0 is not possible")
    for said in ({"act": "seek"}, {"act": "seek", "value": math.nan}, {"act": "seek", "value": True}, {"act": "fly"}):
        page.order(**said)
    assert page.second == 30
    assert caplog.text.count("was refused") == 4


def test_markers_are_added_changed_and_deleted_but_not_those_of_the_recording(page: Page) -> None:
    at = (START_US + 12 * SECOND) / 1000
    page.order("mark", at=at, label="start", note="look here")
    assert [(label, is_ours) for _, label, _, is_ours in page.deck.markers] == [("start", True), ("planted", False)]
    was = {"at": at, "label": "start", "note": "look here"}
    page.order("mark", at=at, label="begin", note="", was=was)
    assert [label for _, label, _, _ in page.deck.markers] == ["begin", "planted"]
    assert [kind for kind, *_ in page.deck.marks].count("moment") == 2
    page.order("unmark", at=at, label="begin", note="")
    page.order("mark", at=at, label=" ")
    assert [label for _, label, _, _ in page.deck.markers] == ["planted"]
    assert page.told == ["A marker needs a label; give it a word or two."]


def test_whoever_presents_steers_and_the_others_follow(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    presenter, other = Page(hub, monkeypatch), Page(hub, monkeypatch, page="market")
    queries: list[str] = []
    presenter.transport.on_query = queries.append
    presenter.order("present")
    token = presenter.deck.control
    assert presenter.deck.role == "presenting"
    assert f"control={token}" in queries[-1], "the links to other pages hold it"
    assert (other.deck.role, other.deck.control, other.deck.can_steer) == ("following", "", False)
    other.order("seek", value=START_US / 1000)
    other.order("present")
    other.order("unpresent")
    assert other.second == 30
    assert all("whoever holds the control link steers" in told.lower() for told in other.told)
    for forged in (token[:-1], f"{token}x", token.swapcase(), "ä"):
        guesser = Page(hub, monkeypatch, control=forged)
        guesser.order("seek", value=START_US / 1000)
        guesser.order("scene", start=3.0, end=4.0)
        assert (guesser.deck.role, guesser.deck.control, guesser.second) == ("following", "", 30)
    presenter.order("scene", start=1.0, end=2.0)
    assert other.deck.scene == {"page": "spread", "pair": "BBB/AAA", "zoom": (1.0, 2.0), "width": None}
    presenter.order("scene", width=60_000.0)
    assert (other.deck.scene["zoom"], other.deck.scene["width"]) == (None, 60_000.0)
    elsewhere = Page(hub, monkeypatch, page="alerts", control=token)
    elsewhere.transport.enter()
    assert other.deck.scene["page"] == "alerts"
    presenter.transport.leave()
    assert other.deck.role == "following", "another page of the presenter's is open"
    elsewhere.transport.leave()
    assert (other.deck.role, other.deck.can_steer) == ("deserted", False)
    other.order("present")
    assert (other.deck.role, presenter.deck.role) == ("presenting", "following")
    other.order("unpresent")
    presenter.order("present")
    presenter.order("unpresent")
    assert (other.deck.role, other.deck.scene, other.deck.can_steer) == ("", {}, True)


def test_a_viewer_steers_a_replay_of_their_own_and_no_other(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from livepairs.views.frame import visitor as watching

    page.run.stage.claim("ann")
    for key, is_obeyed in (("bob", False), ("", False), ("ann", True)):
        watcher = Visitor("anonymous", "viewer", key)
        monkeypatch.setattr(deckwork, "visitor", lambda watcher=watcher: watcher)
        monkeypatch.setattr(watching, "visitor", lambda _gate=None, watcher=watcher: watcher)
        before = page.second
        page.order("step", value=1)
        assert (page.second != before) == is_obeyed
        page.order("mark", at=START_US / 1000, label="no")
    assert [told.split(";")[0] for told in page.told] == [
        "A viewer may not steer a replay that others opened",
        "A viewer may not change the markers of a recording",
    ] * 2 + ["A viewer may not change the markers of a recording"]


def test_the_link_says_what_is_computed_and_leads_back_to_it(page: Page, hub: Hub) -> None:
    lasting = page.visit.lasting
    assert page.run.recording is not None
    assert (lasting.recording, lasting.digest) == ("minute", page.run.recording.digest[:16])
    moment = page.visit.moment()
    assert (moment.at_us, moment.plays) == (START_US + 30 * SECOND, False)
    again = hub.open_moment(moment)
    assert again is not page.run
    assert (again.state.now_us, again.params) == (page.run.state.now_us, page.run.params)
