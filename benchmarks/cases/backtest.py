"""A single backtest of a day of one-second bars, from PAIRS and BARS to trades, equity and metrics."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.cases.sweep import make_bars
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

DAY = 86_400
UNIT = "ms"


def ours(scale: Scale) -> Callable[[], Outcome]:
    """`run_backtest` with the default rules and costs."""
    from livepairs.backtest.engine import run_backtest
    from livepairs.pairs.machine import PairMachine, PairParams
    from livepairs.schema import Pair
    from livepairs.stats import compiled

    bars, pair = make_bars(5_000 if scale.is_quick else DAY), Pair(ETH, BTC)
    compiled.prepare()
    pairs = PairMachine([pair], PairParams()).update(bars.combine_chunks().to_batches()[0])

    def turn() -> Outcome:
        started = time.perf_counter()
        result = run_backtest(pairs, bars)
        return Outcome((time.perf_counter() - started) * 1_000, rows=result.trades)

    return turn


CONTEST = Contest(
    title="One backtest of 86,400 bars",
    unit=UNIT,
    contenders=(Contender("livepairs", ours),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 20.0),),
    notes="Warm: the kernels are compiled, PAIRS are given. Trades, legs, equity, every metric and its notes.",
)
