"""A page that says too much is kept waiting, and keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from bokeh.server.protocol_handler import ProtocolHandler

from livepairs.views.serving import manners
from livepairs.views.serving.manners import AT_ONCE, EVENTS_HZ, MOST_EVENTS, TalkRate, mind_manners


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProtocolHandler, "handle", ProtocolHandler.handle)


class Server:
    """Bokeh's handler of messages with what it would do replaced, and the waits written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[float] = []
        self.taken = AsyncMock(return_value="done")
        monkeypatch.setattr(manners, "_take", self.taken)
        monkeypatch.setattr(manners, "asyncio", SimpleNamespace(sleep=self._sleep))
        monkeypatch.setattr(manners, "time", SimpleNamespace(monotonic=lambda: sum(self.waits)))
        mind_manners()

    async def _sleep(self, wait_s: float) -> None:
        self.waits.append(wait_s)

    def hear(self, kind: str, content: Any, page: Mock) -> Any:  # what Bokeh would answer
        message = SimpleNamespace(msgtype=kind, content=content)
        return asyncio.run(ProtocolHandler().handle(message, page))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def test_what_a_page_says_while_it_is_used_is_taken_in_at_once(server: Server) -> None:
    page = Mock()
    assert server.hear("PULL-DOC-REQ", {}, page) == "done"
    for _ in range(100):
        assert server.hear("PATCH-DOC", {"events": [{}]}, page) == "done"
    assert set(server.waits) == {0.0}


def test_whoever_talks_without_end_is_heard_at_a_bearable_rate(server: Server) -> None:
    page, said = Mock(), 50 * MOST_EVENTS
    for _ in range(50):
        server.hear("PATCH-DOC", {"events": [{}] * MOST_EVENTS}, page)
    assert server.taken.await_count == 50
    assert sum(server.waits) == pytest.approx((said - AT_ONCE) / EVENTS_HZ)


def test_another_page_does_not_wait_for_it(server: Server) -> None:
    loud, quiet = Mock(), Mock()
    for _ in range(10):
        server.hear("PATCH-DOC", {"events": [{}] * MOST_EVENTS}, loud)
    server.waits.clear()
    server.hear("PATCH-DOC", {"events": [{}]}, quiet)
    assert server.waits == [0.0]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param("PATCH-DOC", {"events": [{}] * (MOST_EVENTS + 1)}, id="more at once than any page says"),
        pytest.param("PUSH-DOC", {"doc": {}}, id="another document in place of ours"),
    ],
)
def test_what_no_page_of_ours_says_is_left_out(
    server: Server, kind: str, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    page = Mock()
    assert server.hear(kind, content, page) is page.error.return_value
    assert not server.taken.called
    assert kind in caplog.text


@pytest.mark.parametrize("content", [None, [], {"events": None}, {"events": {"a": 1}}])
def test_nonsense_is_for_bokeh_to_refuse(server: Server, content: Any) -> None:
    assert server.hear("PATCH-DOC", content, Mock()) == "done"


def test_many_large_messages_that_are_left_out_are_paid_for_too(server: Server) -> None:
    page = Mock()
    for _ in range(2):
        server.hear("PATCH-DOC", {"events": [{}] * 2_000}, page)
    assert sum(server.waits) == pytest.approx(AT_ONCE / EVENTS_HZ)


def test_a_page_that_was_silent_may_say_as_much_at_once_again() -> None:
    rate = TalkRate()
    assert rate.wait_s(AT_ONCE, 0.0) == 0.0
    assert rate.wait_s(AT_ONCE, AT_ONCE / EVENTS_HZ) == 0.0
