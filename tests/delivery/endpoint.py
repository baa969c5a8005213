"""An endpoint on loopback that keeps what it is sent, and answers as it is told. No tests here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

KEY = b"correct-horse-battery-staple"
PATH = "/hooks/T0KEN-of-the-address"


class Endpoint:
    """What has come, and what is answered: a status each in turn, the last one from then on; None never answers."""

    def __init__(self, *answers: int | None, headers: dict[str, str] | None = None) -> None:
        self._answers = list(answers) or [204]
        self._headers = headers or {}
        self._end = asyncio.Event()
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.on_came: Callable[[], object] = lambda: None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.came.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        self.on_came()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            await self._end.wait()
            return web.Response(status=204)
        return web.Response(status=answer, headers=self._headers)


@asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncIterator[Endpoint]:
    """Serve an endpoint while the block lasts."""
    app = web.Application()
    app.router.add_post(PATH, endpoint._handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    endpoint.url = f"http://{host}:{port}{PATH}"
    try:
        yield endpoint
    finally:
        endpoint._end.set()
        await runner.cleanup()
