"""The offline scan against statsmodels, pair by pair, and what it does with series that cannot be scanned."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.adfvalues import mackinnonp
from statsmodels.tsa.stattools import adfuller, coint

from livepairs.errors import ConfigError
from livepairs.scan.columns import prepare_columns
from livepairs.scan.engine import in_turn, scan_universe
from livepairs.scan.params import ScanParams
from livepairs.scan.tasks import collect, jobs_of, run_job
from livepairs.scan.universe import Universe, read_universe
from livepairs.stats import compiled
from livepairs.stats.false_discovery import q_values
from tests.scan.universes import make_universe


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compiled.prepare()


def names(series: int) -> tuple[str, ...]:
    return tuple(f"S{place:03d}" for place in range(series))


def rows_of(result) -> dict[tuple[str, str], dict]:
    return {(row["y"], row["x"]): row for row in result.table.to_pylist()}


def check_pair(row: dict, y: np.ndarray, x: np.ndarray, lags: int | None) -> None:
    """Compare a row with statsmodels on centred legs.

    Its regression solves by pseudo-inverse on the raw levels, where a constant beside log prices of eleven costs it
    1e-8 to 1e-7; centred legs have the same residuals and no such loss.
    """
    stat, p, _ = coint(y - y.mean(), x - x.mean(), trend="c", maxlag=lags, autolag="aic" if lags is None else None)
    assert row["coint_stat"] == pytest.approx(stat, rel=1e-8)
    assert row["coint_p"] == pytest.approx(p, rel=1e-8, abs=1e-300)
    beta = np.cov(y, x)[0, 1] / np.var(x, ddof=1)
    assert row["beta"] == pytest.approx(beta, rel=1e-8)
    assert row["alpha"] == pytest.approx(y.mean() - beta * x.mean(), rel=1e-8, abs=1e-9)
    residual = (y - y.mean()) - beta * (x - x.mean())
    slope = np.polyfit(residual[:-1], np.diff(residual), 1)[0]
    if slope < 0:
        assert row["half_life"] == pytest.approx(-math.log(2) / slope, rel=1e-8)
    else:
        assert row["half_life"] is None
    assert row["corr"] == pytest.approx(np.corrcoef(np.diff(y), np.diff(x))[0, 1], rel=1e-8, abs=1e-12)
    assert row["crossings"] == np.count_nonzero(np.diff(residual > 0))
    chosen = adfuller(
        residual, maxlag=lags, autolag="aic" if lags is None else None, regression="n", result_object=False
    )[2]
    assert row["lags"] == chosen


@pytest.mark.parametrize("lags", [None, 0, 1, 4])
@pytest.mark.parametrize(("price", "bars"), [("log", 240), ("level", 203)])
def test_each_ordered_pair_is_that_of_statsmodels(lags, price, bars):
    closes = make_universe(7, bars)
    result = scan_universe(Universe(names(7), closes), ScanParams(price=price, lags=lags))
    values = np.log(closes) if price == "log" else closes
    rows = rows_of(result)
    assert len(rows) == 7 * 6
    for (y, x), row in list(rows.items())[:: 8 if lags is None else 4]:
        check_pair(row, values[names(7).index(y)], values[names(7).index(x)], lags)


def test_real_closes_give_what_statsmodels_gives(shared_data):
    table = pq.read_table(shared_data / "closes_1m" / "um_8_symbols_20250510_20250524.parquet")
    universe = read_universe(table)
    result = scan_universe(universe, ScanParams(window=720))
    rows = rows_of(result)
    assert len(rows) == 56
    logs = dict(zip(universe.symbols, np.log(universe.closes[:, -720:]), strict=True))
    for pair in [("ETHUSDT", "BTCUSDT"), ("BTCUSDT", "ETHUSDT")]:
        check_pair(rows[pair], logs[pair[0]], logs[pair[1]], None)


def test_crude_oil_has_the_statistic_published_with_arch():
    """Log WTI on log Brent, 393 months: -5.5396 with no lags, p 1.49e-5, vector 0.90718 and 0.34885 (references.md)."""
    from arch.data import crude

    frame = crude.load()
    result = scan_universe(read_universe({"WTI": frame["WTI"], "Brent": frame["Brent"]}), ScanParams())
    row = rows_of(result)["WTI", "Brent"]
    assert row["coint_stat"] == pytest.approx(-5.5396, abs=5e-5)
    assert (row["lags"], f"{row['coint_p']:.2e}") == (0, "1.49e-05")
    assert (row["beta"], row["alpha"]) == (pytest.approx(0.90718, abs=5e-6), pytest.approx(0.34885, abs=5e-6))
    assert row["half_life"] == pytest.approx(4.710, abs=5e-4)


def test_price_level_of_a_hundred_thousand_costs_no_digits():
    rng = np.random.default_rng(3)
    x = 100_000 + np.cumsum(rng.normal(0, 1e-3, 300))
    y = 100_000 + 0.7 * (x - 100_000) + rng.normal(0, 1e-3, 300)
    result = scan_universe(Universe(("Y", "X"), np.array([y, x])), ScanParams(price="level", lags=1))
    check = coint(y - y.mean(), x - x.mean(), trend="c", maxlag=1, autolag=None)[0]
    assert rows_of(result)["Y", "X"]["coint_stat"] == pytest.approx(check, rel=1e-8)


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("lags", [None, 1])
def test_nearly_collinear_legs_keep_their_statistic(noise, lags):
    """Where R2 passes 1 - 1.5e-6 statsmodels' coint gives up with minus infinity; its adfuller does not."""
    rng = np.random.default_rng(5)
    x = np.cumsum(rng.normal(size=300))
    y = 2.0 * x + np.cumsum(rng.normal(size=300)) * noise
    result = scan_universe(Universe(("Y", "X"), np.array([y, x])), ScanParams(price="level", lags=lags))
    row = rows_of(result)["Y", "X"]
    yc, xc = y - y.mean(), x - x.mean()
    residual = yc - xc * (yc @ xc / (xc @ xc))
    residual -= residual.mean() + xc * (residual @ xc / (xc @ xc))
    expected = adfuller(
        residual, maxlag=lags, autolag="aic" if lags is None else None, regression="n", result_object=False
    )[0]
    assert row["coint_stat"] == pytest.approx(expected, rel=1e-8)
    assert row["coint_p"] == pytest.approx(float(mackinnonp(expected, regression="c", N=2)), rel=1e-7)


def test_q_values_are_those_of_statsmodels_over_all_rows_of_the_table():
    result = scan_universe(Universe(names(12), make_universe(12, 200)), ScanParams(lags=1))
    p = result.table["coint_p"].to_numpy()
    assert result.table["q_bh"].to_numpy().tolist() == q_values(p, method="bh").tolist()
    assert result.table["q_by"].to_numpy().tolist() == q_values(p, method="by").tolist()


def test_numbers_of_a_pair_do_not_depend_on_the_universe_around_it():
    closes = make_universe(70, 150)
    whole = rows_of(scan_universe(Universe(names(70), closes), ScanParams()))
    few = [3, 31, 32, 40, 69]
    part = rows_of(scan_universe(Universe(tuple(names(70)[i] for i in few), closes[few]), ScanParams()))
    for pair, row in part.items():
        assert {**whole[pair], "q_bh": 0, "q_by": 0} == {**row, "q_bh": 0, "q_by": 0}


def test_jobs_in_any_cut_and_order_give_the_same_bits():
    columns = prepare_columns(make_universe(40, 160), ScanParams())
    whole = jobs_of(40)
    small = jobs_of(40, 7)
    backwards = [run_job(columns, job) for job in small[::-1]][::-1]
    assert collect(40, whole, in_turn(columns, whole)).tobytes() == collect(40, small, backwards).tobytes()


def test_interpreted_kernel_gives_the_bits_of_the_compiled_one(monkeypatch):
    from livepairs.scan import columns as room
    from livepairs.scan import kernel

    closes = make_universe(3, 40)
    closes[2] = closes[0] * 3.0  # the near-collinear way round too
    params = ScanParams(lags=None)
    compiled_columns = prepare_columns(closes, params)
    compiled_result = run_job(compiled_columns, jobs_of(3)[0])
    for one in (kernel.scan_tasks, room.centre):
        monkeypatch.setattr(one, "_compiled", None)
    columns = prepare_columns(closes, params)
    assert columns.levels.tobytes() == compiled_columns.levels.tobytes()
    assert run_job(columns, jobs_of(3)[0]).tobytes() == compiled_result.tobytes()


def test_dead_constant_and_late_symbols_are_left_out_and_said():
    closes = make_universe(8, 200)
    closes[1] = np.nan
    closes[2] = 42.0
    closes[3, :50] = np.nan
    closes[4, 100:] = closes[4, 100]
    closes[5, 1::3] = np.nan
    closes[6, 7] = np.inf
    result = scan_universe(Universe(names(8), closes), ScanParams(lags=1))
    assert result.symbols == ("S000", "S006", "S007")
    told = {note.subject: note.text for note in result.notes}
    assert "no price" in told["S001"]
    assert "never moves" in told["S002"]
    assert "bar 51 of 200" in told["S003"]
    assert "has not moved for the last 100 of 200" in told["S004"]
    assert "67 of its 200 bars are missing" in told["S005"]
    assert told["S006"].startswith("1 of 200 bars of S006 are missing")
    assert result.table.num_rows == 6


def test_hole_repeats_the_close_before_even_from_before_the_window():
    closes = make_universe(3, 120)
    closes[0, 20] = np.nan
    filled = closes.copy()
    filled[0, 20] = filled[0, 19]
    params = ScanParams(lags=1, window=100)
    found = scan_universe(Universe(names(3), closes), params).table
    assert found.equals(scan_universe(Universe(names(3), filled), params).table)


@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_pair_of_one_instrument_has_no_row_and_is_named(factor):
    closes = make_universe(3, 150)
    closes[2] = closes[0] * factor
    result = scan_universe(Universe(("A", "B", "A2"), closes), ScanParams())
    assert set(rows_of(result)) == {("A", "B"), ("B", "A"), ("A2", "B"), ("B", "A2")}
    assert any("A/A2" in note.text for note in result.notes)
    assert any(note.kind == "same series" for note in result.notes) == (factor == 1.0)


def test_too_few_series_or_bars_is_said():
    closes = make_universe(2, 100)
    with pytest.raises(ConfigError, match=r"2 symbols can be scanned.*B is left out: its price never moves"):
        scan_universe(Universe(("A", "B"), np.array([closes[0], np.ones(100)])), ScanParams())
    with pytest.raises(ConfigError, match="longer than the 100 bars"):
        scan_universe(Universe(("A", "B"), closes), ScanParams(window=101))
    with pytest.raises(ConfigError, match="29 bars are too few"):
        scan_universe(Universe(("A", "B"), closes[:, :29]), ScanParams())


def test_persistence_is_the_share_of_earlier_windows_that_pass():
    rng = np.random.default_rng(2)
    x = np.cumsum(rng.normal(size=600))
    y = x + rng.normal(size=600)
    y[:200] = np.cumsum(rng.normal(size=200))
    params = ScanParams(price="level", lags=1, window=200)
    universe = Universe(("Y", "X"), np.array([y, x]) + 500.0)
    result = scan_universe(universe, params, past=2)
    row = rows_of(result)["Y", "X"]
    passes = [
        rows_of(scan_universe(replace(universe, closes=universe.closes[:, :end]), params))["Y", "X"]["q_bh"] < 0.05
        for end in (400, 200)
    ]
    assert row["persistence"] == np.mean(passes) == 0.5
    with pytest.raises(ConfigError, match="no earlier window"):
        scan_universe(universe, replace(params, window=None), past=1)


@settings(max_examples=30)
@given(data=st.data())
def test_no_input_crashes_warns_or_floods_with_nan(data):
    """Whatever a column holds, each row that comes out has its statistic, and each symbol without rows has a note."""
    bars = data.draw(st.integers(30, 60))
    kinds = data.draw(
        st.lists(
            st.sampled_from(["walk", "step", "ramp", "flat", "holes", "copy", "huge", "tiny"]), min_size=2, max_size=5
        )
    )
    seed = data.draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    base = 100 + np.cumsum(rng.normal(size=bars))
    made = {
        "walk": lambda: 100 + np.cumsum(rng.normal(size=bars)),
        "step": lambda: np.where(np.arange(bars) < bars - 5, 10.0, 11.0),
        "ramp": lambda: np.arange(1.0, bars + 1),
        "flat": lambda: np.full(bars, 7.0),
        "holes": lambda: np.where(rng.random(bars) < 0.1, np.nan, base),
        "copy": base.copy,
        "huge": lambda: base * 1e150,
        "tiny": lambda: base * 1e-150,
    }
    universe = Universe(names(len(kinds)), np.array([made[kind]() for kind in kinds]))
    params = ScanParams(
        price=data.draw(st.sampled_from(["log", "level"])), lags=data.draw(st.sampled_from([None, 0, 2]))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = scan_universe(universe, params)
        except ConfigError:
            return
    for name in ("alpha", "beta", "coint_stat", "coint_p", "q_bh", "q_by"):
        assert np.isfinite(result.table[name].to_numpy()).all()
    left_out = {note.subject for note in result.notes if note.kind == "left out"}
    assert left_out | set(result.symbols) == set(universe.symbols)
    pairs = len(result.symbols) * (len(result.symbols) - 1)
    without = [note.subject.split(", ") for note in result.notes if note.kind == "no statistic"]
    missing = pairs - result.table.num_rows
    assert (missing > 0) == bool(without)
