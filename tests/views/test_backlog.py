"""Whether a browser keeps up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bokeh.document import Document

from livepairs.views.backlog import is_behind


def seen_by(*connections: Any) -> Any:
    session = SimpleNamespace(_subscribed_connections=set(connections))
    return SimpleNamespace(session_context=SimpleNamespace(session=session))


class Connection:
    def __init__(self, *, is_writing: bool) -> None:
        stream = SimpleNamespace(writing=lambda: is_writing)
        self._socket = SimpleNamespace(ws_connection=SimpleNamespace(stream=stream))


class Closed:
    _socket = SimpleNamespace(ws_connection=None)


def test_a_browser_that_has_not_taken_the_last_message_is_behind() -> None:
    assert is_behind(seen_by(Connection(is_writing=True)))


def test_one_that_took_everything_is_not_nor_is_one_that_is_gone() -> None:
    assert not is_behind(seen_by(Connection(is_writing=False), Closed()))
    assert not is_behind(seen_by())
    assert not is_behind(Document())
