"""A pair added to a run: same id, same moment, the very rows that a run with that pair from the start has."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub.registry import Hub
from livepairs.hub.run import MOST_PAIRS, Run
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Pair
from tests.bits import same_bits
from tests.conftest import ROOT
from tests.factories import make_chunk, make_trades

RECORDING = str(ROOT / "recordings" / "demo")
FIRST, ADDED = Pair("ETHUSDT", "BTCUSDT"), Pair("SOLUSDT", "BTCUSDT")
WINDOWS = {"hedge_window": 20, "z_window": 20, "corr_window": 20}


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub(Settings(source=RECORDING, interval="1m", **WINDOWS))
    yield hub
    hub.close()


def rows(run: Run, pair: Pair) -> pa.Table:
    """Return the pair's rows once the paused run has reached its moment."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        table = run.tables.pairs.tail(10_000)
        table = table.filter(pc.equal(table["pair"], str(pair)))
        if not run.state.is_seeking and table.num_rows:
            return table
        time.sleep(0.02)
    raise AssertionError(f"no rows of {pair}")


@pytest.mark.slow
def test_a_replay_goes_back_to_its_moment_with_the_pair(hub):
    run = hub.open("added-pair")
    assert run.control is not None
    run.control.pause()
    run.control.seek(run.recording.start_us + 45 * 60_000_000)
    before = rows(run, FIRST)
    moment = run.state.now_us
    assert hub.open("added-pair", ADDED) is run
    assert run.params.pairs == (FIRST, ADDED)
    added = rows(run, ADDED)
    assert run.state.now_us == moment
    assert run.state.status == "paused"
    assert same_bits(rows(run, FIRST), before)
    fresh = hub.open("fresh-pair", ADDED)
    fresh.control.pause()
    fresh.control.seek(moment)
    assert same_bits(rows(fresh, ADDED), added)


def test_a_pair_the_source_has_not_is_refused_before_a_run_begins(hub):
    with pytest.raises(ConfigError, match="symbol 'XRPUSDT' of pair 'XRPUSDT/BTCUSDT' is not in the source"):
        hub.open("added-pair", Pair("XRPUSDT", "BTCUSDT"))
    assert hub.runs == ()


def test_a_pair_it_has_changes_nothing(hub):
    run = hub.open("added-pair")
    generation = run.state.generation
    run.add_pair(FIRST)
    assert (run.params.pairs, run.state.generation) == ((FIRST,), generation)


def test_there_is_a_most(hub, monkeypatch):
    monkeypatch.setattr("livepairs.hub.run.MOST_PAIRS", 1)
    with pytest.raises(ConfigError, match="this run computes 1 pairs already"):
        hub.open("added-pair", ADDED)
    assert MOST_PAIRS > 8


def test_a_live_pipeline_computes_a_new_pair_from_the_bars_it_has():
    windows = PairParams(hedge_window=8, z_window=8, corr_window=8)
    few = RunParams(pairs=(Pair("B", "A"),), pair_params=windows)
    more = RunParams(pairs=(Pair("B", "A"), Pair("C", "A")), pair_params=windows)
    late, early = Pipeline(("A", "B", "C"), few), Pipeline(("A", "B", "C"), more)
    for second in range(40):
        prices = {symbol: 100.0 + (second * (place + 3)) % 7 for place, symbol in enumerate("ABC")}
        times = [second * 1_000_000]
        trades = [make_trades(symbol, times, first_id=second + 1, price=price) for symbol, price in prices.items()]
        chunk = make_chunk((second + 1) * 1_000_000, *trades)
        if second == 25:
            late.widen(more)
        late.update(chunk)
        early.update(chunk)
    for table in ("bars", "pairs", "events"):
        assert same_bits(getattr(late.tables, table).tail(1000), getattr(early.tables, table).tail(1000))
    assert late.digest == early.digest
    late.close()
    early.close()
