"""A server of one small page, and a client without manners that tries to get in. No tests here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
from tornado.web import RequestHandler
from yarl import URL

from livepairs.config import Settings
from livepairs.views.serving import server as serving

PASSWORD = "three plain words"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "bGl2ZXBhaXJzLXRlc3QhIQ==",
}


class Extra(RequestHandler):
    """A route that nobody told the door of."""

    def get(self) -> None:
        self.write("secret figures")

    def post(self) -> None:
        self.write("changed")


class Burglar:
    """A client without manners: it sends what it is told, follows nothing and keeps no cookies."""

    def __init__(self, client: aiohttp.ClientSession, port: int) -> None:
        self.client, self.port = client, port
        self.base = f"http://127.0.0.1:{port}"

    async def ask(self, path: str, /, *, method: str = "GET", **headers: str) -> Any:
        """Return status, headers and text of an answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, URL(self.base + path, encoded=True), headers=named, allow_redirects=False
        ) as answer:
            return SimpleNamespace(status=answer.status, headers=answer.headers, text=await answer.text())

    async def sign_in(self, name: str = "ann", password: str = PASSWORD, **more: str) -> Any:
        """Return the answer to a sign-in."""
        data = {"name": name, "password": password}
        headers = {"Origin": more.pop("Origin", self.base)}
        url = URL(f"{self.base}/login?next={more.get('next', '')}", encoded=True)
        async with self.client.post(url, data=data, headers=headers, allow_redirects=False) as answer:
            return SimpleNamespace(status=answer.status, headers=answer.headers, text=await answer.text())

    async def cookie(self, name: str = "ann") -> str:
        """Return the cookie of somebody who signed in."""
        return str((await self.sign_in(name)).headers["Set-Cookie"]).partition(";")[0]

    async def token(self, cookie: str) -> str:
        """Return the token in a page."""
        page = await self.ask("/market", Cookie=cookie)
        found = re.search(r'"token":"([^"]+)"', page.text)
        assert found is not None, page.text[:500]
        return found[1]

    async def socket(self, token: str, **headers: str) -> int:
        """Return the status of an attempt to open a websocket."""
        named = {"Origin": self.base, **UPGRADE, "Sec-WebSocket-Protocol": f"bokeh, {token}", **headers}
        named = {name: value for name, value in named.items() if value}
        async with self.client.get(f"{self.base}/market/ws", headers=named) as answer:
            return answer.status


Story = Callable[[Burglar], Awaitable[None]]


async def told(story: Story, settings: Settings) -> None:
    """Play a story against a server with these settings."""
    server = serving.open_server(settings)
    server.start()
    jar = aiohttp.DummyCookieJar()
    try:
        async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(60)) as client:
            await story(Burglar(client, server.port))
    finally:
        server.stop()
        await asyncio.sleep(0)
