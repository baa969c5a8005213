"""From a websocket on loopback to rows, bars and pairs: everything the live path does with a message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from benchmarks import wireserver
from benchmarks.contest import Contender, Contest, Goal, Outcome, Scale

MESSAGES, QUICK_MESSAGES = 300_000, 5_000
UNIT = "messages/s"
CPU = "messages per CPU second"


def whole_path(scale: Scale) -> Callable[[], Outcome]:
    """`LiveSource` to `Pipeline.update`: received, stamped, decoded, put in order, barred and paired."""
    from livepairs.pipeline import Pipeline, RunParams
    from livepairs.schema import Pair

    _compile()

    async def work(port: int, messages: int) -> None:
        pipeline = Pipeline(wireserver.SYMBOLS, RunParams((Pair(*reversed(wireserver.SYMBOLS)),)))
        try:
            await _chunks(port, messages, pipeline.update)
        finally:
            pipeline.close()

    return _turns(scale, work)


def rows_only(scale: Scale) -> Callable[[], Outcome]:
    """`LiveSource` alone: TRADES in order, each id once."""
    _compile()
    return _turns(scale, lambda port, messages: _chunks(port, messages, lambda _: None))


def _compile() -> None:
    from livepairs import pipeline
    from livepairs.exchanges import binance
    from livepairs.stats import compiled

    _ = pipeline, binance  # imported for their kernels
    compiled.prepare()


async def _chunks(port: int, messages: int, take: Callable[..., object]) -> None:
    from livepairs.clock import SystemClock
    from livepairs.sources.live import LiveSource
    from livepairs.sources.live_limits import Endpoints, LiveLimits

    endpoints = Endpoints(f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}")
    # The frames were made beforehand and come at once: no age of theirs means anything.
    limits = LiveLimits(queue_frames=2 * MESSAGES, stale_us=10**12)
    source = LiveSource("um", wireserver.SYMBOLS, endpoints=endpoints, clock=SystemClock(), limits=limits)
    rows = 0
    async with aclosing(source.chunks()) as chunks:
        async for chunk in chunks:
            take(chunk)
            rows += chunk.trades.num_rows
            if rows >= messages:
                break


def websockets_and_msgspec(scale: Scale) -> Callable[[], Outcome]:
    """Receive and parse into structs, and nothing else: no rows, no order, no watch."""
    import msgspec
    from websockets.asyncio.client import connect

    trade = msgspec.defstruct("Trade", [("s", str), ("p", str), ("q", str), ("T", int), ("a", int), ("m", bool)])
    message = msgspec.defstruct("Message", [("stream", str), ("data", trade)])
    decode = msgspec.json.Decoder(message).decode

    async def work(port: int, messages: int) -> None:
        async with connect(wireserver.connected(port), compression=None, max_queue=4096) as connection:
            for _ in range(messages):
                decode(await connection.recv(decode=False))

    return _turns(scale, work)


def _turns(scale: Scale, work: Callable[[int, int], Awaitable[None]]) -> Callable[[], Outcome]:
    messages = QUICK_MESSAGES if scale.is_quick else MESSAGES
    _, port = wireserver.start(frames=messages)

    def turn() -> Outcome:
        began, cpu = time.perf_counter(), time.process_time()
        asyncio.run(_awaited(work(port, messages)))
        return Outcome(messages / (time.perf_counter() - began), {CPU: messages / (time.process_time() - cpu)})

    return turn


async def _awaited(work: Awaitable[None]) -> None:
    await work


CONTEST = Contest(
    title="Messages over a loopback websocket, end to end",
    unit=UNIT,
    contenders=(
        Contender("livepairs, to bars and pairs", whole_path),
        Contender("livepairs, to TRADES rows", rows_only),
        Contender("websockets + msgspec, parsing only", websockets_and_msgspec),
    ),
    goals=(Goal(UNIT, ">", 100_000), Goal(UNIT, ">", "websockets + msgspec, parsing only")),
    notes="The venue is a process of its own that sends frames made beforehand; connecting is in the time of each.",
)
