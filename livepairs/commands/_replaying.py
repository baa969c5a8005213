"""The options of commands that replay a recording before they do something with its rows."""

from __future__ import annotations

from typing import Any

__all__ = ["add_replay_options"]


def add_replay_options(group: Any) -> None:  # argparse's group class is private
    """Declare what the rows are computed with; an option that is not named is None, and the replay's default holds."""
    add = group.add_argument
    add("--bars", metavar="INTERVAL", help="100ms, 1s, 5s, 1m, 5m, 15m or 1h (default 1s)")
    add("--price", help="log or level (default log)")
    add(
        "--hedge",
        metavar="METHOD",
        help="hedge ratio by ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA] (default ols)",
    )
    add("--hedge-window", type=int, metavar="BARS", help="hedge ratio window (default 300)")
    add("--z-window", type=int, metavar="BARS", help="z-score window (default 300)")
    add("--corr-window", type=int, metavar="BARS", help="correlation window (default 300)")
    add("--adf-lags", type=int, metavar="N", help="lags of the cointegration test (default 1)")
    add("--grace-ms", type=float, metavar="MS", help="grace for late trades (default 500)")
    add("--healed", action="store_true", help="as it truly was: rows that came late are in their bars")
