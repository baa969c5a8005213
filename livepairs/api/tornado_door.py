"""Carries requests and answers for Tornado, the server of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import parse_qsl

from tornado.iostream import StreamClosedError
from tornado.web import RedirectHandler, RequestHandler

from livepairs.api.messages import Request
from livepairs.api.service import Api
from livepairs.hub import Hub, get_hub

__all__ = ["ApiHandler", "routes"]

Route = tuple[str, type[RequestHandler], dict[str, Any]]  # Any: what each handler is made with


def routes(hub: Callable[[], Hub] = get_hub) -> list[Route]:
    """Return what a Tornado server needs to answer below ``/api``; a prefix of the server's goes before it."""
    return [
        (r"/api", RedirectHandler, {"url": "./api/v1/", "permanent": False}),
        (r"/api/", RedirectHandler, {"url": "./v1/", "permanent": False}),
        (r"/api/v1", RedirectHandler, {"url": "./v1/", "permanent": False}),
        (r"/api/v1(/.*)", ApiHandler, {"api": Api(hub), "hub": hub}),
    ]


class ApiHandler(RequestHandler):
    """Hands a request to the ``Api`` and sends what it answers, in pieces as fast as the reader takes them."""

    def initialize(self, api: Api, hub: Callable[[], Hub]) -> None:
        self._api, self._hub = api, hub
        self._sending: asyncio.Task[None] | None = None

    async def _handle(self, path: str) -> None:
        answer = await self._api.answer(self._request(path))
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.media)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        if isinstance(answer.body, bytes):
            self.write(answer.body)
            return
        self._sending = asyncio.ensure_future(self._send(answer.body))
        with suppress(asyncio.CancelledError, StreamClosedError):
            await self._sending

    get = head = post = put = patch = delete = _handle  # which methods there are is for the Api to say

    async def _send(self, pieces: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(pieces):
            if self.request.method == "HEAD":
                return
            async for piece in pieces:
                self.write(piece)
                await self.flush()

    def on_connection_close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    def _request(self, path: str) -> Request:
        headers = self.request.headers
        pairs = parse_qsl(self.request.query, keep_blank_values=True)
        return Request(
            path=path,
            query=tuple(pairs),
            method=self.request.method or "GET",
            accept=headers.get("Accept", ""),
            accept_encoding=headers.get("Accept-Encoding", ""),
            last_event_id=headers.get("Last-Event-ID", ""),
            visitor=self._hub().gate.who(self.request),
        )
