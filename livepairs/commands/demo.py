"""Play the bundled recording at 60x in the browser; needs no network.

The prices of the bundled recording are synthetic, and labelled so on every page.
"""

from __future__ import annotations

import argparse

from livepairs.commands._serving import add_server_options, serve_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    add_server_options(parser)


def run(args: argparse.Namespace) -> int:
    """Serve the bundled recording until interrupted."""
    from livepairs.stores.bundled import bundled_recording

    given: dict[str, object] = {"source": str(bundled_recording()), "pairs": (), "speed": args.speed or "60"}
    return serve_settings(args, given, opens_browser=not args.no_browser)
