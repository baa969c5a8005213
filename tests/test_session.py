"""Replay equals live: whatever a session was handed and in whatever pieces, its recording replays to its digest."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError, RecordingError, SchemaError
from livepairs.headless import play
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import BARS, Chunk, Gap, Pair, empty
from livepairs.session import OUT_OF_ORDER, Session, proof_params
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recorder import RecorderLimits
from livepairs.stores.recording import open_recording
from livepairs.verification import verify
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US, Trade, trades_batch

BTC, ETH = "BTCUSDT", "ETHUSDT"
SECOND = 1_000_000
PARAMS = RunParams((Pair(ETH, BTC),), pair_params=PairParams(5, 3, 3, 0))
QUICK = RecorderLimits(turn_us=1_000, segment_bytes=4_000)


def session(path: Path, params: RunParams = PARAMS) -> Session:
    return Session(path, params, source="binance-um:BTCUSDT,ETHUSDT", symbols=(BTC, ETH), limits=QUICK)


def record(path: Path, chunks: Iterable[Chunk], params: RunParams = PARAMS) -> str:
    """Record the chunks and return the live digest."""
    with session(path, params) as recorded:
        for chunk in chunks:
            recorded.update(chunk)
        return recorded.close().digest


@dataclass(frozen=True)
class Arrival:
    """A trade as it comes: some time after it was made, and not always behind those made before it."""

    at_us: int
    lag_us: int
    symbol: str
    price: float

    @property
    def made_us(self) -> int:
        return START_US + (self.at_us - self.lag_us) // 1_000 * 1_000


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        at_us=st.integers(0, 12 * SECOND),
        lag_us=st.sampled_from([0, 1_000, 60_000, 499_999, 500_000, 700_000, 3 * SECOND])
        | st.integers(-200_000, SECOND),
        symbol=st.sampled_from([BTC, BTC, ETH]),
        price=st.floats(1, 10).map(lambda price: round(price, 2)),
    ),
    min_size=1,
    max_size=60,
)


def feed(arrivals: Sequence[Arrival], cuts: Iterable[int], end_us: int) -> list[Chunk]:
    """Deliver the trades as they arrive, in chunks that end at the cuts; each vouches for the time of its cut."""
    in_time = sorted(arrivals, key=lambda arrival: arrival.at_us)
    # The venue numbers trades as they are made, not as they arrive.
    ids = {id(arrival): number for number, arrival in enumerate(sorted(in_time, key=lambda one: one.made_us), 1)}
    chunks, before = [], -1
    for cut in [*sorted(set(cuts)), end_us]:
        part = [arrival for arrival in in_time if before < arrival.at_us <= cut]
        trades = [
            Trade(one.made_us, one.symbol, ids[id(one)], one.price, max(START_US + one.at_us, one.made_us))
            for one in part
        ]
        chunks.append(Chunk(trades_batch(trades), make_chunk(0).marks, START_US + cut))
        before = cut
    return chunks


FEEDS = given(
    arrivals=ARRIVALS, cuts=st.lists(st.integers(0, 13 * SECOND), max_size=12), end=st.integers(0, 3 * SECOND)
)
"""Late trades, trades out of order, quiet symbols, a start in the middle of a bar, an end before bars close."""


@FEEDS
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_feed_in_any_pieces_replays_to_the_digest_it_had_live(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[Arrival], cuts: list[int], end: int
) -> None:
    check_law(tmp_path_factory.mktemp("any"), arrivals, cuts, 13 * SECOND + end)


@pytest.mark.soak
@FEEDS
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hundreds_of_feeds_replay_to_the_digest_they_had_live(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[Arrival], cuts: list[int], end: int
) -> None:
    check_law(tmp_path_factory.mktemp("any"), arrivals, cuts, 13 * SECOND + end)


def check_law(folder: Path, arrivals: list[Arrival], cuts: list[int], end_us: int) -> None:
    whole = record(folder / "whole", feed(arrivals, [], end_us))
    cut = record(folder / "cut", feed(arrivals, cuts, end_us))
    assert cut == whole
    recording = open_recording(folder / "cut")
    assert recording.trade_count == len(arrivals)
    for batch_rows in (1, 7, 131_072):
        verdict = verify(recording, batch_rows=batch_rows)
        assert verdict.is_proven, verdict.sentence
    shutil.rmtree(folder)


def steady(seconds: int, *, first: int = 0) -> list[Chunk]:
    """Return a chunk a second, each with a trade of both legs."""
    return [
        make_chunk(
            START_US + (number + 1) * SECOND - 1,
            make_trades(BTC, [START_US + number * SECOND + 100_000], first_id=number, price=100.0 + number % 3),
            make_trades(ETH, [START_US + number * SECOND + 200_000], first_id=number, price=10.0 + number % 5),
        )
        for number in range(first, first + seconds)
    ]


def test_the_proof_is_of_all_three_hops_and_says_what_it_was_computed_with(tmp_path: Path) -> None:
    digest = record(tmp_path / "rec", steady(20))
    recording = open_recording(tmp_path / "rec")
    proof = recording.manifest.proof
    assert proof is not None
    assert (proof.digest, recording.manifest.live_digest) == (digest, digest)
    result = play(recording, PARAMS)
    assert (proof.bars, proof.pairs, proof.events) == (
        result.bars.num_rows,
        result.pairs.num_rows,
        result.events.num_rows,
    )
    # 20 s vouched to the end of the last one: the grace of the last bar is not over, so 19 bars of each leg.
    assert (proof.bars, proof.pairs) == (38, 19)
    assert result.digest == digest
    assert proof.params == proof_params(PARAMS)
    assert (proof.params.pairs, proof.params.hedge_window) == (("ETHUSDT/BTCUSDT",), 5)


def test_bars_that_were_open_at_the_end_stay_open_in_the_replay(tmp_path: Path) -> None:
    """A trade after the vouched time is recorded, but the bar it is in has not closed live and must not in a replay."""
    late = make_trades(BTC, [START_US + 30 * SECOND], first_id=99)
    record(tmp_path / "rec", [*steady(3), make_chunk(START_US + 3 * SECOND, late)])
    recording = open_recording(tmp_path / "rec")
    assert recording.end_us == START_US + 30 * SECOND
    assert verify(recording).bars == 4
    assert verify(recording).is_proven


def test_rows_that_break_the_order_are_late_in_both_and_counted(tmp_path: Path) -> None:
    """A source that hands a row in behind a later one of its bar would otherwise give another close in a replay."""
    swapped = [
        make_chunk(START_US + 5, make_trades(BTC, [START_US + 4], first_id=5, price=7.0)),
        make_chunk(START_US + 6, make_trades(BTC, [START_US + 3], first_id=4, price=1.0, recv_us=[START_US + 6])),
        make_chunk(START_US + 2 * SECOND),
    ]
    record(tmp_path / "rec", swapped)
    recording = open_recording(tmp_path / "rec")
    assert recording.manifest.repairs == {OUT_OF_ORDER: 1}
    assert verify(recording).is_proven
    result = play(recording, RunParams(()))
    assert (result.status.trades, result.status.late) == (2, 1)
    assert result.bars.column("close").to_pylist() == [7.0]


def test_rows_of_a_bar_that_was_closed_already_are_late_whatever_they_say(tmp_path: Path) -> None:
    stale = make_trades(BTC, [START_US + 1], first_id=2, recv_us=[START_US + 1])
    record(
        tmp_path / "rec", [*steady(3)[:1], make_chunk(START_US + 5 * SECOND), make_chunk(START_US + 6 * SECOND, stale)]
    )
    recording = open_recording(tmp_path / "rec")
    assert recording.manifest.repairs == {OUT_OF_ORDER: 1}
    assert verify(recording).is_proven


def test_a_source_whose_time_goes_back_does_not_undo_what_was_vouched(tmp_path: Path) -> None:
    chunks = [*steady(4), make_chunk(START_US), *steady(2, first=4)]
    record(tmp_path / "rec", chunks)
    recording = open_recording(tmp_path / "rec")
    assert recording.vouched_us == START_US + 6 * SECOND - 1
    assert verify(recording).is_proven


def test_a_session_that_was_killed_is_proved_up_to_its_last_page(tmp_path: Path) -> None:
    with session(tmp_path / "rec") as recorded:
        for chunk in steady(12):
            recorded.update(chunk)
        recorded.flush()
        digest = recorded.state.digest
    recording = open_recording(tmp_path / "rec")
    assert recording.manifest.live_digest == digest
    assert verify(recording).is_proven


def test_one_symbol_without_a_pair_has_its_bars_proved(tmp_path: Path) -> None:
    digest = record(tmp_path / "rec", steady(5), RunParams((), interval="5s"))
    recording = open_recording(tmp_path / "rec")
    verdict = verify(recording)
    assert (verdict.digest, verdict.pairs) == (digest, 0)
    assert recording.manifest.proof is not None
    assert recording.manifest.proof.params.interval == "5s"


def test_a_chunk_that_does_not_fit_is_missing_in_the_digest_as_well(tmp_path: Path) -> None:
    with session(tmp_path / "rec") as recorded:
        for number, chunk in enumerate(steady(10)):
            if number == 4:
                recorded._recorder._backlog._limit_bytes = -1
                recorded.flush()
                recorded._recorder._backlog.bytes += 1  # as if the disk had not taken what came before
                recorded.update(chunk)
                recorded._recorder._backlog.bytes -= 1
                recorded._recorder._backlog._limit_bytes = 1 << 20
            else:
                recorded.update(chunk)
        assert recorded.state.dropped == 2
        recorded.close()
    recording = open_recording(tmp_path / "rec")
    assert recording.trade_count == 18
    assert [gap.missing for gap in recording.gaps] == [2]
    assert verify(recording).is_proven


def test_the_state_says_how_it_goes_and_the_ledger_is_kept(tmp_path: Path) -> None:
    gap = Gap(BTC, START_US, START_US + 5, "connection lost", 2, is_healed=True, how="filled")
    with session(tmp_path / "rec") as recorded:
        assert (recorded.state.trades, recorded.state.digest, recorded.state.is_closed) == (0, "", False)
        for chunk in steady(5):
            recorded.update(chunk)
        recorded.set_gaps((gap,))
        recorded.note(clock_offset_us=-5, skipped={"zero price": 1})
        state = recorded.state
        assert (state.trades, state.bars, state.pairs, state.now_us) == (10, 8, 4, START_US + 5 * SECOND - 1)
        summary = recorded.close()
        assert recorded.state.is_closed
    assert (summary.trades, summary.gaps, summary.path) == (10, 1, tmp_path / "rec")
    manifest = open_recording(tmp_path / "rec").manifest
    assert (manifest.gaps, manifest.clock_offset_us, manifest.skipped) == ((gap,), -5, {"zero price": 1})


def test_what_cannot_be_recorded_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SOLUSDT"):
        session(tmp_path / "rec", RunParams((Pair("SOLUSDT", BTC),)))
    assert not (tmp_path / "rec").exists()
    record(tmp_path / "rec", steady(2))
    with pytest.raises(RecordingError, match="exists"):
        session(tmp_path / "rec")
    assert (tmp_path / "rec" / MANIFEST).exists()
    with session(tmp_path / "new") as recorded, pytest.raises(SchemaError):
        recorded.update(Chunk(empty(BARS), make_chunk(0).marks, 0))
