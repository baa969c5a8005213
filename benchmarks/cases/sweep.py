"""A grid of a thousand parameter sets over 100,000 bars, z windows included, against the same sets one by one."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.contest import PEAK_MB, AbsentError, Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH, START_US

BARS = 100_000
WINDOWS = (30, 60, 100, 150, 200, 300, 400, 600, 900, 1_200)
ENTRIES = tuple(1.0 + 0.25 * step for step in range(10))
EXITS = tuple(0.1 * step for step in range(10))
UNIT = "sets/s"
COLUMNS = ("total_return", "trades", "max_drawdown")
SCRIPT = Path(__file__).resolve().parents[1] / "vectorbt_sweep.py"
VECTORBT_SETS = 20
"""All thousand at once would take it tens of gigabytes."""


def ours(scale: Scale) -> Callable[[], Outcome]:
    """From PAIRS with their spreads to the metrics of every set, on all cores."""
    from livepairs.backtest.grid import Grid
    from livepairs.backtest.params import BacktestParams
    from livepairs.pairs.machine import PairParams
    from livepairs.schema import Pair
    from livepairs.stats import compiled
    from livepairs.sweep_bench import Asked, Bench, try_all

    grid = Grid(entry=ENTRIES, exit=EXITS, z_window=WINDOWS)
    asked = Asked(make_bars(5_000 if scale.is_quick else BARS), Pair(ETH, BTC), grid, BacktestParams(), 1_000_000, None)
    compiled.prepare()
    bench = Bench(asked, PairParams(), None)

    def turn() -> Outcome:
        started = time.perf_counter()
        rows = try_all(bench)
        return Outcome(rows.num_rows / (time.perf_counter() - started), rows=rows)

    return turn


def one_by_one(scale: Scale) -> Callable[[], Outcome]:
    """`run_backtest` for a few of the sets, PAIRS with their z given."""
    from livepairs.backtest.engine import run_backtest
    from livepairs.backtest.params import BacktestParams
    from livepairs.pairs.machine import PairMachine, PairParams
    from livepairs.schema import Pair
    from livepairs.stats import compiled

    bars, pair = make_bars(5_000 if scale.is_quick else BARS), Pair(ETH, BTC)
    compiled.prepare()
    pairs = PairMachine([pair], PairParams(z_window=WINDOWS[0])).update(bars.combine_chunks().to_batches()[0])
    levels = [(entry, leave) for entry in ENTRIES[:2] for leave in EXITS[:5]]

    def turn() -> Outcome:
        started = time.perf_counter()
        rows = [run_backtest(pairs, bars, BacktestParams(entry=entry, exit=leave)).metrics for entry, leave in levels]
        seconds = time.perf_counter() - started
        found: list[dict[str, Any]] = [
            {"entry": entry, "exit": leave} | {name: row[name] for name in COLUMNS}
            for (entry, leave), row in zip(levels, rows, strict=True)
        ]
        return Outcome(len(levels) / seconds, rows=pa.Table.from_pylist(found))

    return turn


def vectorbt(scale: Scale) -> Callable[[], Outcome]:
    """The first sets of the grid in vectorbt, in a Python of its own that ``VECTORBT_PYTHON`` names."""
    python = os.environ.get("VECTORBT_PYTHON")
    if python is None:
        raise AbsentError("VECTORBT_PYTHON names no Python with vectorbt; see benchmarks/vectorbt_twin.py")
    from livepairs.columns import floats_of
    from livepairs.pairs.machine import PairMachine, PairParams
    from livepairs.schema import Pair
    from livepairs.stats import compiled

    bars, pair = make_bars(5_000 if scale.is_quick else BARS), Pair(ETH, BTC)
    compiled.prepare()
    pairs = PairMachine([pair], PairParams(z_window=WINDOWS[0])).update(bars.combine_chunks().to_batches()[0])
    legs = {name: floats_of(bars.column(name).chunk(0)).reshape(-1, 2)[:, ::-1] for name in ("open", "close")}
    sets = [(entry, leave, 4.0) for entry in ENTRIES for leave in EXITS][: 4 if scale.is_quick else VECTORBT_SETS]
    z, beta = (floats_of(pairs.column(name)) for name in ("z", "beta"))

    def turn() -> Outcome:
        with tempfile.TemporaryDirectory() as folder:
            given = Path(folder, "given.npz")
            np.savez(
                given, z=z, beta=beta, fills=legs["open"], closes=legs["close"], levels=sets, fee=5e-4, slippage=1e-4
            )
            ran = subprocess.run([python, str(SCRIPT), str(given)], check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(ran.stdout)
        return Outcome(len(sets) / told["seconds"], {"its peak MB": told["peak_mb"]})

    return turn


def make_bars(count: int) -> pa.Table:
    """Return BARS of two legs whose spread comes back, one a second."""
    # Not by Arrow's own ways, which import pandas: that would count as the sweep's memory.
    from livepairs.columns import flags_column, floats_column, ints_column, names_by_code, times_column
    from livepairs.schema import BARS as SCHEMA

    rng = np.random.default_rng(7)
    spread = np.convolve(rng.normal(0, 1e-4, count + 300), 0.99 ** np.arange(300), mode="valid")[:count]
    walk = rng.normal(0, 1e-4, count).cumsum()
    # The legs in turn, as they come off a replay; written once, as copies would count as the sweep's memory.
    close = np.stack([61_740.5 * np.exp(walk), 2_683.4 * np.exp(walk + spread)], axis=1).reshape(-1)
    columns = dict.fromkeys(SCHEMA.names, floats_column(close))
    columns |= {"ts": times_column(np.repeat(START_US + 1_000_000 * np.arange(count), 2))}
    columns |= {"symbol": names_by_code([BTC, ETH], np.arange(2 * count) % 2)}
    columns |= {"open": floats_column(np.concatenate([close[:2], close[:-2]]))}
    columns |= {"trade_count": ints_column(np.ones(2 * count, np.int64)), "is_filled": flags_column(close < 0.0)}
    return pa.table([columns[field.name].cast(field.type) for field in SCHEMA], schema=SCHEMA)


def check(found: dict[str, pa.Table]) -> None:
    """Hold the sweep's rows against the backtests."""
    tried = {
        (row["entry"], row["exit"]): row for row in found["livepairs"].to_pylist() if row["z_window"] == WINDOWS[0]
    }
    for row in found["livepairs, one by one"].to_pylist():
        twin = tried[row["entry"], row["exit"]]
        assert twin["trades"] == row["trades"]
        assert all(np.isclose(twin[name], row[name], rtol=1e-9, atol=1e-12) for name in COLUMNS)


CONTEST = Contest(
    title="A sweep of 1,000 parameter sets over 100,000 bars",
    unit=UNIT,
    contenders=(
        Contender("livepairs", ours),
        Contender("livepairs, one by one", one_by_one),
        Contender(f"vectorbt, {VECTORBT_SETS} of the sets", vectorbt, turns=2),
    ),
    check=check,
    goals=(Goal(UNIT, ">", 20_000.0), Goal(PEAK_MB, "<", 300)),
    notes="Ten z windows, entries and exits; costs charged, Sharpe ratio of per-bar returns and drawdown measured.",
)
