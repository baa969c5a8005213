"""Older rows computed from the recording are the rows the run had, and never of a time it has not reached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from livepairs.hub import pages
from livepairs.hub.lookback import Lookback
from livepairs.hub.tradetape import TradeTape
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Pair
from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from tests.factories import make_trades, mix

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
BARS = 150
PAIR = Pair("Y", "X")
PARAMS = RunParams((PAIR,), pair_params=PairParams(hedge_window=12, z_window=8, corr_window=10))


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Write two and a half minutes of trades, and make a page of 20 bars."""
    monkeypatch.setattr(pages, "PAGE_BARS", 20)
    rng = np.random.default_rng(3)
    trades = []
    for symbol, level in (("X", 60_000.0), ("Y", 2_500.0)):
        ts = np.sort(rng.choice(BARS * 1000, 700, replace=False)) * 1000 + START
        trades.append(make_trades(symbol, ts.tolist(), price=level * np.exp(rng.normal(0, 1e-4, 700).cumsum())))
    with RecordingWriter(tmp_path / "rec", source="test", symbols=("X", "Y")) as writer:
        writer.append(mix(*trades))
        writer.finish()
    return open_recording(tmp_path / "rec")


def played(recording: Recording) -> tuple[Pipeline, TradeTape]:
    pipeline, tape = Pipeline(recording.symbols, PARAMS), TradeTape()
    for chunk in recording.chunks():
        pipeline.update(chunk)
        tape.heed(chunk, 0)
    return pipeline, tape


def read_all(back: Lookback, end_us: int, now_us: int) -> None:
    while back.read_next(PARAMS, START, end_us, now_us=now_us):
        pass


def test_pages_hold_the_rows_the_run_had(recording: Recording) -> None:
    pipeline, tape = played(recording)
    back, end_us = Lookback(recording), START + 120 * SECOND
    assert back.missing(PARAMS, START, end_us, now_us=pipeline.status.now_us) == 6
    read_all(back, end_us, pipeline.status.now_us)
    found = back.pages(PARAMS, START, end_us, now_us=pipeline.status.now_us)
    for name in ("bars", "pairs"):
        table = getattr(pipeline.tables, name).tail(10_000)
        made = pa.concat_tables([getattr(page, name) for page in found])
        assert made.to_pydict().keys() == table.to_pydict().keys()
        wanted = table.slice(0, made.num_rows).to_pandas()
        assert made.to_pandas().astype({"ts": wanted["ts"].dtype}).equals(wanted)
    within = np.concatenate([page.spreads[PAIR] for page in found], axis=1)
    rows = pipeline.tables.pairs.tail(10_000).slice(0, within.shape[1])
    by_tape = tape.spreads(PAIR, rows, PARAMS)
    np.testing.assert_array_equal(within[:, 5:], by_tape[:, 5:])
    assert np.isfinite(within).any()
    pipeline.close()


def test_no_page_holds_a_bar_that_had_not_closed(recording: Recording) -> None:
    back, now_us = Lookback(recording), START + 65 * SECOND + 300_000
    # What another run of the recording has had read, at a later moment, is at hand.
    read_all(Lookback(recording), START + BARS * SECOND, START + 100 * SECOND)
    read_all(back, START + BARS * SECOND, now_us)
    found = back.pages(PARAMS, START, START + BARS * SECOND, now_us=now_us)
    newest = max(page.bars["ts"].cast(pa.int64())[-1].as_py() for page in found if page.bars.num_rows)
    assert newest == START + 63 * SECOND
    assert not back.missing(PARAMS, START, START + BARS * SECOND, now_us=now_us)
    assert all(page.spreads[PAIR].shape[1] == page.pairs.num_rows for page in found)


def test_a_tape_begins_anew_after_a_jump(recording: Recording) -> None:
    pipeline, tape = played(recording)
    rows = pipeline.tables.pairs.tail(40)
    assert np.isfinite(tape.spreads(PAIR, rows, PARAMS)).any()
    for chunk in recording.chunks(start_us=START + 140 * SECOND):
        tape.heed(chunk, 1)
    after = tape.spreads(PAIR, rows, PARAMS)
    is_before = rows["ts"].cast(pa.int64()).to_numpy() < START + 140 * SECOND
    assert np.isnan(after[:, is_before]).all()
    pipeline.close()
