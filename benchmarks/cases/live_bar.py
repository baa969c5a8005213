"""How long one live bar takes: a closing chunk of some sixty trades through the machines, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH, START_US, make_trades

BARS, WARM_UP = 3_000, 700
QUICK_BARS = 20
TRADES_A_LEG = 30
UNIT = "us, median"
P99 = "us, p99"
CPU, CPU_P99 = "us of CPU, median", "us of CPU, p99"


def pairs_of_a_bar(scale: Scale) -> Callable[[], Outcome]:
    """`PairMachine.update` with one bar of both legs."""
    from livepairs.bars.machine import BarMachine
    from livepairs.pairs.machine import PairMachine
    from livepairs.schema import Pair

    _compile()
    chunks = list(_chunks(scale))

    def turn() -> Outcome:
        bars = BarMachine((BTC, ETH))
        machine = PairMachine((Pair(ETH, BTC),))
        return _each(machine.update, [bars.update(chunk) for chunk in chunks])

    return turn


def whole_pipeline(scale: Scale) -> Callable[[], Outcome]:
    """`Pipeline.update`: bars, pairs, alerts, tables, digest and the status that the screen shows."""
    _compile()
    return interpreted(scale)


def interpreted(scale: Scale) -> Callable[[], Outcome]:
    """`Pipeline.update` before the kernels are compiled, as in the first seconds of a server on a new machine."""
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.schema import Pair

    chunks = list(_chunks(scale))

    def turn() -> Outcome:
        pipeline = Pipeline((BTC, ETH), RunParams((Pair(ETH, BTC),)))
        try:
            return _each(pipeline.update, chunks)
        finally:
            pipeline.close()

    return turn


def recompute(_: Scale) -> Callable[[], Outcome]:
    """The buffer recomputed at each bar with pandas and statsmodels, from a close on."""
    import pandas as pd
    from statsmodels.tsa.stattools import coint

    rng = np.random.default_rng(7)
    logs = pd.DataFrame(rng.normal(0, 1e-4, (400, 2)).cumsum(axis=0), columns=["y", "x"])

    def update(place: int) -> None:
        window = logs.iloc[place : place + 300]
        beta = window["y"].cov(window["x"]) / window["x"].var()
        spread = window["y"] - beta * window["x"]
        (spread.iloc[-1] - spread.mean()) / spread.std()
        window.diff().corr()
        coint(window["y"], window["x"], trend="c", maxlag=1, autolag=None)

    return lambda: _each(update, range(60))


def _compile() -> None:
    from livepairs import pipeline
    from livepairs.stats import compiled

    assert pipeline  # its kernels are known by now
    compiled.prepare()


def _chunks(scale: Scale) -> Iterator[object]:
    """Yield one chunk a second: the trades of both legs, and a time that closes the bar before."""
    from livepairs.schema import MARKS, Chunk, empty

    rng = np.random.default_rng(7)
    walk = np.exp(rng.normal(0, 1e-4, (_bars(scale), 2)).cumsum(axis=0))
    none = empty(MARKS)
    for bar, (btc, eth) in enumerate(walk.tolist()):
        start_us = START_US + bar * 1_000_000
        span = (start_us, start_us + 400_000)
        legs = [
            make_trades(rng, symbol, np.full(4, price), span, range(bar * TRADES_A_LEG, (bar + 1) * TRADES_A_LEG))
            for symbol, price in ((BTC, 61_740.5 * btc), (ETH, 2_683.4 * eth))
        ]
        joined = pa.Table.from_batches(legs).unify_dictionaries().combine_chunks().to_batches()[0]
        yield Chunk(joined, none, start_us + 500_000)


def _bars(scale: Scale) -> int:
    return QUICK_BARS if scale.is_quick else WARM_UP + BARS


def _each(update: Callable[[object], object], batches: Sequence[object]) -> Outcome:
    """Time each call on its own, and leave out those before the windows are full."""
    spans, work = np.empty(len(batches)), np.empty(len(batches))
    clock, cpu = time.perf_counter_ns, time.thread_time_ns
    for place, batch in enumerate(batches):
        started, began = clock(), cpu()
        update(batch)
        work[place] = cpu() - began
        spans[place] = clock() - started
    warm = slice(WARM_UP if len(spans) > WARM_UP else 0, None)
    median, high = np.percentile(spans[warm] / 1e3, [50, 99])
    usual, most = np.percentile(work[warm] / 1e3, [50, 99])
    return Outcome(float(median), {P99: float(high), CPU: float(usual), CPU_P99: float(most)})


CONTEST = Contest(
    title="One live bar",
    unit=UNIT,
    contenders=(
        Contender("PairMachine.update, one bar of both legs", pairs_of_a_bar),
        Contender("Pipeline.update, 60 trades that close a bar", whole_pipeline),
        Contender("the same, kernels not compiled", interpreted, turns=2),
        Contender("pandas + statsmodels, pair numbers only", recompute),
    ),
    is_higher_better=False,
    goals=(Goal(P99, "<", 200.0),),
    notes=(
        "Windows of 300 bars, warm. Each call timed on its own, by the clock and by its thread's processor time: "
        "what others on the same cores take is in the first alone."
    ),
)
