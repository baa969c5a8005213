"""The web server: all pages on one port, an answer for whoever asks whether it is alive, and who may connect.

Used by the commands ``serve`` and ``demo``. ``panel serve apps/*.py`` serves the same pages without it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bokeh.settings import settings as bokeh_settings
from panel.io.server import get_server
from panel.io.state import state
from tornado.ioloop import PeriodicCallback
from tornado.web import RedirectHandler
from tornado.websocket import WebSocketClosedError

from livepairs.access.entry import Entry
from livepairs.access.openrate import OpenRate
from livepairs.access.origins import Origins, known_names
from livepairs.api.tornado_door import routes as api_routes
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub import get_hub
from livepairs.views import pages
from livepairs.views.frame.brand import CARD, Card
from livepairs.views.serving.defaults import remember_defaults
from livepairs.views.serving.discretion import be_discreet
from livepairs.views.serving.door import Door
from livepairs.views.serving.embedding import embed_routes
from livepairs.views.serving.exposure import check_address, is_loopback
from livepairs.views.serving.health import Alive, Figures, Ready
from livepairs.views.serving.manners import mind_manners
from livepairs.views.serving.nowhere import Nowhere
from livepairs.views.serving.prompt import answer_promptly
from livepairs.views.serving.signin import sign_in_routes

__all__ = ["Listening", "open_server", "serve_pages"]

HOME = "market"

SWEEP_MS: Final = 10_000
"""How long a page stays open, at most, for somebody who is not known any more."""

FAREWELL_S: Final = 0.6
"""What pages have to hear that the server is going: some beats of the publisher at its slowest."""

TURN_S: Final = 0.0005
"""How long the loop, at work on a page, may have the interpreter to itself while a feed has rows to compute.

A feed gives it up with each call into Arrow, and waits so long to get it back: at Python's 5 ms, twelve pages opened at
once put the feed 0.3 s behind (95th percentile, 1.4 s at most), at this 0.08 s (0.4 s); the pages took as long.
"""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Who may listen in, and what to do once it answers.

    Parameters
    ----------
    is_public_allowed
        The user has said that others may connect without authentication.
    opens_browser
        Show the first page in the user's browser.
    announce
        Called with the URL as soon as the port answers.
    """

    is_public_allowed: bool = False
    opens_browser: bool = False
    announce: Callable[[str], None]


_PROBES: Final[list[tuple[Any, ...]]] = [(r"/healthz", Alive), (r"/readyz", Ready)]


def serve_pages(settings: Settings, listening: Listening) -> None:
    """Serve every page until interrupted.

    Raises
    ------
    ConfigError
        If the address may not be used or the port cannot be had.
    """
    sys.setswitchinterval(TURN_S)
    if "BOKEH_VALIDATE_DOC" not in os.environ:
        # Bokeh would look through each page for mistakes in its making, a twelfth of the time that it takes to make;
        # the tests leave it on, and a page is made the same way each time.
        bokeh_settings.perform_document_validation.set_value(False)
    check_address(settings.address, is_public_allowed=listening.is_public_allowed, is_guarded=settings.auth is not None)
    server = open_server(settings)
    url = f"http://{_shown(settings.address)}:{server.port}{settings.prefix}/"
    server.start()
    loop = asyncio.get_event_loop_policy().get_event_loop()
    loop.set_exception_handler(_ignore_closed)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(_stop_gently, server))
    loop.call_soon(listening.announce, url)
    if listening.opens_browser:
        loop.call_soon(webbrowser.open, url)
    try:
        server.io_loop.start()
    finally:
        server.stop()


def open_server(settings: Settings) -> Any:  # panel's Server, which has no types
    """Return a server of every page, behind its door, that has its port and waits to be started.

    Raises
    ------
    ConfigError
        If the port cannot be had.
    """
    server = _bound(settings)
    server.io_loop.add_callback(_begin_panels_chores)
    door = _door(settings, server)
    server._tornado.settings["default_handler_class"] = Nowhere
    if settings.prefix:
        # What looks after the process does not come by the proxy, and need not know under which path that shows it.
        server._tornado.add_handlers(".*", _PROBES)
    door.guard(server._tornado)
    if not get_hub().gate.is_open:
        PeriodicCallback(door.sweep, SWEEP_MS).start()
    return server


def _begin_panels_chores() -> None:
    """Begin what Panel would begin with the first visitor's first click, and would keep their page for ever with.

    A task remembers the context it was begun in, and with it the page that was at work: here there is none.
    """
    begin = getattr(state, "_schedule_busy_cleanup", None)
    if begin is not None:
        contextvars.Context().run(begin)


def _door(settings: Settings, server: Any) -> Door:  # panel's Server, which has no types
    names = known_names([settings.address], server.port) if is_loopback(settings.address) else None
    entry = Entry(get_hub().gate, Origins(names, frozenset(settings.origins)))
    opens = OpenRate(settings.opens_per_minute)
    return Door(entry, max_sessions=settings.max_sessions, opens=opens, prefix=settings.prefix)


def _stop_gently(server: Any) -> None:  # panel's Server, which has no types
    """Tell the pages, give them a moment to hear it, and stop; at once, when told a second time."""
    hub = get_hub()
    delay_s = 0.0 if hub.is_stopping else FAREWELL_S
    if not hub.is_stopping:
        hub.announce_stop()
        _LOG.info("told to stop; recordings are being sealed")
    server.io_loop.call_later(delay_s, server.io_loop.stop)


def _ignore_closed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Keep out of the log that a browser was closed while something was on its way to it."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _bound(settings: Settings) -> Any:  # panel's Server, which has no types
    found = pages.found()
    answer_promptly()
    remember_defaults()
    be_discreet()
    mind_manners()
    try:
        return get_server(
            {name: module.page for name, module in found.items()},
            port=settings.port,
            address=settings.address or None,
            prefix=settings.prefix,
            use_xheaders=settings.proxied,
            extra_patterns=_routes(settings),
            title={name: pages.titled(module) for name, module in found.items()},
            # Nobody but this server makes the tokens with which pages connect.
            secret_key=get_hub().gate.key,
            cookie_secret=get_hub().gate.key.hex(),
            sign_sessions=True,
        )
    except OSError as error:
        raise ConfigError(
            f"port {settings.port} of {settings.address} cannot be had ({error.strerror}); "
            "stop what uses it, or name another one with --port (0 takes a free one)"
        ) from error


def _routes(settings: Settings) -> list[tuple[Any, ...]]:  # Tornado's routes
    """Return what is served beside the pages; the door stands before all of it."""
    home = f"{settings.prefix}/{HOME}"
    signing_in = _ways_in(settings, home)
    return [
        (r"/", RedirectHandler, {"url": home, "permanent": False}),
        *_PROBES,
        (r"/metrics", Figures),
        (rf"/{CARD}", Card),
        *signing_in,
        *api_routes(),
        *embed_routes(),
    ]


def _ways_in(settings: Settings, home: str) -> list[tuple[Any, ...]]:  # Tornado's routes
    gate = get_hub().gate
    if gate.is_open:
        return []
    if not (settings.oauth_issuer or settings.oauth_provider):
        return list(sign_in_routes(gate, home))
    # Here and not above: most servers ask nobody else.
    from livepairs.views.serving.oauth import Provider, vouched_routes

    provider = Provider(
        key=settings.oauth_key or "",
        secret=settings.oauth_secret or "",
        issuer=settings.oauth_issuer or "",
        kind=settings.oauth_provider or "",
        user_key=settings.oauth_user_key,
    )
    return list(vouched_routes(provider, gate, home))


def _shown(address: str) -> str:
    if address in ("", "0.0.0.0", "::"):
        return "localhost"
    return f"[{address}]" if ":" in address else address
