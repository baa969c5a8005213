"""A page whose panels may fail: one stops with a sentence, the others live on."""

from __future__ import annotations

import logging
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document

from livepairs.views.screen import Screen


class Counter:
    """A panel that counts how often it was refreshed."""

    def __init__(self, *, fails_at: int = 0) -> None:
        self.view = pn.pane.HTML("alive")
        self.refreshes = 0
        self._fails_at = fails_at

    def refresh(self) -> None:
        self.refreshes += 1
        if self.refreshes == self._fails_at:
            raise RuntimeError("no such bar")


class FakeRun:
    """Counts its viewers and holds on to the callback it was given."""

    def __init__(self) -> None:
        self.viewers = 0
        self.callbacks: list[Any] = []

    def add_viewer(self) -> None:
        self.viewers += 1

    def remove_viewer(self) -> None:
        self.viewers -= 1

    def subscribe(self, callback: Any) -> Any:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)


@pytest.fixture
def screen() -> Screen:
    return Screen(FakeRun())  # type: ignore[arg-type]  # the part of a run that a screen uses


def connect(screen: Screen) -> None:
    screen._document = Document()


def test_a_failing_panel_shows_a_sentence_and_the_rest_lives_on(
    screen: Screen, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = Counter(fails_at=2), Counter()
    place = screen.add("price", lambda: bad)
    screen.add("tape", lambda: good)
    connect(screen)
    with caplog.at_level(logging.ERROR):
        screen.refresh()
        screen.refresh()
    assert "The price panel stopped: RuntimeError: no such bar" in place.objects[0].object
    assert (bad.refreshes, good.refreshes) == (2, 3)
    assert [record.getMessage() for record in caplog.records] == ["the price panel failed"]


def test_a_panel_that_cannot_be_built_shows_a_sentence(screen: Screen, caplog: pytest.LogCaptureFixture) -> None:
    def build() -> Counter:
        raise ValueError("no pair")

    place = screen.add("spread", build)
    assert 'role="alert"' in place.objects[0].object
    assert caplog.records[0].getMessage() == "the spread panel failed"


def test_a_page_that_never_connects_is_never_refreshed(screen: Screen) -> None:
    panel = Counter()
    screen.add("price", lambda: panel)
    screen.refresh()
    assert panel.refreshes == 1


def test_leaving_gives_back_the_subscription_and_the_viewer(screen: Screen) -> None:
    run: Any = screen.run
    run.add_viewer()
    screen._unsubscribe = run.subscribe(screen.refresh)
    screen._leave(None)
    screen._leave(None)
    assert (run.viewers, run.callbacks) == (0, [])
