"""How long after its grace a live bar is closed: received, decoded and computed at 5,000 messages a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

import numpy as np

from benchmarks import wireserver
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

PER_S = 5_000
BARS, QUICK_BARS = 150, 10
INTERVAL, INTERVAL_US, GRACE_US = "100ms", 100_000, 500_000
UNIT = "ms, p99"
MEDIAN = "ms, median"
WORK = "ms of CPU from chunk to chunk, p99"


def live(scale: Scale) -> Callable[[], Outcome]:
    """`LiveSource` to `Pipeline.update`, ten bars a second of two symbols, by the machine's own clock."""
    from livepairs import pipeline
    from livepairs.exchanges import binance
    from livepairs.stats import compiled

    _ = pipeline, binance  # imported for their kernels
    compiled.prepare()
    _, port = wireserver.start(per_s=PER_S)
    bars = QUICK_BARS if scale.is_quick else BARS

    def turn() -> Outcome:
        delays, work = asyncio.run(_delays(port, bars))
        median, high = np.percentile(delays, [50, 99])
        return Outcome(float(high), {MEDIAN: float(median), WORK: float(np.percentile(work, 99))})

    return turn


async def _delays(port: int, bars: int) -> tuple[list[float], list[float]]:
    """Return milliseconds: of each bar, from the end of its grace until it was in the tables; of each chunk, of CPU."""
    from livepairs.clock import SystemClock
    from livepairs.columns import ints_of
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.schema import Pair
    from livepairs.sources.live import LiveSource
    from livepairs.sources.live_limits import Endpoints

    endpoints = Endpoints(f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}")
    close_us = (INTERVAL_US, GRACE_US)
    source = LiveSource("um", wireserver.SYMBOLS, endpoints=endpoints, clock=SystemClock(), close_us=close_us)
    params = RunParams((Pair(*reversed(wireserver.SYMBOLS)),), interval=INTERVAL, grace_us=GRACE_US)
    pipeline = Pipeline(wireserver.SYMBOLS, params)
    delays: list[float] = []
    work: list[float] = []
    latest, spent = 0, time.thread_time()
    try:
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                pipeline.update(chunk)
                done_us = time.time_ns() // 1000
                work.append((time.thread_time() - spent) * 1000)
                spent = time.thread_time()
                rows = pipeline.tables.bars.tail(64)
                opens = {us for column in rows.column("ts").chunks for us in ints_of(column).tolist() if us > latest}
                delays += [(done_us - us - INTERVAL_US - GRACE_US) / 1000 for us in opens]
                latest = max([latest, *opens])
                if len(delays) >= bars:
                    return delays, work
    finally:
        pipeline.close()
    return delays, work


CONTEST = Contest(
    title="Delay of a live bar beyond its grace",
    unit=UNIT,
    contenders=(Contender(f"livepairs, {PER_S:,} messages/s, bars of {INTERVAL}", live),),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 20),),
    notes="From the moment a bar may be closed, by the venue's clock, until it and its pair are in the tables. "
    "The CPU between two chunks bounds what a machine with nothing else to do would need.",
)
