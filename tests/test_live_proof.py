"""The proof over the real live path: a venue with faults, the live source, a session, and a replay that must agree."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from livepairs.alerts.reading import read_rules
from livepairs.clock import ManualClock
from livepairs.headless import play as play_headless
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Chunk, Gap, Pair
from livepairs.session import OUT_OF_ORDER, Session
from livepairs.sources.replay import Replay, ReplayPlan
from livepairs.stores.recorder import RecorderLimits
from livepairs.stores.recording import Recording, open_recording
from livepairs.verification import verify
from tests.sources.live_scenes import SECOND_US, SYMBOLS, scene

RULES = """
[[rule]]
name = "far"
when = "abs(z) >= 1 or rises(beta, 0) or abs(corr) > 0.01"
for_bars = 2
cooldown = "3s"
message = "{pair} {z:+.3f} {age_s:.6f} {lag_s:.6f}"
[[rule]]
name = "gap"
symbols = ["*"]
when = "gap_open"
[[rule]]
name = "late"
when = "late_share > 0.01 or lag_s > 0.4"
[[rule]]
name = "silent"
when = "age_s > 0.7"
clear = "age_s < 0.5"
"""
PARAMS = RunParams(
    (Pair("ETHUSDT", "BTCUSDT"),), pair_params=PairParams(7, 5, 5, 1), rules=read_rules(RULES, name="rules of the test")
)
SMALL = RecorderLimits(turn_us=1_000, segment_bytes=20_000)
"""Segments so small that trades fetched after a gap belong among sealed ones."""

LINE = ("drop:after_s=3,every_s=5", "close:after_s=5,code=1008", "stall:after_s=8,for_s=2")
ORDER = ("shuffle:after_s=2,every_s=3,count=6", "late:after_s=4,every_s=6,count=5,by_s=1.7")
HOLES = ("skip:after_s=3,every_s=4,count=7", "duplicate:after_s=2,every_s=3", "burst:after_s=6")
REST = ("rest-lag:after_s=0,by_ms=400", "rest-malformed:after_s=4", "clock:after_s=5,ahead_ms=1270")
WIRE = ("malformed:after_s=2,every_s=3", "zero:after_s=3", "merged:after_s=4", "replay:after_s=5")
TROUBLE = (*LINE, *ORDER, *HOLES, *REST, *WIRE)


@dataclass
class Recorded:
    """What a scene came to."""

    chunks: list[Chunk]
    gaps: tuple[Gap, ...]
    venue: dict[str, list[tuple[object, ...]]]


async def play(faults: Sequence[str], *, seconds: float) -> Recorded:
    """Let the source live through the faults, and wait until it has everything that the venue had."""
    async with scene(*faults) as played:
        await played.run(seconds)
        await played.everything_arrives()
        assert await played.until(lambda: not played.source.feed.open_gaps)
        first = {symbol: min(played.delivered(symbol)) for symbol in SYMBOLS}
        venue = {symbol: _rows(played.venue.trades(symbol), first[symbol]) for symbol in SYMBOLS}
        # What the venue has told this very moment may still be on its way.
        came = {symbol: played.delivered(symbol) for symbol in SYMBOLS}
        had = {symbol: [row for row in venue[symbol] if row[0] in came[symbol]] for symbol in SYMBOLS}
        return Recorded(list(played.chunks), played.source.feed.gaps, had)


def record(path: Path, recorded: Recorded, *, together: int = 1) -> str:
    """Record the chunks, so many of them joined to one, and return the live digest."""
    with Session(path, PARAMS, source="binance-um:BTCUSDT,ETHUSDT", symbols=SYMBOLS, limits=SMALL) as session:
        for first in range(0, len(recorded.chunks), together):
            session.update(_joined(recorded.chunks[first : first + together]))
        session.set_gaps(recorded.gaps)
        return session.close().digest


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    if len(chunks) == 1:
        return chunks[0]
    trades, marks = (
        pa.Table.from_batches([getattr(chunk, hop) for chunk in chunks]).unify_dictionaries().combine_chunks()
        for hop in ("trades", "marks")
    )
    return Chunk(
        (trades.to_batches() or [chunks[0].trades])[0], (marks.to_batches() or [chunks[0].marks])[0], chunks[-1].now_us
    )


def _rows(trades: pa.RecordBatch | pa.Table, first_id: int = 0) -> list[tuple[object, ...]]:
    names = ("trade_id", "ts", "price", "qty", "buyer_is_maker")
    return sorted(tuple(row[name] for name in names) for row in trades.to_pylist() if row["trade_id"] >= first_id)


async def replayed(recording: Recording, speed: float) -> str:
    """Return the digest of a replay as a page plays it, paced by a clock."""
    clock, pipeline = ManualClock(), Pipeline(recording.symbols, PARAMS, limit_rows=0)
    source = Replay(recording, clock, ReplayPlan(speed=speed, history_us=0))
    source.rewind()
    playing = asyncio.ensure_future(_drain(source, pipeline))
    while not playing.done():
        if clock.next_deadline_us is not None:
            clock.advance(clock.next_deadline_us - clock.now_us())
        await asyncio.sleep(0)
    pipeline.close()
    playing.result()
    return pipeline.digest


async def _drain(source: Replay, pipeline: Pipeline) -> None:
    async with aclosing(source.chunks()) as chunks:
        async for chunk in chunks:
            pipeline.update(chunk)


def check(path: Path, recorded: Recorded) -> Recording:
    """Check that a recording holds exactly what the venue had, tells of its gaps, and is proved."""
    recording = open_recording(path)
    for symbol in SYMBOLS:
        assert _rows(recording.trades(symbols=[symbol])) == recorded.venue[symbol]
    assert recording.gaps == recorded.gaps
    assert all(gap.is_healed for gap in recording.gaps)
    assert recording.manifest.completeness == 1.0
    assert OUT_OF_ORDER not in recording.manifest.repairs, "the source has broken its promise"
    for batch_rows in (3, 400, 131_072):
        verdict = verify(recording, batch_rows=batch_rows)
        assert verdict.is_proven, verdict.sentence
    return recording


@pytest.mark.slow
def test_a_session_in_trouble_holds_every_trade_and_replays_to_its_digest(tmp_path: Path) -> None:
    recorded = asyncio.run(play(TROUBLE, seconds=10))
    assert len(recorded.gaps) > 3
    digests = {record(tmp_path / f"by{together}", recorded, together=together) for together in (1, 7, 1_000)}
    assert len(digests) == 1, "the digest depends on the pieces that the feed came in"
    recording = check(tmp_path / "by1", recorded)
    assert {asyncio.run(replayed(recording, speed)) for speed in (3.0, 60.0, math.inf)} == digests
    assert recording.max_lag_us > SECOND_US, "nothing was fetched late, so the proof proves little"
    found = play_headless(recording, PARAMS)
    assert {found.digest} == digests
    assert set(found.events.column("rule").to_pylist()) == {"far", "gap", "late", "silent"}


@pytest.mark.soak
@pytest.mark.parametrize(
    "faults", [LINE, ORDER, HOLES, REST, WIRE, TROUBLE], ids=["line", "order", "holes", "rest", "wire", "all"]
)
def test_a_minute_of_each_kind_of_trouble(tmp_path: Path, faults: tuple[str, ...]) -> None:
    recorded = asyncio.run(play(faults, seconds=60))
    record(tmp_path / "rec", recorded)
    check(tmp_path / "rec", recorded)
