"""Serve the app on a recording or another source.

SOURCE is the path of a recording, a venue as binance-um:BTCUSDT,ETHUSDT, or synthetic:?seed=7; without one the bundled
recording plays. A replay belongs to whoever opened it: the address of a page names it, and a shared link shows the same
moment. A venue is one live feed for all, from now on; the page recordings records it.
"""

from __future__ import annotations

import argparse

from livepairs.commands._serving import add_server_options, serve_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="what to show (default: the bundled recording)")
    parser.add_argument("--pair", action="append", metavar="Y/X", help="a pair; may be given several times")
    parser.add_argument("--bars", metavar="INTERVAL", help="100ms, 1s, 5s, 1m, 5m, 15m or 1h (default 1s)")
    parser.add_argument("--price", metavar="KIND", help="log or level (default log)")
    parser.add_argument(
        "--hedge",
        metavar="METHOD",
        help="hedge ratio by ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA] (default ols)",
    )
    for name, text in (("hedge", "hedge ratio"), ("z", "z-score"), ("corr", "correlation")):
        parser.add_argument(f"--{name}-window", type=int, metavar="BARS", help=f"{text} window (default 300)")
    parser.add_argument("--adf-lags", type=int, metavar="N", help="lags of the cointegration test (default 1)")
    parser.add_argument("--grace-ms", type=int, metavar="MS", help="grace for late trades (default 500)")
    parser.add_argument("--entry", type=float, metavar="Z", help="|z| at which an alert fires (default 2)")
    parser.add_argument("--exit", type=float, metavar="Z", help="|z| at which it clears (default 0.5)")
    parser.add_argument(
        "--healed", action="store_true", default=None, help="replay with back-filled trades in their bars"
    )
    add_server_options(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    same = (
        "source",
        "price",
        "hedge",
        "hedge_window",
        "z_window",
        "corr_window",
        "adf_lags",
        "grace_ms",
        "entry",
        "exit",
        "healed",
    )
    given = {name: getattr(args, name) for name in same}
    return serve_settings(args, {**given, "pairs": args.pair, "interval": args.bars}, opens_browser=False)
