"""Trade a pair of a recording by its z-score, costs included, and write trades, equity and metrics.

The last line on standard output is one JSON object with the metrics; notes on them go to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from livepairs.commands._replaying import add_replay_options

if TYPE_CHECKING:
    from livepairs.backtest.result import BacktestResult

# One argument an option of livepairs.backtest, except these, which are not options.
NOT_OPTIONS = ("recording", "pair", "out", "funding")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. Defaults stay with the engine and the replay: what is not given is not passed on."""
    parser.argument_default = argparse.SUPPRESS
    add = parser.add_argument
    add("recording", help="folder of the recording")
    add("--pair", required=True, metavar="Y/X", help="the pair to trade")
    add("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    rules = parser.add_argument_group("rules")
    add = rules.add_argument
    add("--entry", type=float, metavar="Z", help="enter short the spread at z >= Z, long at z <= -Z (default 2)")
    add("--exit", type=float, metavar="Z", help="leave once z is back at Z (default 0.5)")
    add("--stop", type=_level, metavar="Z", help="leave at |z| >= Z, and wait until z is back; or none (default 4)")
    add("--max-hold", type=int, metavar="BARS", help="leave after that many bars (default none)")
    add("--fill", help="where the next bar fills: open or close (default open)")
    costs = parser.add_argument_group("size and costs")
    add = costs.add_argument
    add("--capital", type=float, metavar="QUOTE", help="starting equity (default 10000)")
    add("--leverage", type=float, metavar="X", help="gross notional of a trade over capital (default 1)")
    add("--fee-bps", type=float, metavar="BPS", help="fee of each fill (default 5)")
    add("--slippage-bps", type=float, metavar="BPS", help="price concession of each fill (default 1)")
    add("--slippage", help="bps, or roll for half the measured Roll spread of each leg (default bps)")
    add("--funding", action="append", metavar="FILE", help="funding events, Parquet or CSV; may be given several times")
    add_replay_options(parser.add_argument_group("replay, as in 'livepairs replay'"))


def _level(text: str) -> float | None:
    return None if text == "none" else float(text)


def run(args: argparse.Namespace) -> int:
    """Run the backtest, write its files, and print its metrics."""
    from livepairs.backtest_recording import backtest

    given = vars(args)
    options = {name: value for name, value in given.items() if name not in NOT_OPTIONS}
    result = backtest(args.recording, pair=args.pair, funding=given.get("funding"), **options)
    _write(result, args.out)
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    print(json.dumps(result.metrics, allow_nan=False))
    return 0


def _write(result: BacktestResult, folder: Path) -> None:
    import pyarrow.parquet as pq

    from livepairs.errors import ConfigError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("trades", "legs", "equity"):
            pq.write_table(getattr(result, name), folder / f"{name}.parquet", compression="zstd")
        (folder / "metrics.json").write_text(json.dumps(_report(result), indent=2, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write to {str(folder)!r}: {error.strerror}; name a folder that can be written"
        ) from error


def _report(result: BacktestResult) -> dict[str, object]:
    from dataclasses import asdict

    about = {"pair": str(result.pair), "params": asdict(result.params), "notes": list(result.notes)}
    return {**result.metrics, **about}
