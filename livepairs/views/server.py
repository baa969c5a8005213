"""The web server: all pages on one port, an answer for whoever asks whether it is alive, and who may connect.

Used by the commands ``serve`` and ``demo``. ``panel serve apps/*.py`` serves the same pages without it.
"""

from __future__ import annotations

import asyncio
import signal
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from panel.io.server import get_server
from tornado.web import RedirectHandler, RequestHandler
from tornado.websocket import WebSocketClosedError

from livepairs.errors import ConfigError
from livepairs.hub import get_hub
from livepairs.views import pages
from livepairs.views.exposure import check_address
from livepairs.views.prompt import answer_promptly

__all__ = ["Listening", "serve_pages"]

HOME = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, and what to do once it answers.

    Parameters
    ----------
    address
        An IP address or host name; empty means every interface.
    port
        0 takes a free one.
    is_public_allowed
        The user has said that others may connect without authentication.
    opens_browser
        Show the first page in the user's browser.
    announce
        Called with the URL as soon as the port answers.
    """

    address: str
    port: int
    is_public_allowed: bool = False
    opens_browser: bool = False
    announce: Callable[[str], None]


class _Alive(RequestHandler):
    """Says that the process answers; makes no session."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "ok"})


class _Ready(_Alive):
    """Says whether a page could be shown; makes no session."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        failed = [run.id for run in get_hub().runs if run.kind == "live" and run.state.status == "failed"]
        self.set_status(503 if failed else 200)
        self.write({"status": "failed" if failed else "ready", "runs": len(get_hub().runs)})


def serve_pages(listening: Listening) -> None:
    """Serve every page until interrupted.

    Raises
    ------
    ConfigError
        If the address may not be used or the port cannot be had.
    """
    check_address(listening.address, is_public_allowed=listening.is_public_allowed)
    server = _bound(listening)
    url = f"http://{_shown(listening.address)}:{server.port}/"
    server.start()
    loop = asyncio.get_event_loop_policy().get_event_loop()
    loop.set_exception_handler(_ignore_closed)
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(server.io_loop.stop))
    loop.call_soon(listening.announce, url)
    if listening.opens_browser:
        loop.call_soon(webbrowser.open, url)
    try:
        server.io_loop.start()
    finally:
        server.stop()


def _ignore_closed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep out of the log that a browser was closed while something was on its way to it."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _bound(listening: Listening) -> Any:  # panel's Server, which has no types
    found = pages.found()
    patterns = [
        (r"/", RedirectHandler, {"url": f"./{HOME}", "permanent": False}),
        (r"/healthz", _Alive),
        (r"/readyz", _Ready),
    ]
    port = listening.port
    answer_promptly()
    try:
        return get_server(
            {name: module.page for name, module in found.items()},
            port=port,
            address=listening.address or None,
            websocket_origin=_origins(listening.address, port),
            extra_patterns=patterns,
            title={name: pages.titled(module) for name, module in found.items()},
        )
    except OSError as error:
        raise ConfigError(
            f"port {port} of {listening.address} cannot be had ({error.strerror}); "
            "stop what uses it, or name another one with --port (0 takes a free one)"
        ) from error


def _origins(address: str, port: int) -> list[str] | None:
    """Return the hosts a page may come from; None lets Bokeh take its own: this port of localhost."""
    if port == 0:
        return None
    names = dict.fromkeys([_shown(address), "localhost", "127.0.0.1"])
    return [f"{name}:{port}" for name in names]


def _shown(address: str) -> str:
    if address in ("", "0.0.0.0", "::"):
        return "localhost"
    return f"[{address}]" if ":" in address else address
