"""A capture: one recording or one after the other, ended by whoever stops it or by the venue, and always sealed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from livepairs.capture import HEAL_US, Capture, Rotation
from livepairs.clock import ManualClock
from livepairs.errors import ConfigError, FeedError, RecordingError
from livepairs.pipeline import RunParams
from livepairs.schema import Chunk, Gap
from livepairs.session import Summary
from livepairs.stores.recording import open_recording
from livepairs.stores.retention import Retention
from livepairs.verification import verify
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US

BTC = "BTCUSDT"
SECOND, MINUTE = 1_000_000, 60_000_000
NEXT_MINUTE_US = (START_US // MINUTE + 1) * MINUTE


@dataclass
class Feed:
    status: str = "live"
    sentence: str = ""
    last_data_us: int | None = None
    gaps: tuple[Gap, ...] = ()
    offset_us: int = -7
    rejected: dict[str, int] = field(default_factory=dict)


class ScriptedSource:
    """Yields chunks at once, calls what stands between them, and then waits for ever or ends."""

    symbols = (BTC,)

    def __init__(self, *script: Chunk | Callable[[], None], ends: bool = False) -> None:
        self._script, self._ends = script, ends
        self.feed = Feed()
        self.is_drained, self.is_closed = asyncio.Event(), False

    async def chunks(self) -> AsyncIterator[Chunk]:
        try:
            for step in self._script:
                if isinstance(step, Chunk):
                    yield step
                else:
                    step()
                await asyncio.sleep(0)
            self.is_drained.set()
            if not self._ends:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True


def seconds(numbers: Sequence[int], *, since_us: int = NEXT_MINUTE_US) -> list[Chunk]:
    return [
        make_chunk(since_us + (n + 1) * SECOND - 1, make_trades(BTC, [since_us + n * SECOND], first_id=n + 1000))
        for n in numbers
    ]


def capture(source: ScriptedSource, path: Path, rotation: Rotation | None = None) -> tuple[Capture, list[Summary]]:
    made = Capture(source, RunParams(()), path, name="binance-um:BTCUSDT", clock=ManualClock(), rotation=rotation)
    summaries: list[Summary] = []
    made.on_closed = summaries.append
    return made, summaries


async def run_until_drained(captured: Capture, source: ScriptedSource) -> None:
    stop = asyncio.Event()
    running = asyncio.ensure_future(captured.run(stop))
    await source.is_drained.wait()
    stop.set()
    await running


def test_it_records_until_it_is_stopped_and_closes_the_source(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(*seconds(range(5)))
        source.feed.rejected["zero price"] = 3
        captured, summaries = capture(source, tmp_path / "rec")
        await run_until_drained(captured, source)
        assert source.is_closed
        assert [(summary.path, summary.trades) for summary in summaries] == [(tmp_path / "rec", 5)]
        assert captured.state is None

    asyncio.run(scenario())
    manifest = open_recording(tmp_path / "rec").manifest
    assert (manifest.source, manifest.clock_offset_us, manifest.skipped) == (
        "binance-um:BTCUSDT",
        -7,
        {"zero price": 3},
    )
    assert not manifest.is_synthetic
    assert verify(open_recording(tmp_path / "rec")).is_proven


def test_a_feed_that_is_away_at_the_end_is_a_gap_though_no_id_tells(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(*seconds([0, 1]), make_chunk(NEXT_MINUTE_US + 4 * SECOND - 1))
        source.feed.status, source.feed.sentence = "waiting", "connection lost (1006); trying again in 4 s"
        source.feed.last_data_us = NEXT_MINUTE_US + 2 * SECOND - 1
        captured, _ = capture(source, tmp_path / "rec")
        await run_until_drained(captured, source)

    asyncio.run(scenario())
    manifest = open_recording(tmp_path / "rec").manifest
    (gap,) = manifest.gaps
    assert (gap.start_us, gap.end_us, gap.how) == (NEXT_MINUTE_US + 2 * SECOND, NEXT_MINUTE_US + 4 * SECOND, "open")
    assert gap.cause == "the feed was away at the end: connection lost (1006); trying again in 4 s"
    assert manifest.completeness == 0.5


def test_it_ends_with_a_source_that_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(*seconds(range(3)), ends=True)
        captured, _ = capture(source, tmp_path / "rec")
        await captured.run(asyncio.Event())

    asyncio.run(scenario())
    assert open_recording(tmp_path / "rec").trade_count == 3


def test_a_refusal_for_good_ends_it_and_what_came_is_a_recording(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(*seconds(range(3)))
        captured, _ = capture(source, tmp_path / "rec")
        running = asyncio.ensure_future(captured.run(asyncio.Event()))
        await source.is_drained.wait()
        source.feed.status, source.feed.sentence = "refused", "the venue does not serve this place"
        assert isinstance(captured._clock, ManualClock)
        captured._clock.advance(SECOND)
        with pytest.raises(FeedError, match="does not serve this place; what was received until then is recorded"):
            await running

    asyncio.run(scenario())
    assert open_recording(tmp_path / "rec").trade_count == 3


def test_a_refusal_before_anything_came_leaves_nothing_and_claims_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource()
        source.feed.status, source.feed.sentence = "refused", "the venue does not serve this place"
        captured, _ = capture(source, tmp_path / "rec")
        running = asyncio.ensure_future(captured.run(asyncio.Event()))
        await source.is_drained.wait()
        assert isinstance(captured._clock, ManualClock)
        captured._clock.advance(SECOND)
        with pytest.raises(FeedError, match=r"does not serve this place$"):
            await running

    asyncio.run(scenario())
    assert not (tmp_path / "rec").exists()


def test_what_is_wrong_with_the_source_is_said_rather_than_that_nothing_came(tmp_path: Path) -> None:
    def unknown_symbol() -> None:
        raise ConfigError("symbol 'BTCUSD' is not traded (did you mean 'BTCUSDT'?)")

    async def scenario() -> None:
        captured, _ = capture(ScriptedSource(unknown_symbol), tmp_path / "rec")
        with pytest.raises(ConfigError, match="did you mean"):
            await captured.run(asyncio.Event())

    asyncio.run(scenario())
    assert not (tmp_path / "rec").exists()


def test_without_a_trade_nothing_is_kept_and_that_is_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(make_chunk(START_US))
        source.feed.status, source.feed.sentence = "waiting", "no connection; trying again in 2 s"
        captured, _ = capture(source, tmp_path / "rec")
        with pytest.raises(RecordingError, match=r"no trade was recorded.*; the feed is away: no connection; trying"):
            await run_until_drained(captured, source)

    asyncio.run(scenario())
    assert not (tmp_path / "rec").exists()


def test_a_new_recording_begins_at_each_full_minute_and_each_is_proved(tmp_path: Path) -> None:
    async def scenario() -> list[Summary]:
        source = ScriptedSource(*seconds(range(-3, 3)), *seconds(range(58, 63)))
        captured, summaries = capture(source, tmp_path, Rotation(period_us=MINUTE))
        await run_until_drained(captured, source)
        return summaries

    summaries = asyncio.run(scenario())
    recordings = [open_recording(path) for path in sorted(tmp_path.iterdir())]
    assert [recording.trade_count for recording in recordings] == [3, 5, 3]
    assert sorted(summary.trades for summary in summaries) == [3, 3, 5]
    assert recordings[1].name == "20231114T221400Z"
    assert all(verify(recording).is_proven for recording in recordings)


def test_a_new_recording_waits_while_a_gap_is_being_filled_but_not_for_ever(tmp_path: Path) -> None:
    async def scenario() -> None:
        source: ScriptedSource
        hole = Gap(BTC, NEXT_MINUTE_US - SECOND, NEXT_MINUTE_US, how="open")

        def opens() -> None:
            source.feed.gaps = (hole,)

        def is_over() -> None:
            source.feed.gaps = (replace(hole, how="unfillable", closed_us=NEXT_MINUTE_US + MINUTE),)

        beyond = seconds([0], since_us=NEXT_MINUTE_US + HEAL_US + MINUTE)
        source = ScriptedSource(
            *seconds(range(-2, 0)),
            opens,
            *seconds(range(3)),
            *beyond,
            is_over,
            *seconds([0], since_us=NEXT_MINUTE_US + HEAL_US + MINUTE + SECOND),
        )
        captured, _ = capture(source, tmp_path, Rotation(period_us=MINUTE))
        await run_until_drained(captured, source)

    asyncio.run(scenario())
    first, second = (open_recording(path) for path in sorted(tmp_path.iterdir()))
    assert (first.trade_count, second.trade_count) == (5, 2)
    assert (len(first.gaps), len(second.gaps)) == (1, 0)


def test_old_recordings_are_removed_as_new_ones_come(tmp_path: Path) -> None:
    async def scenario() -> None:
        source = ScriptedSource(*seconds(range(0, 300, 30)))
        rotation = Rotation(period_us=MINUTE, retention=Retention(bytes=1))
        captured, _ = capture(source, tmp_path, rotation)
        await run_until_drained(captured, source)

    asyncio.run(scenario())
    assert list(tmp_path.iterdir()) == []
