"""PAIRS at every prefix against slow references, and what a pair does when the market misbehaves."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.stattools import coint

from livepairs.errors import ConfigError, SchemaError
from livepairs.pairs.kernel import advance
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.schema import BARS, PAIRS, Pair, empty
from livepairs.stats.compiled import prepare
from livepairs.stats.elementary import log
from tests.bits import same_bits
from tests.factories import make_bars
from tests.pairs.markets import MARKETS, market
from tests.pairs.slow_reference import reference

PAIR = Pair("Y", "X")
FIRST_BAR = 1_700_000_003
LN2 = math.log(2.0)
SHORT = PairParams(hedge_window=13, z_window=7, corr_window=5)
WINDOWS = [(13, 7, 5, 0), (13, 7, 5, 1), (13, 7, 5, 4), (64, 100, 33, 1), (300, 300, 300, 1), (300, 50, 299, 4)]


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def rows_of(y: np.ndarray, x: np.ndarray, params: PairParams, *, first_bar: int = FIRST_BAR) -> pa.RecordBatch:
    return PairMachine([PAIR], params).update(make_bars({"Y": y, "X": x}, first_bar=first_bar))


def column(rows: pa.RecordBatch, name: str) -> np.ndarray:
    return rows.column(name).to_numpy(zero_copy_only=False)


@cache
def scaled(kind: str, bars: int, price: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what the statistics are computed on."""
    y, x = market(kind, bars)
    return (y, x) if price == "level" else (np.array([log(p) for p in y]), np.array([log(p) for p in x]))


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
@pytest.mark.parametrize("price", ["log", "level"])
@pytest.mark.parametrize("kind", MARKETS)
def test_every_column_equals_the_long_double_reference_at_every_bar(kind: str, price: str, windows: tuple) -> None:
    params = PairParams(*windows, price)
    bars = params.warmup_bars + max(180, params.hedge_window // 4)
    rows = rows_of(*market(kind, bars), params)
    expected = reference(*scaled(kind, bars, price), params)

    def holds(name: str, tolerance: float, scale: np.ndarray | float) -> None:
        found, wanted = column(rows, name), getattr(expected, name)
        assert (np.isnan(found) == np.isnan(wanted.astype(float))).all(), name
        warm = np.isfinite(found)
        assert warm.any()
        assert (np.abs(found - wanted)[warm] <= (tolerance * np.broadcast_to(scale, len(found)))[warm]).all(), name

    holds("beta", 1e-12, np.abs(expected.beta))
    holds("alpha", 1e-14, expected.size)
    holds("spread", 1e-11, expected.scale)
    holds("mean", 1e-11, expected.scale)
    holds("std", 1e-11, expected.std)
    holds("z", 1e-11, 1.0)
    holds("corr", 1e-13, 1.0)
    holds("coint_stat", 1e-9, np.maximum(1.0, np.abs(expected.coint_stat)))
    holds("coint_p", 1e-8, expected.coint_p)
    half_life = column(rows, "half_life")
    assert (np.isnan(half_life) == ~(expected.slope < 0.0)).all()
    reverts = np.isfinite(half_life)
    assert (np.abs(-LN2 / half_life - expected.slope)[reverts] <= 1e-10).all()


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
def test_every_column_is_there_from_its_bar_on(windows: tuple) -> None:
    params = PairParams(*windows)
    rows = rows_of(*market("crypto", 620), params)
    first = {
        "beta": params.hedge_window,
        "coint_p": params.hedge_window,
        "z": params.hedge_window + params.z_window - 1,
        "corr": params.corr_window + 1,
    }
    for name, bars in first.items():
        assert np.flatnonzero(np.isfinite(column(rows, name)))[0] + 1 == bars
    is_ready = column(rows, "is_ready")
    assert is_ready.argmax() + 1 == params.warmup_bars == max(first.values())
    assert is_ready[params.warmup_bars - 1 :].all()


@pytest.mark.parametrize("kind", MARKETS)
def test_rolling_columns_equal_pandas(kind: str) -> None:
    params = PairParams(64, 100, 33)
    rows = rows_of(*market(kind, 400), params)
    spread = pd.Series(column(rows, "spread"))
    mean, std = spread.rolling(100).mean(), spread.rolling(100).std(ddof=1)
    y, x = (pd.Series(leg) for leg in scaled(kind, 400, "log"))
    np.testing.assert_allclose(column(rows, "mean"), mean, rtol=0, atol=1e-10 * float(spread.std()))
    np.testing.assert_allclose(column(rows, "std"), std, rtol=1e-9)
    np.testing.assert_allclose(column(rows, "z"), (spread - mean) / std, rtol=0, atol=1e-8)
    np.testing.assert_allclose(column(rows, "corr"), y.diff().rolling(33).corr(x.diff()), rtol=0, atol=1e-8)


@pytest.mark.parametrize("lags", [0, 1, 4])
@pytest.mark.parametrize("price", ["log", "level"])
@pytest.mark.parametrize("kind", ["crypto", "level 100,000", "unrelated"])
@pytest.mark.parametrize(("window", "every"), [(13, 3), (300, 40)])
def test_cointegration_equals_statsmodels(kind: str, price: str, lags: int, window: int, every: int) -> None:
    """Centred, statsmodels agrees to 1e-8.

    On the levels as they are its pseudo-inverse of [1, x] has a condition number of about kappa = |mean x| / sd x, and
    loses eps kappa^2 of the residuals: 1e-7 for log prices that move by a part in ten thousand. That is its own error
    (ours is held to 1e-9 by the long double reference above), so the tolerance there is made of kappa. Near-collinear
    legs are left out: there statsmodels answers minus infinity.
    """
    bars = window + 60
    rows = rows_of(*market(kind, bars), PairParams(window, 7, 5, lags, price))
    y, x = scaled(kind, bars, price)
    for bar in range(window, bars + 1, every):
        ys, xs = y[bar - window : bar], x[bar - window : bar]
        stat, p, _ = coint(ys - ys.mean(), xs - xs.mean(), trend="c", maxlag=lags, autolag=None, return_results=False)
        assert column(rows, "coint_stat")[bar - 1] == pytest.approx(stat, rel=1e-8, abs=1e-8)
        assert column(rows, "coint_p")[bar - 1] == pytest.approx(p, rel=1e-6)
        raw, _, _ = coint(ys, xs, trend="c", maxlag=lags, autolag=None, return_results=False)
        kappa = abs(xs.mean()) / xs.std()
        own_error = 1e-8 + 100 * np.finfo(float).eps * kappa**2
        assert column(rows, "coint_stat")[bar - 1] == pytest.approx(raw, rel=own_error, abs=own_error)


def test_crude_oil_as_in_the_documentation_of_arch() -> None:
    """Engle-Granger of log WTI on log Brent, `arch.data.crude`, as arch's documentation and statsmodels have it."""
    from arch.data import crude

    prices = crude.load()
    months = len(prices)
    assert months == 393
    params = PairParams(hedge_window=months, z_window=2, corr_window=3, adf_lags=0)
    rows = rows_of(prices["WTI"].to_numpy(float), prices["Brent"].to_numpy(float), params)
    last = {name: rows.column(name)[-1].as_py() for name in ("beta", "alpha", "coint_stat", "coint_p", "half_life")}
    assert last["coint_stat"] == pytest.approx(-5.5396, abs=5e-5)
    assert last["coint_p"] == pytest.approx(1.49e-5, abs=5e-8)
    assert last["beta"] == pytest.approx(0.90718, abs=5e-6)
    assert last["alpha"] == pytest.approx(0.34885, abs=5e-6)
    assert last["half_life"] == pytest.approx(4.710, abs=5e-4)


def test_regression_of_nist_norris() -> None:
    """NIST StRD Norris, a calibration of ozone monitors: 36 points, certified to 15 digits."""
    text = """
        .1 .2 338.8 337.4 118.1 118.2 888.0 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3 449.1 448.6
        778.9 777.0 559.2 558.2 .3 .4 .1 .6 778.1 775.5 668.8 666.9 339.3 338.0 448.9 447.5 10.8 11.6 557.7 556.0
        228.3 228.1 998.0 995.8 888.8 887.6 119.6 120.2 .3 .3 .6 .3 557.6 556.8 339.3 339.1 888.0 887.2 998.5 999.0
        778.9 779.0 10.2 11.1 117.6 118.3 228.9 229.2 668.4 669.1 449.2 448.9 .2 .5
    """
    points = np.array(text.split(), float).reshape(-1, 2)
    params = PairParams(hedge_window=36, z_window=2, corr_window=3, price="level")
    rows = rows_of(points[:, 0], points[:, 1], params)
    assert rows.column("beta")[-1].as_py() == pytest.approx(1.00211681802045, rel=1e-14)
    assert rows.column("alpha")[-1].as_py() == pytest.approx(-0.262323073774029, rel=1e-12)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), start=st.integers(0, 120), first_bar=st.integers(0, 3_000_000_000))
def test_a_run_begun_later_has_the_very_bits_once_warm(seed: int, start: int, first_bar: int) -> None:
    y, x = market("crypto", 200, seed=seed)
    whole = rows_of(y, x, SHORT, first_bar=first_bar)
    later = rows_of(y[start:], x[start:], SHORT, first_bar=first_bar + start)
    warm = SHORT.warmup_bars - 1
    assert same_bits(later.slice(warm), whole.slice(start + warm))


@settings(max_examples=30)
@given(st.lists(st.integers(1, 199), max_size=12), st.sampled_from(MARKETS))
def test_slicing_bars_otherwise_changes_no_bit(cuts: list[int], kind: str) -> None:
    y, x = market(kind, 200)
    pairs = [PAIR, Pair("X", "Y")]
    bars = make_bars({"Y": y, "X": x}, first_bar=FIRST_BAR)
    whole = PairMachine(pairs, SHORT).update(bars)
    machine = PairMachine(pairs, SHORT)
    edges = [0, *sorted(set(cuts)), 200]
    parts = [machine.update(bars.slice(2 * a, 2 * (b - a))) for a, b in pairwise(edges)]
    assert same_bits(pa.Table.from_batches(parts), whole)


@pytest.mark.parametrize("kind", MARKETS)
@pytest.mark.parametrize(("price", "is_log"), [("log", 1), ("level", 0)])
@pytest.mark.parametrize("lags", [0, 1, 4])
def test_compiled_and_interpreted_are_equal_bit_for_bit(kind: str, price: str, is_log: int, lags: int) -> None:
    from livepairs.pairs.kernel import STATISTICS
    from livepairs.pairs.layout import Layout, make_layout

    y, x = market(kind, 200)
    y[70], x[90:110] = math.nan, x[90]
    y[150:] = 2.0 * x[150:]
    layout = make_layout(13, 7, 5, lags=lags, is_log=bool(is_log))
    results = []
    for run in (advance, advance.interpret):
        state, out = np.zeros(layout[Layout.SIZE]), np.empty(len(STATISTICS) * len(y))
        run(state, layout, FIRST_BAR, y, x, out)
        results.append(np.where(np.isnan(out), np.nan, out).tobytes())
    assert results[0] == results[1]


def test_cutting_off_the_future_changes_no_past_row() -> None:
    y, x = market("crypto", 120)
    whole = rows_of(y, x, SHORT)
    for bars in range(1, 120, 7):
        spoiled = [np.concatenate([leg[:bars], leg[bars:] * 1.5]) for leg in (y, x)]
        assert same_bits(rows_of(*spoiled, SHORT).slice(0, bars), whole.slice(0, bars))


@given(st.integers(0, 60), st.sampled_from(["y", "x"]))
@settings(max_examples=20)
def test_a_nan_close_is_forgotten_when_it_has_left_the_windows(place: int, leg: str) -> None:
    y, x = market("crypto", 120)
    clean = rows_of(y, x, SHORT)
    y, x = y.copy(), x.copy()
    (y if leg == "y" else x)[place] = math.nan
    rows = rows_of(y, x, SHORT)
    inside = slice(place, place + SHORT.hedge_window)
    assert np.isnan(column(rows, "beta")[inside]).all()
    assert np.isnan(column(rows, "z")[place : place + SHORT.warmup_bars]).all()
    out = place + SHORT.warmup_bars
    assert same_bits(rows.slice(out), clean.slice(out))


STATISTIC_NAMES = [field.name for field in PAIRS if pa.types.is_floating(field.type)]


def is_never_infinite(rows: pa.RecordBatch) -> bool:
    return not any(np.isinf(column(rows, name)).any() for name in STATISTIC_NAMES)


@pytest.mark.parametrize("price", ["log", "level"])
def test_legs_that_do_not_move_give_nan_and_never_infinity(price: str) -> None:
    params = PairParams(13, 7, 5, 1, price)
    moving, still = market("crypto", 80)[1], np.full(80, 100.1)
    no_x = rows_of(moving, still, params)
    for name in ("beta", "alpha", "spread", "mean", "std", "z", "corr", "coint_stat", "coint_p", "half_life"):
        assert np.isnan(column(no_x, name)).all(), name
    no_y = rows_of(still, moving, params)
    warm = slice(params.warmup_bars, None)
    assert (column(no_y, "beta")[warm] == 0.0).all()
    assert (column(no_y, "spread")[warm] == 0.0).all()
    assert (column(no_y, "std")[warm] == 0.0).all()
    for name in ("z", "corr", "coint_stat", "coint_p", "half_life"):
        assert np.isnan(column(no_y, name)).all(), name
    neither = rows_of(still, still, params)
    assert np.isnan(column(neither, "z")).all()
    for rows in (no_x, no_y, neither):
        assert is_never_infinite(rows)
        assert column(rows, "is_ready")[-1]


@pytest.mark.parametrize("price", ["log", "level"])
@pytest.mark.parametrize("ratio", [2.0, 1.0 / 3.0, 1000.0])
def test_legs_in_a_fixed_ratio_have_a_hedge_ratio_and_nothing_else(price: str, ratio: float) -> None:
    x = market("crypto", 200)[1]
    params = PairParams(13, 7, 5, 1, price)
    rows = rows_of(ratio * x, x, params)
    warm = slice(params.warmup_bars, None)
    np.testing.assert_allclose(column(rows, "beta")[warm], ratio if price == "level" else 1.0, rtol=1e-9)
    np.testing.assert_allclose(column(rows, "spread")[warm], 0.0, atol=1e-13 * (1.0 if price == "log" else ratio * 7e4))
    for name in ("z", "coint_stat", "coint_p", "half_life"):
        assert np.isnan(column(rows, name)[warm]).all(), name
    np.testing.assert_allclose(column(rows, "corr")[warm], 1.0, atol=1e-6)
    assert (np.abs(column(rows, "corr")[warm]) <= 1.0).all()
    assert is_never_infinite(rows)
    assert PairMachine([PAIR], params).peek({"Y": 1.0, "X": 1.0}) == {}


def test_noise_of_a_billionth_on_equal_legs_is_still_seen() -> None:
    """Unexplained variance of 1e-11: co-moments of levels hold nothing of it, the residuals one by one hold it all."""
    random = np.random.default_rng(3)
    x = 100.0 + np.cumsum(random.normal(size=400)) * 1e-3
    y = x + 1e-9 * random.normal(size=400)
    params = PairParams(60, 20, 5, 1, "level")
    rows, expected = rows_of(y, x, params), reference(y, x, params)
    warm = np.isfinite(column(rows, "z"))
    assert warm.sum() == 400 - params.warmup_bars + 1
    # A double at 100 holds 1.4e-14, that is 1.4e-5 of the noise; the closes themselves are exact for both sides.
    assert (np.abs(column(rows, "z") - expected.z)[warm] <= 1e-5).all()
    assert (np.abs(column(rows, "coint_stat") / expected.coint_stat - 1.0)[warm] <= 1e-5).all()


@pytest.mark.parametrize("factor", [1e-6, 0.01, 100.0, 1e6])
def test_a_spike_leaves_no_trace_once_it_has_left(factor: float) -> None:
    y, x = market("crypto", 120)
    clean = rows_of(y, x, SHORT)
    y = y.copy()
    y[40] *= factor
    rows = rows_of(y, x, SHORT)
    assert is_never_infinite(rows)
    assert same_bits(rows.slice(40 + SHORT.warmup_bars), clean.slice(40 + SHORT.warmup_bars))


@pytest.mark.parametrize("price", ["log", "level"])
def test_prices_at_the_ends_of_the_number_range_give_no_infinity(price: str) -> None:
    """Squares of prices of 1e155 overflow, and once gave an infinite hedge ratio where x was tiny."""
    random = np.random.default_rng(2)
    params = PairParams(13, 7, 5, 1, price)
    for y_level, x_level in [(1e-300, 1e-300), (1e99, 1e-99), (1e200, 1.0), (1.0, 1.7e308), (1.7e308, 1e-300)]:
        rows = rows_of(*(level * (0.5 + 0.5 * random.random(60)) for level in (y_level, x_level)), params)
        assert is_never_infinite(rows), (y_level, x_level)
        is_in_range = max(y_level, x_level) < 1e100 and x_level > 1e-150
        assert np.isfinite(column(rows, "beta")[-1]) == (price == "log" or is_in_range)


def test_rows_begin_when_both_legs_have_a_bar() -> None:
    machine = PairMachine([PAIR], SHORT)
    early = make_bars({"Y": [10.0, 11.0]}, first_bar=5)
    assert machine.update(early).num_rows == 0
    both = pa.Table.from_batches([make_bars({"Y": [12.0]}, first_bar=7), make_bars({"X": [7.0]}, first_bar=7)])
    rows = machine.update(both.combine_chunks().to_batches()[0])
    assert rows.column("ts").cast(pa.int64()).to_pylist() == [7_000_000]
    assert rows.column("y_close").to_pylist() == [12.0]
    assert rows.column("x_close").to_pylist() == [7.0]


def test_a_leg_that_begins_within_a_batch_is_paired_from_there() -> None:
    y, x = market("crypto", 100)
    table = pa.Table.from_batches([make_bars({"Y": y}, first_bar=5), make_bars({"X": x[30:]}, first_bar=35)])
    rows = PairMachine([PAIR], SHORT).update(table.sort_by("ts").combine_chunks().to_batches()[0])
    assert same_bits(rows, rows_of(y[30:], x[30:], SHORT, first_bar=35))


def test_rows_of_several_pairs_are_in_the_order_of_time_then_pair() -> None:
    y, x = market("crypto", 70)
    pairs = [Pair("X", "Y"), PAIR, Pair("Y", "Z")]
    rows = PairMachine(pairs, SHORT).update(make_bars({"Y": y, "X": x, "Z": x + 1.0, "W": x}, first_bar=3))
    assert rows.schema.equals(PAIRS)
    assert rows.column("pair").to_pylist() == ["X/Y", "Y/X", "Y/Z"] * 70
    assert rows.column("ts").cast(pa.int64()).to_pylist() == [t * 1_000_000 for t in range(3, 73) for _ in range(3)]


def test_no_pairs_and_no_bars_give_no_rows() -> None:
    assert PairMachine([], SHORT).update(make_bars({"Y": [1.0]})).equals(empty(PAIRS))
    assert PairMachine([PAIR], SHORT).update(empty(BARS)).equals(empty(PAIRS))
    assert PairMachine([PAIR]).params == PairParams()


def test_a_batch_of_another_schema_is_refused() -> None:
    with pytest.raises(SchemaError, match="column 'close' is missing"):
        PairMachine([PAIR], SHORT).update(make_bars({"Y": [1.0]}).drop_columns("close"))


def test_reset_forgets_everything() -> None:
    bars = make_bars(dict(zip("YX", market("crypto", 90), strict=True)))
    machine = PairMachine([PAIR], SHORT)
    first = machine.update(bars)
    machine.reset()
    assert machine.peek({"Y": 1.0, "X": 1.0}) == {}
    assert same_bits(machine.update(bars), first)


@pytest.mark.parametrize("price", ["log", "level"])
def test_z_now_at_the_last_closes_is_the_last_z_and_changes_nothing(price: str) -> None:
    y, x = market("crypto", 101)
    params = PairParams(13, 7, 5, 1, price)
    machine = PairMachine([PAIR, Pair("Y", "Z")], params)
    rows = machine.update(make_bars({"Y": y[:100], "X": x[:100]}))
    now = machine.peek({"Y": y[99], "X": x[99]})
    assert now == {PAIR: pytest.approx(rows.column("z")[-1].as_py(), abs=1e-6)}
    assert machine.peek({"Y": y[99] * 1.01, "X": x[99]})[PAIR] > now[PAIR]
    assert machine.peek({"Y": y[99]}) == {}
    after = machine.update(make_bars({"Y": y[100:], "X": x[100:]}, first_bar=100))
    whole = PairMachine([PAIR], params).update(make_bars({"Y": y, "X": x}))
    assert same_bits(after, whole.slice(100))


def test_z_now_is_left_out_where_the_close_has_no_z_or_the_price_is_none() -> None:
    """Legs in a fixed ratio have a spread of pure rounding, and once showed a z of thousands between closes."""
    x = market("crypto", 100)[1]
    machine = PairMachine([PAIR], SHORT)
    machine.update(make_bars({"Y": 2.0 * x, "X": x}))
    assert machine.peek({"Y": 2.0001 * x[-1], "X": x[-1]}) == {}
    machine = PairMachine([PAIR], SHORT)
    machine.update(make_bars(dict(zip("YX", market("crypto", 100), strict=True))))
    for price in (0.0, -1.0, math.nan, math.inf):
        assert machine.peek({"Y": price, "X": 1.0}) == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"price": "logs"}, "price 'logs' is not known; use one of log, level"),
        ({"adf_lags": -1}, "adf lags -1 are out of range; use 0 to 32"),
        ({"adf_lags": 33}, "use 0 to 32"),
        ({"hedge_window": 6}, "hedge window of 6 bars is out of range; use 7 to 1000000"),
        ({"hedge_window": 12, "adf_lags": 4}, "use 13 to 1000000"),
        ({"z_window": 1}, "z window of 1 bars is out of range; use 2"),
        ({"corr_window": 2}, "corr window of 2 bars is out of range; use 3"),
        ({"corr_window": 1_000_001}, "corr window of 1000001 bars"),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PairParams(**wrong)


@pytest.mark.parametrize("lags", [0, 1, 32])
def test_the_shortest_windows_give_numbers(lags: int) -> None:
    params = PairParams(2 * lags + 5, 2, 3, lags)
    rows = rows_of(*market("unrelated", 150), params)
    for name in STATISTIC_NAMES[:-1]:
        assert np.isfinite(column(rows, name)[params.warmup_bars :]).all(), name
