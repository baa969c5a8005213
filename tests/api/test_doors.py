"""Both doors carry the same answers: Tornado's over a socket, ASGI's by hand; a reader that leaves is let go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.testing import bind_unused_port
from tornado.web import Application

from livepairs.api.asgi_door import VISITOR, ApiApp
from livepairs.api.tornado_door import routes
from tests.api.still import OPERATOR, StillRun, make_api


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


def on_tornado(run: StillRun, scene: Callable[[str], Awaitable[None]]) -> None:
    """Play a scene against a Tornado server on a socket."""

    async def play() -> None:
        gate = SimpleNamespace(who=lambda _request: OPERATOR)
        hub: Any = SimpleNamespace(runs=(run,), gate=gate)
        socket, port = bind_unused_port()
        server = Application(routes(lambda: hub)).listen(0)
        server.add_socket(socket)
        try:
            await scene(f"http://127.0.0.1:{port}")
        finally:
            server.stop()
            await server.close_all_connections()
            AsyncHTTPClient().close()

    asyncio.run(play())


async def get(url: str, **more: Any) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(url, raise_error=False, **more)


def make_run() -> StillRun:
    run = StillRun()
    run.close_bars(2)
    return run


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_page_for_people_is_at_every_end_of_the_way_to_it(path: str) -> None:
    async def scene(base: str) -> None:
        answer = await get(base + path)
        assert (answer.code, answer.effective_url) == (200, f"{base}/api/v1/")
        assert answer.headers["Content-Type"] == "text/html"

    on_tornado(make_run(), scene)


def test_tornado_carries_query_method_and_headers() -> None:
    async def scene(base: str) -> None:
        bars = f"{base}/api/v1/runs/live/bars"
        answer = await get(f"{bars}?symbol=BBB&limit=1")
        page = json.loads(answer.body)
        assert [row["symbol"] for row in page["items"]] == ["BBB"]
        assert answer.headers["Livepairs-Cursor"] == page["cursor"]
        assert (await get(bars, headers={"Accept": "text/csv"})).body.startswith(b'"ts","symbol"')
        assert (await get(bars, method="POST", body="{}")).code == 405
        assert (await get(bars, method="HEAD")).body == b""
        assert (await get(f"{base}/api/v1/recordings/..%2F..%2Fetc")).code == 404

    on_tornado(make_run(), scene)


def test_tornado_sends_rows_as_they_close_and_lets_a_reader_go() -> None:
    run, pieces = make_run(), []

    async def scene(base: str) -> None:
        reader, writer = await asyncio.open_connection(*base.removeprefix("http://").split(":"))
        writer.write(b"GET /api/v1/runs/live/bars HTTP/1.1\r\nHost: here\r\nAccept: text/event-stream\r\n\r\n")
        await until(lambda: run.viewer_count == 1 and bool(run.callbacks))
        run.close_bars(1, first_bar=2)
        pieces.append(await reader.readuntil(b'"AAA"'))
        writer.close()
        await writer.wait_closed()
        await until(lambda: run.viewer_count == 0)

    on_tornado(run, scene)
    assert b"event: row" in pieces[0]
    assert run.callbacks == []


# --- ASGI -------------------------------------------------------------------------------------------------------------


def make_scope(path: str, **headers: str) -> dict[str, Any]:
    encoded = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    target, _, query = path.partition("?")
    return {
        "type": "http", "method": "GET", "root_path": "/desk", "path": f"/desk/api/v1{target}",
        "query_string": query.encode(), "headers": encoded, VISITOR: OPERATOR,
    }  # fmt: skip


def test_asgi_carries_the_same_below_a_prefix() -> None:
    async def scene() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        app = ApiApp(make_api(make_run()))
        await app(make_scope("/runs/live/bars?limit=1", accept="text/csv"), asyncio.Queue().get, send)
        return sent

    start, body = asyncio.run(scene())
    assert (start["status"], dict(start["headers"])[b"content-type"]) == (200, b"text/csv")
    assert body["body"].count(b"\n") == 2


def test_nobody_is_let_in_whom_no_door_has_admitted() -> None:
    async def scene() -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = make_scope("/runs")
        del scope[VISITOR]
        await ApiApp(make_api())(scope, asyncio.Queue().get, send)
        return int(sent[0]["status"])

    assert asyncio.run(scene()) == 401


def test_asgi_lets_a_reader_go_that_has_left() -> None:
    async def scene() -> None:
        run = make_run()
        received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        app = ApiApp(make_api(run))
        scope = make_scope("/runs/live/bars", accept="text/event-stream")
        serving = asyncio.ensure_future(app(scope, received.get, send))
        await until(lambda: run.viewer_count == 1 and bool(run.callbacks))
        run.close_bars(1, first_bar=2)
        await until(lambda: len(sent) == 3)
        received.put_nowait({"type": "http.disconnect"})
        await serving
        assert b"event: row" in sent[2]["body"]
        assert (run.viewer_count, run.callbacks) == (0, [])

    asyncio.run(scene())
