"""A page of ours inside a host's page of another origin: shown, heard, steered; and a stranger's is shown nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import PATIENCE_MS, RECORDING, ROOT, livepairs_serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.soak]

LISTENS = """
window.heard = []
for (const type of ["ready", "pair", "time", "alert", "error"])
  addEventListener(`livepairs-${type}`, (event) => heard.push([type, event.detail]))
"""


@contextmanager
def hosting(pages: dict[str, str]) -> Iterator[str]:
    """Serve these texts as HTML, by their path, and yield the origin."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(LISTENS)
    page.goto(url)
    return page


def wait_for(page: Page, type_: str, condition: str = "true") -> None:
    """Wait until the host has heard an event whose detail ``d`` meets a condition."""
    page.wait_for_function(f"() => heard.some(([type, d]) => type === {type_!r} && ({condition}))")


def test_a_host_shows_a_page_hears_of_it_and_steers_it(
    chromium_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: dict[str, str] = {}
    with hosting(pages) as host, hosting(pages) as stranger:
        monkeypatch.setenv("LIVEPAIRS_ORIGINS", host)
        with livepairs_serve(str(RECORDING), "--speed", "20") as base:
            text = (ROOT / "examples" / "static_host.html").read_text("utf-8")
            pages["/"] = text.replace("http://127.0.0.1:5006", base)
            page = opened(chromium_browser, host)
            wait_for(page, "ready", "d.page === 'spread' && d.recording === 'demo'")
            wait_for(page, "alert", "d.subject === 'ETHUSDT/BTCUSDT' && d.message")
            page.get_by_role("button", name="Pause").click()
            wait_for(page, "time", "d.status === 'paused'")
            page.evaluate("() => document.querySelector('live-pairs').seek('2026-01-05T09:00:00Z')")
            wait_for(page, "time", "d.now === Date.parse('2026-01-05T09:00:00Z')")
            page.get_by_label("Pair").select_option("SOLUSDT/BTCUSDT")
            wait_for(page, "ready", "d.pair === 'SOLUSDT/BTCUSDT'")
            runs = page.evaluate("() => heard.filter(([type]) => type === 'ready').map(([_, d]) => d.run)")
            assert len(set(runs)) == 1
            inside = page.frame_locator("live-pairs iframe")
            inside.get_by_text("Hedge ratio").first.wait_for()
            assert not inside.get_by_role("navigation").first.is_visible()
            page.close()

            other = chromium_browser.new_page()
            with other.expect_event("console", lambda said: "frame-ancestors" in said.text, timeout=PATIENCE_MS):
                other.goto(stranger)
            other.close()
