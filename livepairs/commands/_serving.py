"""What ``serve`` and ``demo`` share: their options, and the way from settings to a server that answers."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from livepairs.config import load_settings
from livepairs.errors import ConfigError
from livepairs.logs import configure_logs
from livepairs.views.serving.exposure import check_address

if TYPE_CHECKING:
    from livepairs.hub import Run

__all__ = ["add_server_options", "serve_settings"]

PATIENCE_S: Final = 5.0
"""How long a venue may take to say which symbols it has before the server starts all the same."""

FIRST_PAGES_S: Final = 3.0
"""How long history waits for the first pages, which compete with it for the interpreter."""


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Declare where to listen."""
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on; 0 takes a free one (default 5006)")
    parser.add_argument("--address", metavar="A", help="address to listen on (default 127.0.0.1, this machine alone)")
    parser.add_argument("--auth", metavar="FILE", help="users file: visitors sign in (livepairs passwd makes it)")
    parser.add_argument(
        "--insecure-public", action="store_true", help="listen where others can connect, without any authentication"
    )
    parser.add_argument(
        "--allow-origin", action="append", metavar="URL", help="show pages inside those of this origin too; repeatable"
    )
    parser.add_argument("--prefix", metavar="PATH", help="what the path of every page begins with, behind a proxy")
    parser.add_argument("--log-format", metavar="KIND", help="text or json: what a line of the log is (default text)")
    parser.add_argument("--speed", metavar="X", help="replay speed: 0.1 to 1000, or max")


def serve_settings(args: argparse.Namespace, given: dict[str, object], *, opens_browser: bool) -> int:
    """Open the source, serve the pages, and print the URL once it answers.

    Parameters
    ----------
    args
        The parsed options of ``add_server_options``.
    given
        Further settings by name; None means not given.
    opens_browser
        Show the first page in the user's browser, where there is a display.
    """
    where = {"port": args.port, "address": args.address, "auth": args.auth, "log_format": args.log_format}
    shown = {"origins": args.allow_origin, "prefix": args.prefix, "speed": args.speed}
    settings = load_settings({**where, **shown, **given})
    check_address(settings.address, is_public_allowed=args.insecure_public, is_guarded=settings.auth is not None)
    if args.insecure_public and settings.read_only is None and settings.auth is None:
        settings = replace(settings, read_only=True)
    configure_logs("json" if settings.log_format == "json" else "text", settings.log_level)
    from livepairs.hub import start_hub, stop_hub

    with _uncollected():
        # Before the screen is imported, which takes a second: a source that is not there is said at once.
        hub = start_hub(settings)
        hub.chronicle.give_way(FIRST_PAGES_S)
        # A live feed is on from now on, whether somebody looks or not.
        live = hub.open() if hub.recording is None else None
        from livepairs.views.serving.server import Listening, serve_pages

    listening = Listening(
        is_public_allowed=args.insecure_public,
        opens_browser=opens_browser and _has_display(),
        announce=_announce,
    )
    try:
        if live is not None:
            _check(live)
        serve_pages(settings, listening)
    finally:
        stop_hub()
    return 0


def _check(live: Run) -> None:
    """Raise ``ConfigError`` if the venue says at once that it has no such symbol; one out of reach may be there later.

    The screen was imported meanwhile, so the answer is mostly there.
    """
    line, deadline_s = live.line, time.monotonic() + PATIENCE_S
    while line is not None and line.feed.status == "connecting" and not live.state.error:
        if time.monotonic() > deadline_s:
            return
        time.sleep(0.02)
    if live.state.error:
        raise ConfigError(live.state.error)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make objects that stay, without the collector looking through them again and again: it saves a fifth."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _announce(url: str) -> None:
    print(f"livepairs is at {url} (stop it with Ctrl+C)", flush=True)


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
