"""What goes wrong tells a browser nothing of this machine, and a page that is closed leaves no traceback."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any
from unittest.mock import Mock

import pytest
from bokeh.protocol import Protocol
from bokeh.protocol.messages.error import error
from bokeh.server.connection import ServerConnection
from bokeh.server.protocol_handler import ProtocolHandler

from livepairs.views.serving.discretion import be_discreet

LOGGERS = ("tornado.application", "bokeh.server.protocol_handler")


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error, "create", error.create)
    for name in LOGGERS:
        monkeypatch.setattr(logging.getLogger(name), "filters", [])


def test_a_browser_that_sends_nonsense_learns_no_folder_of_the_server() -> None:
    """Bokeh sent the whole traceback to whoever made it fail."""
    be_discreet()
    try:
        raise RuntimeError(f"no such event in {__file__}")
    except RuntimeError as failure:
        told = Protocol().create("ERROR", "1", repr(failure))
    assert __file__ not in told.content_json
    assert told.content["traceback"] is None
    assert told.header["reqid"] == "1"


def _record(failure: Any) -> logging.LogRecord:
    try:
        failure()
    except AssertionError:
        return logging.LogRecord("tornado.application", logging.ERROR, "", 1, "Uncaught", (), sys.exc_info())
    raise RuntimeError("it should have failed")


@pytest.mark.parametrize("name", LOGGERS)
def test_a_page_that_closes_after_its_session_leaves_no_traceback(name: str) -> None:
    be_discreet()
    be_discreet()
    connection = ServerConnection(Mock(), Mock(), Mock(), Mock())
    connection.detach_session()
    assert len(logging.getLogger(name).filters) == 1
    assert not logging.getLogger(name).filter(_record(lambda: connection.session))


def test_what_a_browser_sent_is_not_logged_when_it_cannot_be_handled(caplog: pytest.LogCaptureFixture) -> None:
    be_discreet()
    handling = ProtocolHandler()
    message = Protocol().create("PULL-DOC-REQ")
    message.content["typed"] = "https://hooks.example/secret"
    connection = Mock(spec=["error"])  # it has no session, which is what goes wrong
    asyncio.run(handling.handle(message, connection))
    assert "could not be handled: AttributeError" in caplog.text
    assert "secret" not in caplog.text


def test_any_other_mistake_does() -> None:
    be_discreet()

    def ours() -> None:
        raise AssertionError

    assert logging.getLogger("tornado.application").filter(_record(ours))
