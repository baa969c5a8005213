"""Many viewers without a browser: websocket sessions that speak Bokeh's protocol as a page does.

A viewer asks for the page, takes the token from it, opens the websocket, pulls the document and says that it is drawn;
from then on it is told what a browser is told. It reads every message whole, and notes when rows of bars arrive.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any, Final
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.websocket import WebSocketClientConnection, websocket_connect

__all__ = ["Arrival", "Viewer", "enter"]

PATIENCE_S: Final = 120.0
"""How long anything may take: a page on a busy machine, the next message of a page that plays."""

_TOKEN: Final = re.compile(r'"token":"([^"]+)"')
_NAMED: Final = "bars-y"
"""The data source of closed bars on the market page."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A closed bar at a viewer: begin of the bar, and when its row came, both milliseconds since 1970."""

    bar_ms: float
    came_ms: float


@dataclass(slots=True)
class Viewer:
    """One page that is open.

    Parameters
    ----------
    socket
        Its websocket.
    """

    socket: WebSocketClientConnection
    messages: int = 0
    """Updates it was sent."""
    size: int = 0
    """Characters of them."""
    arrivals: list[Arrival] = field(default_factory=list)
    source: str = ""
    """Id of the model that holds closed bars."""
    newest_ms: float = 0.0
    renewals: int = 0
    """How often all of its bars were sent anew instead of those that closed."""

    @classmethod
    async def arrive(cls, url: str) -> Viewer:
        """Open a page, as a browser does, and return once it has drawn it."""
        client = AsyncHTTPClient(force_instance=True)
        answer = await client.fetch(HTTPRequest(url, request_timeout=PATIENCE_S, connect_timeout=PATIENCE_S))
        client.close()
        found = _TOKEN.search(html.unescape(answer.body.decode()))
        assert found is not None, "the page has no token"
        where = urlsplit(url)
        socket = await websocket_connect(
            HTTPRequest(
                f"ws://{where.netloc}{where.path}/ws",
                headers=HTTPHeaders({"Origin": f"http://{where.netloc}"}),
                request_timeout=PATIENCE_S,
                connect_timeout=PATIENCE_S,
            ),
            subprotocols=["bokeh", found[1]],
            max_message_size=64 << 20,
        )
        viewer = cls(socket)
        assert (await viewer.hear())[0] == "ACK"
        await viewer.say("PULL-DOC-REQ", {})
        while (heard := await viewer.hear())[0] != "PULL-DOC-REPLY":
            pass
        viewer.source = _model_named(heard[1], _NAMED)
        await viewer.say("PATCH-DOC", {"events": [_DRAWN]})
        return viewer

    async def say(self, kind: str, content: dict[str, Any]) -> None:
        """Send one message."""
        header = {"msgid": f"{time.monotonic_ns()}", "msgtype": kind}
        for part in (header, {}, content):
            await self.socket.write_message(json.dumps(part))

    async def hear(self) -> tuple[str, Any]:
        """Return the kind and the content of the next message; what is binary in it is read and left out."""
        header = json.loads(await self._part())
        await self._part()
        content = await self._part()
        for _ in range(2 * int(header.get("num_buffers", 0))):
            await self._part()
        self.messages += 1
        self.size += len(content)
        return header["msgtype"], json.loads(content)

    async def watch(self) -> None:
        """Take what comes until the page is closed."""
        while True:
            try:
                kind, content = await self.hear()
            except ConnectionError:
                return
            if kind == "PATCH-DOC":
                self._note(content["events"], time.time() * 1e3)

    def hold_little(self) -> None:
        """Have the system keep little of what has come and is not read yet."""
        self.socket.protocol.stream.socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)

    def leave(self) -> None:
        """Close the page: say so, and hang up, for the server may not answer any more."""
        protocol = self.socket.protocol
        self.socket.close()
        if protocol is not None:
            protocol.stream.close()

    async def _part(self) -> Any:  # text, or bytes
        part = await asyncio.wait_for(self.socket.read_message(), PATIENCE_S)
        if part is None:
            raise ConnectionError("the server has closed the page")
        return part

    def _note(self, events: Sequence[dict[str, Any]], came_ms: float) -> None:
        for event in events:
            is_ours = event.get("model", {}).get("id") == self.source
            self.renewals += is_ours and event["kind"] in ("ModelChanged", "ColumnDataChanged")
            if is_ours and event["kind"] == "ColumnsStreamed":
                times = event["data"].get("entries", event["data"])
                times = dict(times)["ts"] if isinstance(times, list) else times["ts"]
                # A page that skipped some has them come late together, and each of them counts.
                fresh = [bar_ms for bar_ms in times if bar_ms > self.newest_ms]
                self.arrivals += [Arrival(bar_ms, came_ms) for bar_ms in fresh]
                self.newest_ms = max([self.newest_ms, *fresh])


async def enter(url: str, viewers: int, *, at_once: int = 4) -> list[Viewer]:
    """Open that many pages, some at a time, as visitors come."""
    room = asyncio.Semaphore(at_once)

    async def one() -> Viewer:
        async with room:
            return await Viewer.arrive(url)

    return list(await asyncio.gather(*(one() for _ in range(viewers))))


_DRAWN: Final = {
    "kind": "MessageSent",
    "msg_type": "bokeh_event",
    "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map"}},
}


def _model_named(document: Any, name: str) -> str:
    """Return the id of the model of that name in a document as Bokeh sends it."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            if part.get("type") == "object" and part.get("attributes", {}).get("name") == name:
                return str(part["id"])
            waiting += part.values()
    return ""
