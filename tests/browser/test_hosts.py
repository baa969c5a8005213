"""The hosts in examples/, each started as its first lines say: the page is shown, and a foreign origin is refused."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from livepairs.access.passwords import hash_password
from livepairs.access.users import User, Users, write_users
from tests.browser.hosting import inner, opened, told, wait_for
from tests.browser.serving import ROOT, SHORT_LIVES, START_S, ask, knock, livepairs_serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MISSING = [name for name in ("bokeh_fastapi", "django", "fastapi", "flask", "uvicorn") if find_spec(name) is None]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.soak,
    pytest.mark.skipif(bool(MISSING), reason=f"{', '.join(MISSING)} not there; pip install 'livepairs[examples]'"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """Run a host on that port, and yield its origin once it answers."""
    # A page that is reloaded on a busy machine still finds its run.
    told = os.environ | SHORT_LIVES | {"LIVEPAIRS_RUN_IDLE_S": "60"} | environment
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=told)
    try:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        assert process.poll() is None, f"{command} ended"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def uvicorn(target: str) -> Iterator[str]:
    port = free_port()
    command = ["-m", "uvicorn", "--app-dir", "examples", target, "--port", str(port), "--log-level", "warning"]
    with started(command, port) as host:
        yield host


@pytest.fixture(scope="module")
def fastapi_host() -> Iterator[str]:
    yield from uvicorn("fastapi_host:app")


@pytest.fixture(scope="module")
def django_host() -> Iterator[str]:
    yield from uvicorn("django_host:application")


@pytest.fixture(scope="module")
def flask_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the host's origin; the server beside it lets nobody in without a token."""
    users = tmp_path_factory.mktemp("users") / "users.txt"
    write_users(users, Users().with_user(User("op", "operator", hash_password("a password of some length"))))
    port = free_port()
    with ExitStack() as stack:
        options = ("--auth", str(users), "--allow-origin", f"http://127.0.0.1:{port}")
        server = stack.enter_context(livepairs_serve("recordings/demo", "--speed", "60", *options))
        told = {"LIVEPAIRS_SERVER": server, "LIVEPAIRS_USERS": str(users), "PORT": str(port)}
        yield stack.enter_context(started(["examples/flask_host.py"], port, **told))


@pytest.fixture(scope="module")
def panel_host() -> Iterator[str]:
    port = free_port()
    command = ["-m", "panel", "serve", "examples/panel_host.py", "--port", str(port), "--address", "127.0.0.1"]
    with started([*command, "--allow-websocket-origin", f"127.0.0.1:{port}"], port) as host:
        yield host


@pytest.mark.parametrize("name", ["fastapi_host", "django_host", "flask_host"])
def test_a_host_shows_a_page_to_its_user_hears_of_it_and_steers_it(
    name: str, chromium_browser: Browser, request: pytest.FixtureRequest
) -> None:
    page = opened(chromium_browser, request.getfixturevalue(name))
    wait_for(page, "ready", "d.pair === 'ETHUSDT/BTCUSDT'")
    run = page.evaluate("() => document.querySelector('live-pairs').run")
    told(page, "e.speed(1000)")
    wait_for(page, "alert", "d.subject === 'ETHUSDT/BTCUSDT' && d.message")
    told(page, "e.pause()")
    wait_for(page, "time", "d.status === 'paused'")
    told(page, "e.seek('2026-01-05T09:00:00Z')")
    wait_for(page, "time", "d.now === Date.parse('2026-01-05T09:00:00Z')")
    asks = {"page": "market", "pair": "SOLUSDT/BTCUSDT", "theme": "dark", "frame": "deck"}
    told(page, "; ".join(f"e.setAttribute({name!r}, {text!r})" for name, text in asks.items()))
    wait_for(page, "ready", f"d.page === 'market' && d.pair === 'SOLUSDT/BTCUSDT' && d.run === {run!r}")
    wait_for(page, "time", "d.now === Date.parse('2026-01-05T09:00:00Z') && d.status === 'paused'")
    inside = inner(page)
    inside.get_by_role("button", name="Play", exact=True).wait_for()
    assert "dark" in (inside.locator("html").get_attribute("class") or "")
    page.close()


def test_a_view_stands_among_those_of_another_panel_app(chromium_browser: Browser, panel_host: str) -> None:
    page = opened(chromium_browser, f"{panel_host}/panel_host")
    page.get_by_text("Hedge ratio").first.wait_for()
    page.get_by_label("Notes of the desk").first.wait_for()
    page.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [("fastapi_host", "/livepairs/spread"), ("django_host", "/livepairs/market"), ("panel_host", "/panel_host")],
)
def test_a_foreign_origin_gets_no_websocket(name: str, path: str, request: pytest.FixtureRequest) -> None:
    host = request.getfixturevalue(name)
    brought = {"Cookie": "our-user=ann"}
    for origin, status in ((host, 101), ("http://evil.example", 403)):
        # A token opens one page, so each knock has its own.
        shown = f"{path}?token={ask(host, '/token')[2].decode()}" if name == "django_host" else path
        assert knock(host, path, origin, brought, shown=shown) == status


def test_the_hosts_are_the_files_there_are() -> None:
    listed = set(re.findall(r"\| `(\w+\.\w+)`", (ROOT / "examples" / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in Path(ROOT / "examples").iterdir() if path.suffix in (".py", ".html")}
