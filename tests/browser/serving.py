"""Starts the app the two ways users do, and asks a page in the browser what it holds. No tests here."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
RECORDING = ROOT / "recordings" / "demo"
START_S = 120.0
PATIENCE_MS = 60_000
"""How long a browser may take on a machine that is busy with other work."""
SHORT_LIVES = {"LIVEPAIRS_RUN_IDLE_S": "5", "LIVEPAIRS_DATABASE_URL": "sqlite://"}
"""Runs and history that were left behind must not go on beside the next test."""


@contextmanager
def livepairs_serve(*arguments: str, port: int = 0, **environment: str) -> Iterator[str]:
    """Run ``livepairs serve`` and yield its URL without the last slash."""
    with livepairs_process(*arguments, port=port, **environment) as (url, _process, _lines):
        yield url


@contextmanager
def livepairs_process(
    *arguments: str, port: int = 0, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str], list[str]]]:
    """Run ``livepairs serve``; yield its URL without the last slash, its process, and the lines it prints and logs."""
    command = [sys.executable, "-m", "livepairs", "serve", *arguments, "--port", str(port)]
    with _running(command, os.environ | SHORT_LIVES | environment) as (process, lines):
        yield _announced(process, lines), process, lines


def free_port() -> int:
    """Return a port nobody uses, for servers that come one after the other."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def panel_serve(**environment: str) -> Iterator[str]:
    """Run ``panel serve apps/*.py`` and yield its URL without the last slash."""
    port = free_port()
    pages = sorted(str(path) for path in (ROOT / "apps").glob("*.py"))
    command = [sys.executable, "-m", "panel", "serve", *pages, "--port", str(port), "--address", "127.0.0.1"]
    command += ["--allow-websocket-origin", f"127.0.0.1:{port}", "--liveness"]
    with _running(command, os.environ | SHORT_LIVES | environment) as (process, _lines):
        url = f"http://127.0.0.1:{port}"
        _wait_until_answers(process, f"{url}/liveness")
        yield url


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    lines: list[str] = []
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield process, lines
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()


def _announced(process: subprocess.Popen[str], lines: list[str]) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"livepairs is at (http://\S+?)/ ", "".join(lines))
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the server did not announce itself:\n{''.join(lines)}")


def _wait_until_answers(process: subprocess.Popen[str], url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


def ask(base: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return status, headers and body of an answer; a websocket's has no end and is left unread."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, b"" if answer.status == 101 else answer.read()
    finally:
        connection.close()


def knock(base: str, path: str, origin: str, headers: dict[str, str] | None = None, *, shown: str = "") -> int:
    """Return the status a page of that origin gets when it opens the websocket of the page at ``path``.

    ``shown`` is where a host shows that page, if not there.
    """
    token = re.search(rb'"token":\s*"([^"]+)"', ask(base, shown or path, headers)[2])
    assert token is not None
    asked = {
        **(headers or {}),
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "bGl2ZXBhaXJzLXRlc3QhIQ==",
        "Sec-WebSocket-Protocol": f"bokeh, {token[1].decode()}",
        "Origin": origin,
    }
    return ask(base, f"{path}/ws", asked)[0]


class Visitor:
    """A page in the browser that remembers what went wrong in it.

    Parameters
    ----------
    context
        A browser context; the visitor opens one page in it.
    base
        URL of the server, without the last slash.
    """

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._watch)

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.strangers.append(request.url)

    def go(self, path: str) -> Visitor:
        """Open a page of the app and wait until it is drawn."""
        self.page.goto(f"{self.base}/{path}")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until the page is drawn."""
        self.page.wait_for_function("() => window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")

    def model(self, name: str, expression: str) -> Any:
        """Return the value of an expression of the named model, as ``m``."""
        return self.page.evaluate(
            f"() => {{ const m = Bokeh.documents[0].get_model_by_name({name!r}); return {expression} }}"
        )

    def wait_for(self, name: str, condition: str) -> None:
        """Wait until a condition on the named model, as ``m``, holds."""
        self.page.wait_for_function(
            f"() => {{ const m = Bokeh.documents[0].get_model_by_name({name!r}); return m && ({condition}) }}"
        )

    def newest(self, source: str) -> float:
        """Return the time of a source's newest row, once it has one."""
        self.wait_for(source, "m.data.ts.length > 0")
        return float(self.model(source, "m.data.ts[m.data.ts.length - 1]"))

    def wait_for_newer(self, source: str, than: float) -> None:
        """Wait until a source has a row newer than that."""
        self.wait_for(source, f"m.data.ts[m.data.ts.length - 1] > {than}")

    def clock_ms(self) -> float:
        """Return the event time the deck shows."""
        return float(self.model("Deck", "m.data.now_ms"))

    def press(self, name: str) -> None:
        """Press a button of the deck."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def pause(self) -> None:
        """Press pause and wait until the server has held the run."""
        self.press("Pause")
        self.wait_for("Deck", "m.data.status === 'paused'")


@contextmanager
def visiting(browser: Browser, base: str, *, width: int = 1280, height: int = 800) -> Iterator[Visitor]:
    """Yield a visitor in a fresh browser profile."""
    context = browser.new_context(viewport={"width": width, "height": height})
    try:
        yield Visitor(context, base)
    finally:
        context.close()
