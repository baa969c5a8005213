"""A refresh's one message says what Bokeh would have said; where it may not be written, Bokeh says it."""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Span
from bokeh.protocol import Protocol
from panel.io.state import state
from tornado.websocket import WebSocketHandler

from livepairs.views import letter
from livepairs.views.letter import append, replace, tell, writing

KINDS: list[Any] = [
    "a “text” with </script> and \\", "", 7, -1, 2.5, True, None, math.nan, math.inf, -math.inf, 1e300,
    datetime(2026, 1, 5, 8, 10, 2, 500_000, tzinfo=UTC), [1, "two", [math.nan]], (1.5, 2.5), [], {},
    {"z-note": "at the mean", "n": 3, "deep": {"more": [{"ts": 1.0}]}},
]  # fmt: skip


CHANGES = [*["ModelChanged"] * len(KINDS), "ColumnDataChanged", "ColumnsStreamed", "ModelChanged", "ModelChanged"]


class Socket(WebSocketHandler):
    """A websocket of Tornado's as far as a message to it goes."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.write_lock = SimpleNamespace(_block=SimpleNamespace(_value=1))
        self.ws_connection: Any = SimpleNamespace(is_closing=lambda: False, write_message=self._take)

    def _take(self, text: str, **_how: Any) -> Future[None]:
        self.told.append(text)
        return Future()


class Page:
    """A document with a source and a line, open in a browser."""

    def __init__(self) -> None:
        self.document = Document()
        self.source = ColumnDataSource({"ts": [1.0, 2.0], "z": [0.5, float("nan")]}, name="z")
        self.line = Span(dimension="width", location=1.0)
        self.document.add_root(self.source)
        self.document.add_root(self.line)
        self.others = [Span(dimension="width", location=0.0) for _kind in KINDS]
        for model in self.others:
            self.document.add_root(model)
        self.document.models.flush_synced()
        self.socket = Socket()
        connection = SimpleNamespace(_socket=self.socket, protocol=Protocol())
        session = SimpleNamespace(_subscribed_connections=[connection])
        context: Any = SimpleNamespace(session=session, id="some-page")
        self.document._session_context = lambda: context
        self._context = context
        state._loaded[self.document] = True
        state._thread_id_[self.document] = threading.get_ident()

    def events(self) -> list[dict[str, Any]]:
        """Return what has been told, with models by what they are, and forget it."""
        texts, self.socket.told[:] = [*self.socket.told], []
        names = {model.id: place for place, model in enumerate((self.source, self.line, *self.others))}
        found = []
        for header, content in zip(texts[::3], texts[2::3], strict=True):
            assert json.loads(header)["msgtype"] == "PATCH-DOC"
            found += json.loads(content)["events"]
        return [event | {"model": names[event["model"]["id"]]} for event in found]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    # There is no loop on which to wait for what is written to nobody.
    monkeypatch.setattr("panel.io.document._dispatch_write_task", lambda *_args: None)
    return Page()


def change(page: Page) -> None:
    """Change all that can be changed, to values of every kind."""
    for model, kind in zip(page.others, KINDS, strict=True):
        tell(model, tags=[kind])
    replace(page.source, {"ts": np.array([1.0, 2.0, 3.0]), "z": np.array([0.5, np.nan, 2.25])})
    append(page.source, {"ts": np.array([4.0]), "z": np.array([np.nan])}, 3)
    tell(page.line, location=2.5, visible=False)


def test_the_browser_is_told_what_bokeh_would_have_told_it(page: Page) -> None:
    with writing(page.document):
        change(page)
    ours = page.events()
    theirs = Page()
    with writing(theirs.document):
        theirs.line.line_width = 3.0
        change(theirs)
    others = theirs.events()
    assert others.pop(0)["attr"] == "line_width"
    assert ours == others
    assert ours[-3]["data"]["entries"] == [["ts", [4.0]], ["z", [{"type": "number", "value": "nan"}]]]


def test_the_server_holds_what_the_browser_does(page: Page) -> None:
    with writing(page.document):
        change(page)
    np.testing.assert_array_equal(page.source.data["ts"], [2.0, 3.0, 4.0])
    np.testing.assert_array_equal(page.source.data["z"], [np.nan, 2.25, np.nan])
    assert (page.line.location, page.line.visible) == (2.5, False)


def test_outside_of_a_refresh_bokeh_is_told_of_each_change(page: Page) -> None:
    change(page)
    assert not page.socket.told
    np.testing.assert_array_equal(page.source.data["ts"], [2.0, 3.0, 4.0])


@pytest.mark.parametrize("why", ["locked", "closed", "another Bokeh"])
def test_where_a_message_may_not_be_written_bokeh_keeps_it(page: Page, why: str, monkeypatch: Any) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("panel.io.document.write_events", lambda _doc, _who, events: kept.extend(events))
    monkeypatch.setattr("panel.io.document.schedule_write_events", lambda _doc, _who, events: kept.extend(events))
    if why == "locked":
        page.socket.write_lock._block._value = 0
    elif why == "closed":
        page.socket.ws_connection = None
    else:
        monkeypatch.setattr(letter, "_IS_TRIED", False)
    with writing(page.document):
        change(page)
    assert not page.socket.told
    assert [event.kind for event in kept] == CHANGES


def test_what_pages_show_alike_is_made_into_json_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    serialize = letter.serialize_json
    monkeypatch.setattr(letter, "serialize_json", lambda value: made.append(value) or serialize(value))
    monkeypatch.setattr(letter, "current_beat", lambda: 7)
    rows = {"ts": np.array([9.0]), "z": np.array([1.0])}
    pages = [page, Page()]
    for one in pages:
        with writing(one.document):
            replace(one.source, rows)
    assert len(made) == 1
    assert pages[0].events() == pages[1].events()
    monkeypatch.setattr(letter, "current_beat", lambda: 8)
    with writing(page.document):
        replace(page.source, rows)
    assert len(made) == 2, "a new beat"


def test_pages_that_hold_the_same_rows_hold_them_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter, "current_beat", lambda: 9)
    rows = {"ts": np.array([3.0]), "z": np.array([1.0])}
    pages, other = [page, Page()], Page()
    for one in [*pages, other]:
        one.source.data = {"ts": np.array([1.0, 2.0]), "z": np.array([0.5, np.nan])}
    other.source.data["z"] = np.array([0.5, 7.0])
    for one in [*pages, other]:
        with writing(one.document):
            append(one.source, rows, 3000)
    first, second = (one.source.data for one in pages)
    assert all(first[name] is second[name] for name in rows)
    np.testing.assert_array_equal(first["z"], [0.5, np.nan, 1.0])
    np.testing.assert_array_equal(other.source.data["z"], [0.5, 7.0, 1.0])
