"""Plays a scene of the live source against the local exchange on a clock held by hand, and checks what must hold.

The clock moves only after everybody has had turns, so a slow machine makes a scene slow and changes nothing in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from livepairs.bars.machine import BarMachine
from livepairs.clock import ManualClock
from livepairs.schema import Chunk, Gap
from livepairs.sources.live import LiveSource
from livepairs.sources.live_limits import Endpoints, LiveLimits
from livepairs.venue import RULES, Playback, Rules, ServedVenue, Setup, serve_venue

SYMBOLS = ("BTCUSDT", "ETHUSDT")
SECOND_US = 1_000_000
START_US = 1_786_000_000 * SECOND_US
STEP_US = 20_000
SOCKETS_S = 0.0002
"""Real time a step leaves to the machine's sockets, which know nothing of our clock."""
TURNS = 10
"""Turns of the loop for each step of the clock: enough for bytes to pass through both ends of a socket."""

LIMITS = LiveLimits(
    first_data_us=3 * SECOND_US,
    silent_us=3 * SECOND_US,
    quiet_us=4 * SECOND_US,
    slack_us=SECOND_US,
    recheck_us=SECOND_US,
    stale_us=2 * SECOND_US,
    overlap_us=SECOND_US,
    retry_us=SECOND_US // 10,
    backoff_us=SECOND_US // 10,
    clock_us=5 * SECOND_US,
    open_us=SECOND_US // 2,
    # Kept by the library, which knows nothing of our clock.
    close_us=SECOND_US // 20,
)
"""The usual limits, about a tenth as long."""


@dataclass
class Scene:
    """A venue, a source connected to it, and what came of it so far."""

    clock: ManualClock
    venue: ServedVenue
    source: LiveSource
    chunks: list[Chunk] = field(default_factory=list)
    reader: asyncio.Task[None] | None = None
    rows: dict[str, dict[int, tuple[object, ...]]] = field(default_factory=dict)

    async def run(self, seconds: float) -> None:
        """Let that much time pass."""
        await self.until(lambda: False, seconds=seconds)

    async def until(self, is_reached: Callable[[], bool], *, seconds: float = 60.0) -> bool:
        """Let time pass until something is so; return whether it was within that time."""
        assert self.reader is not None
        for _ in range(round(seconds * SECOND_US / STEP_US)):
            if is_reached():
                return True
            if self.reader.done():
                self.reader.result()
                return is_reached()
            self.clock.advance(STEP_US)
            for _ in range(TURNS):
                await asyncio.sleep(0)
            await asyncio.sleep(SOCKETS_S)
        return is_reached()

    async def read(self) -> None:
        async with aclosing(self.source.chunks()) as chunks:
            async for chunk in chunks:
                self.chunks.append(chunk)
                for row in chunk.trades.to_pylist():
                    known = self.rows.setdefault(row["symbol"], {})
                    assert row["trade_id"] not in known, f"{row['symbol']} {row['trade_id']} came twice"
                    known[row["trade_id"]] = _facts(row)

    def delivered(self, symbol: str) -> dict[int, tuple[object, ...]]:
        """Return the trades that came, by id."""
        return self.rows.get(symbol, {})

    def traded(self, symbol: str) -> dict[int, tuple[object, ...]]:
        """Return the trades the venue had so far, by id."""
        return {row["trade_id"]: _facts(row) for row in self.venue.trades(symbol).to_pylist()}

    async def everything_arrives(self) -> None:
        """Let time pass until each trade the venue has had by now was delivered; fails if one never is."""
        first = {symbol: min(self.delivered(symbol), default=0) for symbol in SYMBOLS}
        due = {symbol: {i: row for i, row in self.traded(symbol).items() if i >= first[symbol]} for symbol in SYMBOLS}

        def has_all() -> bool:
            return all(due[symbol].keys() <= self.delivered(symbol).keys() for symbol in SYMBOLS)

        # So long because the weight that may be spent in a minute may be spent: the rest is asked for in the next one.
        assert await self.until(has_all, seconds=75), f"still missing; {self.source.feed}"
        # The last row may be a tick ahead of the account, and a hole in what has come since may be open for a moment.
        await self.until(lambda: not self.source.feed.open_gaps, seconds=5)
        await self.run(0.2)
        for symbol in SYMBOLS:
            delivered = self.delivered(symbol)
            assert {i: delivered[i] for i in due[symbol]} == due[symbol]
            assert delivered.keys() <= self.traded(symbol).keys(), "the source made trades up"

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.source.feed.gaps

    @property
    def seconds(self) -> float:
        """Time passed."""
        return (self.clock.now_us() - START_US) / SECOND_US

    def late(self) -> int:
        """Return how many trades came too late for their bar."""
        machine = BarMachine(SYMBOLS)
        for chunk in self.chunks:
            machine.update(chunk)
        return machine.counts.late


def _facts(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("ts", "price", "qty", "buyer_is_maker"))


@asynccontextmanager
async def scene(
    *faults: str,
    market: str = "um",
    limits: LiveLimits = LIMITS,
    rules: dict[str, object] | None = None,
    source: str | Sequence[Chunk] = "synthetic:?seed=5&rate=40",
    symbols: tuple[str, ...] = SYMBOLS,
    close_us: tuple[int, int] = (1_000_000, 500_000),
) -> AsyncIterator[Scene]:
    """Open a venue with faults and a source that reads it, with time standing still."""
    clock = ManualClock(START_US)
    kept: Rules = replace(RULES[market], **(rules or {}))  # type: ignore[index,arg-type]
    setup = Setup(market=market, rules=kept, playback=Playback(waits_for_client=True))  # type: ignore[arg-type]
    async with serve_venue(source, faults=faults, clock=clock, setup=setup) as venue:
        live = LiveSource(
            market,  # type: ignore[arg-type]
            symbols,
            endpoints=Endpoints(venue.ws, venue.rest),
            clock=clock,
            limits=limits,
            close_us=close_us,
        )
        played = Scene(clock, venue, live)
        played.reader = asyncio.ensure_future(played.read())
        try:
            yield played
            check_laws(played.chunks, *close_us)
            check_replay(played.chunks, symbols, close_us)
        finally:
            played.reader.cancel()
            await asyncio.gather(played.reader, return_exceptions=True)


def check_laws(chunks: Sequence[Chunk], interval_us: int = 1_000_000, grace_us: int = 500_000) -> None:
    """Check what the live source promises of any sequence of chunks."""
    now_us = -(1 << 62)
    last: dict[str, tuple[int, int]] = {}
    seen: set[tuple[str, int]] = set()
    for chunk in chunks:
        assert chunk.now_us >= now_us, "now_us went back"
        before = dict(last)
        within: dict[str, tuple[int, int]] = {}
        for symbol, trade_id, ts, recv in _keys(chunk.trades):
            key = (ts, trade_id)
            assert recv > now_us, "a row came before a time that was vouched for"
            assert key > within.get(symbol, (-(1 << 62), 0)), "rows of a chunk are not in order"
            assert (symbol, trade_id) not in seen, "an id came twice"
            if key < before.get(symbol, key):
                assert recv >= (ts // interval_us + 1) * interval_us + grace_us, "a row out of order is not late"
            within[symbol] = key
            last[symbol] = max(key, last.get(symbol, key))
            seen.add((symbol, trade_id))
        now_us = chunk.now_us


def check_replay(chunks: Sequence[Chunk], symbols: Sequence[str], close_us: tuple[int, int]) -> None:
    """Check that a replay, which reads the rows sorted, makes the bars that were made live."""
    rows = [chunk.trades for chunk in chunks if chunk.trades.num_rows]
    if not rows:
        return
    table = pa.Table.from_batches(rows).sort_by([("ts", "ascending"), ("trade_id", "ascending")]).combine_chunks()
    whole = Chunk(table.to_batches()[0], chunks[0].marks, chunks[-1].now_us)
    live, replayed = (BarMachine(symbols, interval_us=close_us[0], grace_us=close_us[1]) for _ in range(2))
    made = pa.Table.from_batches([live.update(chunk) for chunk in chunks])
    assert made.equals(pa.Table.from_batches([replayed.update(whole)])), "a replay makes other bars"
    assert not any(live.counts.rejected.values())


def _keys(trades: pa.RecordBatch) -> list[tuple[str, int, int, int]]:
    ts, recv = (trades.column(name).cast(pa.int64()).to_pylist() for name in ("ts", "recv_ts"))
    return list(zip(trades.column("symbol").to_pylist(), trades.column("trade_id").to_pylist(), ts, recv, strict=True))
