"""Carries requests and answers for a host that serves the pages itself (ASGI: FastAPI, Starlette, Django)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from livepairs.api.messages import Request
from livepairs.api.service import Api

__all__ = ["BELOW", "VISITOR", "ApiApp"]

Message = MutableMapping[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BELOW: Final = "/api/v1"

VISITOR: Final = "livepairs.visitor"
"""Where in the scope the door leaves who asks."""


class ApiApp:
    """An ASGI application that answers below ``/api/v1``.

    Parameters
    ----------
    api
        What answers.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        answer = await self._api.answer(_request(scope))
        headers = [(b"content-type", answer.media.encode())]
        headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if isinstance(answer.body, bytes):
            body = b"" if scope["method"] == "HEAD" else answer.body
            await send({"type": "http.response.body", "body": body})
            return
        sending = asyncio.ensure_future(_send(answer.body, send, is_head=scope["method"] == "HEAD"))
        leaving = asyncio.ensure_future(_left(receive))
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _send(pieces: AsyncGenerator[bytes, None], send: Send, *, is_head: bool) -> None:
    async with aclosing(pieces):
        if not is_head:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    """Wait until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(scope: Message) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        path=scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(BELOW),
        query=tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        method=scope["method"],
        accept=headers.get("accept", ""),
        accept_encoding=headers.get("accept-encoding", ""),
        last_event_id=headers.get("last-event-id", ""),
        visitor=scope.get(VISITOR),
    )
