"""A refresh's one message says what Bokeh would have said; where it may not be written, Bokeh says it."""

from __future__ import annotations

import json
import threading
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
from livepairs.views.letter import append, frame, replace, tell, writing


class Stream:
    """What is written to a browser."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def closed(self) -> bool:
        return self.is_closed


class Socket(WebSocketHandler):
    """A websocket of Tornado's as far as a message to it goes."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.write_lock = SimpleNamespace(_block=SimpleNamespace(_value=1))
        self.ws_connection: Any = SimpleNamespace(
            stream=self.stream,
            _compressor=None,
            is_closing=self.stream.closed,
            write_message=lambda text, **_how: self.stream.write(frame(text.encode())),
        )


class Page:
    """A document with a source and a line, open in a browser."""

    def __init__(self) -> None:
        self.document = Document()
        self.source = ColumnDataSource({"ts": [1.0, 2.0], "z": [0.5, float("nan")]}, name="z")
        self.line = Span(dimension="width", location=1.0)
        self.document.add_root(self.source)
        self.document.add_root(self.line)
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
        texts, data = [], self.socket.stream.written
        self.socket.stream.written = b""
        while data:
            size = data[1]
            start = {126: 4, 127: 10}.get(size, 2)
            size = int.from_bytes(data[2:start]) if start > 2 else size
            texts.append(data[start : start + size].decode())
            data = data[start + size :]
        names = {self.source.id: "source", self.line.id: "line"}
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
    """Change all that can be changed."""
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
    assert ours[1]["data"]["entries"] == [["ts", [4.0]], ["z", [{"type": "number", "value": "nan"}]]]


def test_the_server_holds_what_the_browser_does(page: Page) -> None:
    with writing(page.document):
        change(page)
    np.testing.assert_array_equal(page.source.data["ts"], [2.0, 3.0, 4.0])
    np.testing.assert_array_equal(page.source.data["z"], [np.nan, 2.25, np.nan])
    assert (page.line.location, page.line.visible) == (2.5, False)


def test_outside_of_a_refresh_bokeh_is_told_of_each_change(page: Page) -> None:
    change(page)
    assert not page.socket.stream.written
    np.testing.assert_array_equal(page.source.data["ts"], [2.0, 3.0, 4.0])


@pytest.mark.parametrize("why", ["locked", "compressed", "no Tornado"])
def test_where_a_message_may_not_be_written_bokeh_keeps_it(page: Page, why: str, monkeypatch: Any) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("panel.io.document.write_events", lambda _doc, _who, events: kept.extend(events))
    monkeypatch.setattr("panel.io.document.schedule_write_events", lambda _doc, _who, events: kept.extend(events))
    if why == "locked":
        page.socket.write_lock._block._value = 0
    elif why == "compressed":
        page.socket.ws_connection._compressor = object()
    else:
        page.socket.ws_connection = None
    with writing(page.document):
        change(page)
    assert not page.socket.stream.written
    assert [event.kind for event in kept] == ["ColumnDataChanged", "ColumnsStreamed", "ModelChanged", "ModelChanged"]


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


@pytest.mark.parametrize(("size", "head"), [(125, "817d"), (126, "817e007e"), (65536, "817f0000000000010000")])
def test_the_length_of_a_frame_is_written_as_the_rfc_says(size: int, head: str) -> None:
    assert frame(b"a" * size) == bytes.fromhex(head) + b"a" * size
