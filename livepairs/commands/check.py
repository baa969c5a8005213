"""Prove that no metric, event or backtest looks ahead, and measure how long each warms up.

The future is cut off at random times, and the run begun anew at random later ones; each column of PAIRS, the threshold
events and the backtest must stay as they were. A table says what was found; exit code 1 if something is biased.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.lookahead import Finding
    from livepairs.pipeline import RunParams

HEADINGS = ("metric", "compared", "changed", "largest", "warm-up", "promised", "verdict")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("recording", help="folder of the recording")
    add("--pair", action="append", required=True, metavar="Y/X", help="a pair; may be given several times")
    add("--cuts", type=int, default=20, metavar="N", help="random times at which the future is cut off (default 20)")
    add("--starts", type=int, default=5, metavar="N", help="random times at which the run begins anew (default 5)")
    add("--seed", type=int, default=0, metavar="N", help="of the random times (default 0)")
    add("--json", action="store_true", help="one JSON object in place of the table")
    add("--entry", type=float, default=2.0, metavar="Z", help="|z| of events and entries (default 2)")
    add("--exit", type=float, default=0.5, metavar="Z", help="|z| at which they end (default 0.5)")
    _add_replay_arguments(parser)


def _add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("replay, as in 'livepairs replay'").add_argument
    add("--bars", default="1s", metavar="INTERVAL", help="100ms, 1s, 5s, 1m, 5m, 15m or 1h (default 1s)")
    add("--price", default="log", help="log or level (default log)")
    add(
        "--hedge",
        default="ols",
        metavar="METHOD",
        help="hedge ratio by ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA] (default ols)",
    )
    add("--hedge-window", type=int, default=300, metavar="BARS", help="hedge ratio window (default 300)")
    add("--z-window", type=int, default=300, metavar="BARS", help="z-score window (default 300)")
    add("--corr-window", type=int, default=300, metavar="BARS", help="correlation window (default 300)")
    add("--adf-lags", type=int, default=1, metavar="N", help="lags of the cointegration test (default 1)")
    add("--grace-ms", type=float, default=500.0, metavar="MS", help="grace for late trades (default 500)")
    add("--healed", action="store_true", help="as it truly was: rows that came late are in their bars")


def run(args: argparse.Namespace) -> int:
    """Check, print what was found, and return 1 if something is biased."""
    from livepairs.backtest.params import BacktestParams
    from livepairs.lookahead import Plan, find_bias
    from livepairs.stats import compiled
    from livepairs.stores.recording import open_recording

    recording = open_recording(args.recording)
    params = _params(args)
    rules = BacktestParams.of(None, entry=args.entry, exit=args.exit, stop=None, price=args.price)
    plan = Plan(args.cuts, args.starts, args.seed)
    compiled.prepare()
    findings = find_bias(recording, params, rules=rules, plan=plan, healed=args.healed)
    biased = [found for found in findings if found.is_biased]
    if args.json:
        print(json.dumps({"biased": len(biased), "findings": [_plain(found) for found in findings]}, allow_nan=False))
    else:
        _print_tables(findings)
        _print_summary(args, findings, biased)
    return 1 if biased else 0


def _params(args: argparse.Namespace) -> RunParams:
    from livepairs.errors import ConfigError
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams
    from livepairs.schema import Pair

    if not math.isfinite(args.grace_ms):
        raise ConfigError(f"grace of {args.grace_ms} ms is not a length of time; use 0 or more milliseconds")
    return RunParams(
        pairs=tuple(Pair.parse(pair) for pair in args.pair),
        interval=args.bars,
        grace_us=round(args.grace_ms * 1000),
        pair_params=PairParams(
            args.hedge_window, args.z_window, args.corr_window, args.adf_lags, args.price, args.hedge
        ),
        entry=args.entry,
        exit=args.exit,
    )


def _plain(found: Finding) -> dict[str, object]:
    # JSON has no infinity.
    largest = found.largest if math.isfinite(found.largest) else None
    return {**asdict(found), "largest": largest, "verdict": found.verdict}


def _print_tables(findings: list[Finding]) -> None:
    """Print a table a pair: each column of PAIRS, and what else is biased; the rest in one line an output."""
    for pair, of_pair in groupby(findings, key=lambda found: found.pair):
        rows: list[tuple[str, ...]] = [HEADINGS]
        for output, group in groupby(of_pair, key=lambda found: found.output):
            columns = list(group)
            shown = [found for found in columns if output == "pairs" or found.is_biased]
            rows += [_row(f"{output}.{found.column}", [found]) for found in shown] or [_row(output, columns)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
        print(pair)
        for row in rows:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            print("  " + "  ".join(cells).rstrip())


def _row(name: str, findings: list[Finding]) -> tuple[str, ...]:
    """Return the cells of one line for one metric, or for all of an output."""
    worst = next((found for found in findings if found.is_biased), findings[0])
    warm = max((found.warm_bars for found in findings if found.warm_bars is not None), default=None)
    return (
        name,
        f"{sum(found.compared for found in findings):,}",
        f"{sum(found.changed for found in findings):,}",
        f"{max(found.largest for found in findings):.3g}",
        "-" if warm is None else f"{warm} bars",
        "-" if worst.promised_bars is None else f"{worst.promised_bars} bars",
        worst.verdict,
    )


def _print_summary(args: argparse.Namespace, findings: list[Finding], biased: list[Finding]) -> None:
    if args.starts and all(found.warm_bars is None for found in findings):
        print("warm-up was not measured: the recording is shorter than twice the longest warm-up; shorten the windows")
    names = ", ".join(f"{found.output}.{found.column}" for found in biased)
    print(f"biased: {names}" if biased else f"nothing looks ahead, by {args.cuts} random cuts")
