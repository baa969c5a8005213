"""The live scan: equal to the offline one at every bar, whatever the batches, and it names what came and went."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.scan.engine import scan_universe
from livepairs.scan.machine import ScanMachine
from livepairs.scan.params import ScanParams
from livepairs.scan.universe import Universe
from livepairs.schema import BARS, Pair, empty
from livepairs.stats import compiled
from tests.factories import make_bars
from tests.scan.universes import make_universe

SYMBOLS = ("A", "B", "C", "D")
MINUTE_US = 60_000_000


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compiled.prepare()


def bars_of(closes: np.ndarray, first: int = 0, symbols: tuple[str, ...] = SYMBOLS) -> pa.RecordBatch:
    """Return BARS of closes ``(series, bars)``; NaN is a bar that is not there."""
    batch = make_bars(dict(zip(symbols, closes.tolist(), strict=True)), first_bar=first, interval_us=MINUTE_US)
    return batch.filter(~np.isnan(batch.column("close").to_numpy()))


def offline(closes: np.ndarray, window: int, params: ScanParams) -> pa.Table:
    whole = ScanParams(params.price, window, params.lags, params.fdr)
    return scan_universe(Universe(SYMBOLS, closes), whole).table


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    """The same pairs, the same numbers to 1e-8."""
    assert found.schema == expected.schema
    assert found.select(["y", "x", "lags", "crossings"]).equals(expected.select(["y", "x", "lags", "crossings"]))
    for name in found.column_names[2:]:
        np.testing.assert_allclose(
            found[name].to_numpy().astype(float), expected[name].to_numpy().astype(float), rtol=1e-8, atol=1e-12
        )


@pytest.mark.parametrize("lags", [None, 1])
def test_each_bar_gives_the_offline_scan_of_its_window(lags):
    closes = make_universe(4, 60)
    params = ScanParams(lags=lags)
    machine = ScanMachine(SYMBOLS, 40, params)
    for end in range(1, 61):
        update = machine.update(bars_of(closes[:, end - 1 : end], 100 + end))
        assert update.is_ready == (end >= 40)
        assert update.ts_us == (100 + end) * MINUTE_US
        if update.is_ready and lags is None:
            assert update.table.equals(offline(closes[:, :end], 40, params))
        elif update.is_ready:
            assert_same(update.table, offline(closes[:, :end], 40, params))
        else:
            assert update.table.num_rows == 0


@settings(max_examples=25)
@given(data=st.data())
def test_any_slicing_and_any_holes_give_the_same_rows(data):
    bars = data.draw(st.integers(32, 90))
    closes = make_universe(4, bars, seed=data.draw(st.integers(0, 99)))
    for row, bar in data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, bars - 1)), max_size=8)):
        closes[row, bar] = np.nan
    closes[3] = np.where(np.isnan(closes[3]), 5.0, closes[3])  # some bar at every time, so that time goes on
    params = ScanParams(lags=1)
    machine = ScanMachine(SYMBOLS, 31, params)
    start = 0
    while start < bars:
        end = min(bars, start + data.draw(st.integers(1, 50)))
        update = machine.update(bars_of(closes[:, start:end], start))
        start = end
    assert_same(update.table, offline(closes, 31, params))


def test_pairs_that_come_and_go_are_named():
    rng = np.random.default_rng(4)
    walk = np.cumsum(rng.normal(size=300)) + 500.0
    other = np.where(np.arange(300) < 150, walk + rng.normal(size=300) * 0.3, 500 + np.cumsum(rng.normal(size=300)))
    machine = ScanMachine(("Y", "X"), 60, ScanParams(price="level", lags=1))
    listed: set[Pair] = set()
    came, went = set(), set()
    for bar in range(300):
        update = machine.update(bars_of(np.array([other[bar : bar + 1], walk[bar : bar + 1]]), bar, ("Y", "X")))
        listed = (listed | set(update.entered)) - set(update.left)
        passing = update.result.passing
        assert listed == set(map(Pair, passing["y"].to_pylist(), passing["x"].to_pylist()))
        came |= set(update.entered)
        went |= set(update.left)
    assert came == went == {Pair("Y", "X"), Pair("X", "Y")}


def test_universe_that_dies_empties_the_list_and_says_why():
    closes = make_universe(4, 80)
    closes[:, 45:] = closes[:, 45:46]
    machine = ScanMachine(SYMBOLS, 30, ScanParams(lags=0, fdr=0.9))
    alive = machine.update(bars_of(closes[:, :40]))
    assert alive.entered
    dead = machine.update(bars_of(closes[:, 40:], 40))
    assert (dead.is_ready, dead.table.num_rows, set(dead.left)) == (False, 0, set(alive.entered))
    assert "0 of 4 symbols can be scanned" in dead.result.notes[0].text


def test_empty_batch_and_foreign_symbols_change_nothing():
    closes = make_universe(4, 40)
    machine = ScanMachine(SYMBOLS[:2], 30, ScanParams(lags=1))
    assert machine.update(empty(BARS)).ts_us is None
    found = machine.update(bars_of(closes))
    only = scan_universe(Universe(SYMBOLS[:2], closes[:2]), ScanParams(lags=1, window=30))
    assert_same(found.table, only.table)
    machine.reset()
    assert machine.update(bars_of(closes[:, :5])).is_ready is False


def test_universe_and_window_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="1 symbols are no universe"):
        ScanMachine(("A",), 100)
    with pytest.raises(ConfigError, match="2 symbols are no universe"):
        ScanMachine(("A", "A"), 100)
    with pytest.raises(ConfigError, match="29 bars is too short"):
        ScanMachine(("A", "B"), 29)
