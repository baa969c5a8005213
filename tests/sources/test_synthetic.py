"""The synthetic market as a live source: the recording's rows, at the pace of a clock one can hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

import pyarrow as pa

from livepairs.clock import ManualClock
from livepairs.schema import Chunk
from livepairs.sources import Source
from livepairs.sources.synthetic import PACE_US, SyntheticParams, SyntheticSource, open_synthetic
from livepairs.sources.synthetic_market import SyntheticMarket

SECOND_US = 1_000_000
PARAMS = SyntheticParams(rate=5)


async def take(chunks: AsyncIterator[Chunk], clock: ManualClock, count: int) -> list[Chunk]:
    """Take that many chunks, holding the clock's hand: it is moved on whenever the source waits."""
    taken = []
    for _ in range(count):
        waiting = asyncio.ensure_future(anext(chunks))
        while not waiting.done():
            await asyncio.sleep(0)
            if clock.next_deadline_us is not None:
                clock.advance(clock.next_deadline_us - clock.now_us())
        taken.append(waiting.result())
    return taken


def play(source: SyntheticSource, clock: ManualClock, count: int) -> list[Chunk]:
    async def scenario() -> list[Chunk]:
        chunks = source.chunks()
        taken = await take(chunks, clock, count)
        await chunks.aclose()  # type: ignore[attr-defined]  # an async generator
        return taken

    return asyncio.run(scenario())


def test_it_is_a_source() -> None:
    source = open_synthetic("?seed=3")
    assert isinstance(source, Source)
    assert source.symbols == ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    assert open_synthetic("synthetic:?seed=3").params == source.params == SyntheticParams(seed=3)


def test_it_gives_the_rows_of_the_recording() -> None:
    """The lead ends in the middle of the second block, so cuts within a block and between blocks are both there."""
    clock = ManualClock()
    chunks = play(SyntheticSource(PARAMS, clock=clock, lead_us=615 * SECOND_US), clock, 2 + 10 * 600)
    blocks = list(islice(SyntheticMarket(PARAMS).blocks(), 3))
    end_us = chunks[-1].now_us + 1
    for name in ("trades", "marks"):
        made = pa.Table.from_batches([getattr(block, name) for block in blocks])
        times = made["ts"].cast(pa.int64()).to_numpy()
        expected = made.slice(0, int((times < end_us).sum()))
        assert pa.Table.from_batches([getattr(chunk, name) for chunk in chunks]).equals(expected)


def test_the_lead_comes_at_once_and_the_rest_in_its_time() -> None:
    clock = ManualClock(50 * SECOND_US)
    source = SyntheticSource(PARAMS, clock=clock, lead_us=60 * SECOND_US)

    async def scenario() -> None:
        chunks = source.chunks()
        lead = await asyncio.wait_for(anext(chunks), 1)
        assert lead.now_us == PARAMS.start_us + 60 * SECOND_US - 1
        assert lead.trades.num_rows > 100
        following = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        assert not following.done()
        assert clock.next_deadline_us == 50 * SECOND_US + PACE_US
        clock.advance(PACE_US)
        assert (await following).now_us == lead.now_us + PACE_US

    asyncio.run(scenario())


def test_every_chunk_vouches_for_a_tenth_of_a_second_more() -> None:
    clock = ManualClock()
    chunks = play(SyntheticSource(PARAMS, clock=clock, lead_us=0), clock, 30)
    assert [chunk.now_us for chunk in chunks] == [PARAMS.start_us + PACE_US * (n + 1) - 1 for n in range(30)]
    for chunk in chunks:
        times = chunk.trades["ts"].cast(pa.int64()).to_pylist()
        assert all(chunk.now_us - PACE_US < ts <= chunk.now_us for ts in times)


def test_the_lead_may_end_anywhere() -> None:
    clock = ManualClock()
    chunks = play(SyntheticSource(PARAMS, clock=clock, lead_us=600 * SECOND_US), clock, 3)
    ends = [chunk.now_us + 1 - PARAMS.start_us for chunk in chunks]
    assert ends == [600 * SECOND_US, 600 * SECOND_US + PACE_US, 600 * SECOND_US + 2 * PACE_US]
