"""The graph of one run: what flows where, what is shown between closes, and that nothing stays behind."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pyarrow as pa
import pytest
from streamz import sinks

from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams, Status
from livepairs.schema import TRADES, Pair
from livepairs.stats.compiled import prepare
from tests.bits import same_bits
from tests.factories import make_chunk, make_trades

SECOND = 1_000_000
GRACE = 500_000
START = 1_700_000_000 * SECOND
PAIR = Pair("Y", "X")
PARAMS = RunParams((PAIR,), pair_params=PairParams(13, 7, 5), entry=1.5, exit=0.5)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def session(seconds: int, *, seed: int = 0) -> list[pa.RecordBatch]:
    """Return four trades a second of both symbols."""
    random = np.random.default_rng(seed)
    times = [START + 250_000 * step for step in range(4 * seconds)]
    x = 60_000.0 * np.exp(1e-4 * np.cumsum(random.normal(size=len(times))))
    y = 0.05 * x * np.exp(1e-4 * random.normal(size=len(times)))
    return [make_trades("Y", times, price=y), make_trades("X", times, price=x)]


def run(pipeline: Pipeline, seconds: int = 60) -> None:
    pipeline.update(make_chunk(START + seconds * SECOND + GRACE, *session(seconds)))


def test_every_hop_reaches_its_table_and_whoever_listens() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    heard: dict[str, list[pa.RecordBatch]] = {"bars": [], "pairs": [], "events": []}
    for hop, batches in heard.items():
        pipeline.listen(hop, batches.append)
    run(pipeline)
    tables = pipeline.tables
    assert tables.bars.total_rows == 120
    assert tables.pairs.total_rows == 60
    assert tables.events.total_rows > 2
    for hop, batches in heard.items():
        assert same_bits(getattr(tables, hop).tail(1000), pa.Table.from_batches(batches))
    pipeline.close()


def test_status_says_what_there_is_between_closed_bars() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    run(pipeline)
    more = make_trades("Y", [START + 61 * SECOND], price=5000.0)
    late = make_trades("X", [START], recv_us=[START + 70 * SECOND])
    pipeline.update(make_chunk(START + 61 * SECOND, late, more))
    status = pipeline.status
    assert (status.now_us, status.trades, status.late, status.counts.forming) == (START + 61 * SECOND, 482, 1, 1)
    assert status.rejected == dict.fromkeys(["price", "qty", "out_of_order", "after_close", "unknown_symbol"], 0)
    assert status.forming.column("close").to_pylist() == [5000.0]
    assert status.last_price["Y"] == 5000.0
    assert status.last_trade_us["Y"] == START + 61 * SECOND
    assert math.isfinite(status.z_now[PAIR])
    assert status.trades_per_s["X"] == pytest.approx(4.0, rel=0.15)
    pipeline.close()


def test_only_the_last_trades_are_kept_for_the_tape_and_only_whole_ones() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    rows = make_trades("Y", [START + k for k in range(5000)])
    pipeline.update(make_chunk(START, rows))
    # A quarter of the table's 2,000 rows, for two symbols: a few chunks of one must not push out the other's trades.
    assert pipeline.tables.trades.tail(9999).column("trade_id").to_pylist() == list(range(4501, 5001))
    projected = make_chunk(START, rows)
    without = [name for name in TRADES.names if name not in ("recv_ts", "trade_id")]
    pipeline.update(type(projected)(projected.trades.select(without), projected.marks, START))
    assert pipeline.tables.trades.total_rows == 500
    pipeline.close()


def test_a_large_chunk_leaves_the_last_trades_of_each_of_its_symbols() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    y, x = (make_trades(name, [START + k for k in range(1500)]) for name in ("Y", "X"))
    pipeline.update(make_chunk(START, y, x))
    for _ in range(2):
        pipeline.update(make_chunk(START, x))
    kept = pipeline.tables.trades.tail(9999).column("symbol").to_pylist()
    assert (kept.count("Y"), kept.count("X")) == (500, 1500)
    pipeline.close()


def test_finish_closes_the_last_bar_with_what_it_has() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    pipeline.update(make_chunk(START + 10, *session(1)))
    assert pipeline.tables.bars.total_rows == 0
    pipeline.finish()
    assert pipeline.tables.bars.tail(9).column("trade_count").to_pylist() == [4, 4]
    assert pipeline.status.forming.num_rows == 0
    assert pipeline.status.now_us == START + SECOND + GRACE
    pipeline.finish()
    assert pipeline.tables.bars.tail(9).column("trade_count").to_pylist()[:2] == [4, 4]
    pipeline.close()


def test_finish_after_quiet_seconds_fills_them_up_to_the_time_vouched() -> None:
    pipeline = Pipeline(("Y",), RunParams(()))
    pipeline.update(make_chunk(START + 3 * SECOND, make_trades("Y", [START])))
    pipeline.finish()
    assert pipeline.tables.bars.total_rows == 3
    pipeline.close()


def test_a_rejected_row_far_ahead_does_not_stretch_the_run() -> None:
    """finish() once went by the last row of all, and a broken time of a rejected row filled years with bars."""
    pipeline = Pipeline(("Y",), RunParams(()))
    ahead = START + 10**15
    rows = [make_trades("Y", [START, ahead], price=[1.0, math.nan]), make_trades("unknown", [ahead])]
    pipeline.update(make_chunk(START + 1, *rows))
    pipeline.finish()
    assert pipeline.tables.bars.total_rows == 1
    pipeline.close()


def test_finish_without_any_trade_is_nothing() -> None:
    pipeline = Pipeline(("Y",), RunParams(()))
    pipeline.finish()
    assert pipeline.tables.bars.total_rows == 0
    pipeline.close()


def test_after_reset_a_run_gives_the_same_bits_again() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    run(pipeline)
    first, digest = pipeline.tables.pairs.tail(1000), pipeline.digest
    pipeline.reset()
    assert pipeline.status == Status(forming=pipeline.status.forming)
    assert pipeline.tables.pairs.total_rows == pipeline.tables.trades.total_rows == 0
    assert pipeline.digest != digest
    run(pipeline)
    assert pipeline.digest == digest
    assert same_bits(pipeline.tables.pairs.tail(1000), first)
    pipeline.close()


def test_a_seeded_quiet_symbol_has_a_price_from_the_start() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)
    pipeline.seed("X", START - 9 * SECOND, 60_000.0)
    pipeline.update(make_chunk(START + SECOND + GRACE, make_trades("Y", [START])))
    assert pipeline.tables.pairs.tail(1).column("x_close").to_pylist() == [60_000.0]
    pipeline.close()


def test_closed_runs_leave_no_sink_and_no_pipeline_behind() -> None:
    """streamz keeps every sink in a global set until it is destroyed, and with it all that hangs on it."""
    gc.collect()
    before = len(sinks._global_sinks)
    gone = []
    for _ in range(20):
        pipeline = Pipeline(("Y", "X"), PARAMS, limit_rows=50)
        pipeline.listen("bars", [].append)
        run(pipeline, 20)
        assert len(sinks._global_sinks) == before + 7
        pipeline.close()
        pipeline.close()
        gone.append(weakref.ref(pipeline))
    del pipeline
    gc.collect()
    assert len(sinks._global_sinks) == before
    assert [ref() for ref in gone] == [None] * 20


def test_tables_stay_at_their_limits_over_an_hour() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS, limit_rows=500)
    for minute in range(60):
        begin = START + minute * 60 * SECOND
        times = [begin + k * 100_000 for k in range(600)]
        price = 100.0 + np.sin(np.arange(600) / (7.0 + minute))
        chunk = make_chunk(
            begin + 60 * SECOND, make_trades("Y", times, price=price), make_trades("X", times, price=99.0 + price[::-1])
        )
        pipeline.update(chunk)
    assert pipeline.status.trades == 72_000
    tables = pipeline.tables
    assert tables.bars.total_rows > 7_000
    assert len(tables.bars) <= 500 + 256
    assert len(tables.pairs) <= 500 + 256
    assert len(tables.trades) <= 2_000 + 1_200
    assert len(tables.events) <= 10_000 + 256
    pipeline.close()


def test_an_error_of_ours_stops_the_run_visibly() -> None:
    pipeline = Pipeline(("Y", "X"), PARAMS)

    def fail(_: pa.RecordBatch) -> None:
        raise ZeroDivisionError

    pipeline.listen("pairs", fail)
    with pytest.raises(ZeroDivisionError):
        run(pipeline)
    pipeline.close()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"interval": "2s"}, "bar interval '2s' is not known; use one of 100ms, 1s"),
        ({"grace_us": -1}, "grace of -0.001 ms is out of range; use 0 to 60000 ms"),
        ({"grace_us": 60_000_001}, "grace of 60000 ms is out of range"),
        ({"pairs": (PAIR, PAIR)}, "a pair is named twice in Y/X, Y/X; name each once"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RunParams(**{"pairs": (PAIR,), **wrong})


def test_a_leg_that_the_source_lacks_is_refused_with_a_suggestion() -> None:
    with pytest.raises(
        ConfigError, match=r"symbol 'X' of pair 'Y/X' is not in the source .did you mean 'XX'.*it has Y, XX"
    ):
        Pipeline(("Y", "XX"), PARAMS)
    assert PARAMS.interval_us == SECOND
    assert Pipeline(("Y", "X"), PARAMS).warmup_bars == 19
