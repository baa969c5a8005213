"""Half an hour of a busy feed that breaks every minute: memory stays where it was, and nothing is missing."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import psutil
import pytest

from livepairs.clock import SystemClock
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Pair
from livepairs.sources.live import LiveSource
from livepairs.sources.live_limits import Endpoints
from livepairs.venue import RULES, Setup, serve_venue

SYMBOLS = ("BTCUSDT", "ETHUSDT")
MINUTES = 30
SETTLED = 10
"""Minutes after which every table and buffer is as full as it gets."""


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_memory_is_flat_over_half_an_hour_with_a_reconnect_a_minute() -> None:
    asyncio.run(soak(MINUTES, SETTLED))


async def soak(minutes: float, settled: float) -> None:
    """Read the venue for so long; the venue lives in this process too, and keeps a minute of history."""
    rules = replace(RULES["um"], history_us=60_000_000)
    pipeline = Pipeline(SYMBOLS, RunParams((Pair(*reversed(SYMBOLS)),)), limit_rows=1_000)
    process, sizes = psutil.Process(), []
    began, rows = time.monotonic(), 0
    try:
        async with serve_venue(
            "synthetic:?seed=3&rate=1000", faults=["drop:after_s=30,every_s=60"], setup=Setup(rules=rules)
        ) as venue:
            source = LiveSource("um", SYMBOLS, endpoints=Endpoints(venue.ws, venue.rest), clock=SystemClock())
            async with aclosing(source.chunks()) as chunks:
                async for chunk in chunks:
                    pipeline.update(chunk)
                    rows += chunk.trades.num_rows
                    passed = (time.monotonic() - began) / 60
                    if passed >= settled + len(sizes) * (minutes - settled) / 20:
                        sizes.append(process.memory_info().rss)
                    if passed >= minutes:
                        break
            feed = source.feed
    finally:
        pipeline.close()
    assert feed.reconnects >= minutes - 1
    assert {gap.how for gap in feed.gaps} <= {"filled", "arrived", "open"}
    assert rows == pipeline.status.trades > 100 * minutes * 60
    assert max(sizes[-5:]) < 1.05 * max(sizes[:5]) + 5e6, sizes
