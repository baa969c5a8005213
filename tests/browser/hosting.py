"""A host's page in the browser: served here, listened to, and waited for. No tests here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.browser.serving import PATIENCE_MS, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

EXAMPLE = (ROOT / "examples" / "static_host.html").read_text("utf-8")

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


def opened(browser: Browser, url: str, *, width: int = 1280) -> Page:
    """Return a host's page, which notes what the element tells it."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(LISTENS)
    page.goto(url)
    return page


def wait_for(page: Page, type_: str, condition: str = "true") -> None:
    """Wait until the host has heard an event whose detail ``d`` meets a condition."""
    page.wait_for_function(f"() => heard.some(([type, d]) => type === {type_!r} && ({condition}))")


def told(page: Page, orders: str) -> None:
    """Forget what was heard, and give the element, ``e``, orders."""
    page.evaluate(f"() => {{ heard.length = 0; const e = document.querySelector('live-pairs'); {orders} }}")


def inner(page: Page) -> Frame:
    """Return the page of ours inside the host's."""
    element = page.locator("live-pairs iframe").element_handle()
    frame = element.content_frame()
    assert frame is not None
    return frame
