"""Try every combination of levels and windows on a recording, and say what is left of the best after selection.

Values are lists (1,2,2.5) or ranges (first:last:step). The last line on standard output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livepairs.backtest.grid import Grid
    from livepairs.sweep_recording import SweepResult

GRID = ("entry", "exit", "stop", "z_window", "hedge_window")
COSTS = ("max_hold", "fill", "capital", "leverage", "fee_bps", "slippage_bps", "slippage", "price")
STUDY = ("folds", "purge", "embargo", "prior_trials")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. Defaults stay with the grid and the engine: what is not given is not passed on."""
    parser.argument_default = argparse.SUPPRESS
    add = parser.add_argument
    add("recording", help="folder of the recording")
    add("--pair", required=True, metavar="Y/X", help="the pair to trade")
    add("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    add("--scheduler", metavar="ADDRESS", help="run on this Dask scheduler; the same bits")
    add = parser.add_argument_group("grid").add_argument
    add("--entry", metavar="VALUES", help="entry levels (default 2)")
    add("--exit", metavar="VALUES", help="exit levels (default 0.5)")
    add("--stop", metavar="VALUES", help="stop levels; none is one too (default 4)")
    add("--z-window", metavar="VALUES", help="z-score windows in bars (default 300)")
    add("--hedge-window", metavar="VALUES", help="hedge ratio windows in bars (default 300)")
    add = parser.add_argument_group("size, costs and fills, as in 'livepairs backtest'").add_argument
    add("--max-hold", type=int, metavar="BARS")
    add("--fill", metavar="open|close")
    add("--capital", type=float, metavar="QUOTE")
    add("--leverage", type=float, metavar="X")
    add("--fee-bps", type=float, metavar="BPS")
    add("--slippage-bps", type=float, metavar="BPS")
    add("--slippage", metavar="bps|roll")
    add("--funding", action="append", metavar="FILE")
    add("--price", metavar="log|level")
    add = parser.add_argument_group("replay, as in 'livepairs replay'").add_argument
    add(
        "--hedge",
        metavar="METHOD",
        help="hedge ratio by ols, tls, ewols[:HALF_LIFE], kalman[:MEMORY] or fixed:BETA[,ALPHA] (default ols)",
    )
    add("--bars", metavar="INTERVAL", help="bar interval (default 1s)")
    add("--grace-ms", type=float, metavar="MS")
    add("--healed", action="store_true")
    add = parser.add_argument_group("selection").add_argument
    add("--folds", type=int, metavar="N", help="folds of the walk-forward (default 5; 0 for none)")
    add("--purge", type=int, metavar="BARS", help="bars before a test not trained on (default the longest z window)")
    add("--embargo", type=int, metavar="BARS", help="bars after a test not trained on (default 0)")
    add("--prior-trials", type=int, metavar="N", help="sets you tried before, which count too (default 0)")


def run(args: argparse.Namespace) -> int:
    """Run the sweep, write its files, and print what is left."""
    given = vars(args)
    result = _sweep(given)
    _write(result, args.out)
    for line in _words(result):
        print(line, file=sys.stderr)
    print(json.dumps(result.summary, allow_nan=False))
    return 0


def _sweep(given: dict[str, Any]) -> SweepResult:
    from livepairs.backtest.params import BacktestParams
    from livepairs.backtest_recording import read_funding
    from livepairs.headless import replay
    from livepairs.pairs.machine import PairParams
    from livepairs.schema import Pair, interval_us
    from livepairs.stores.recording import open_recording
    from livepairs.sweep_recording import Study, sweep

    grid, pair = _grid(given), Pair.parse(given["pair"])
    params = BacktestParams.of(None, **{name: given[name] for name in COSTS if name in given})
    study = Study(**{name: given[name] for name in STUDY if name in given})
    recording = open_recording(given["recording"])
    pair.check_symbols(recording.symbols)
    ways = {name: given[name] for name in ("bars", "grace_ms", "healed") if name in given}
    closed = replay(recording, pairs=[], **ways).bars
    return sweep(
        closed,
        pair=pair,
        grid=grid,
        params=params,
        pair_params=PairParams(hedge=given.get("hedge", "ols")),
        interval_us=interval_us(given.get("bars", "1s")),
        marks=recording.marks(symbols=[pair.y, pair.x]),
        funding=read_funding(given["funding"]) if "funding" in given else None,
        study=study,
        scheduler=given.get("scheduler"),
    )


def _grid(given: dict[str, Any]) -> Grid:
    from livepairs.backtest.grid import Grid, parse_values
    from livepairs.errors import ConfigError

    values: dict[str, Any] = {name: parse_values(given[name]) for name in GRID if name in given}
    for name, tried in values.items():
        if None in tried and name != "stop":
            raise ConfigError(f"{name} 'none' makes no sense; only --stop may be none")
        if name.endswith("window"):
            if any(value != int(value) for value in tried):
                raise ConfigError(f"{name} {given[name]!r} has parts of bars; use whole numbers")
            values[name] = tuple(int(value) for value in tried)
    return Grid(**values)


def _write(result: SweepResult, folder: Path) -> None:
    import pyarrow.parquet as pq

    from livepairs.errors import ConfigError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(result.tried, folder / "sets.parquet", compression="zstd")
        pq.write_table(result.folds, folder / "folds.parquet", compression="zstd")
        (folder / "selection.json").write_text(json.dumps(result.summary, indent=2, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write to {str(folder)!r}: {error.strerror}; name a folder that can be written"
        ) from error


def _words(result: SweepResult) -> list[str]:
    """Say in sentences what is left."""
    left = result.summary
    lines = [f"{left['sets']:,} sets tried ({left['trials']:,} trials), {left['traded']:,} traded"]
    if result.best is None or left["best_sharpe"] is None:
        return [*lines, "nothing is left: no set has a Sharpe ratio"]
    rules = result.best.params
    lines.append(
        f"best: entry {rules.entry:g}, exit {rules.exit:g}, stop {rules.stop}: Sharpe {left['best_sharpe']:.2f}; "
        f"luck alone lets the best of so many show {left['expected_best_sharpe']:.2f}"
    )
    if left["deflated_sharpe"] is not None:
        lines.append(f"probability that its true Sharpe ratio is above that: {left['deflated_sharpe']:.1%}")
    if left["overfit_probability"] is not None:
        lines.append(f"probability of backtest overfitting: {left['overfit_probability']:.1%}")
    if left["walk_forward_return"] is not None:
        made, trades = left["walk_forward_return"], left["walk_forward_trades"]
        lines.append(f"walk-forward, chosen on the past only: {made:+.2%} in {trades:,} trades")
    return lines
