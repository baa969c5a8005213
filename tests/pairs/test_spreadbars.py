"""The spread's open, high, low and close: against a join with pandas, against the spread of PAIRS, and at the edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.bars.machine import BarMachine
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.pairs.spreadbars import Lines, Ticks, spread_bars, ticks_of
from livepairs.schema import Pair
from tests.factories import make_chunk, make_trades

SECOND = 1_000_000
GRACE = 500_000


def ticks(*rows: tuple[int, float]) -> Ticks:
    return Ticks(np.array([ts for ts, _ in rows], np.int64), np.array([price for _, price in rows], float))


def slow(y: Ticks, x: Ticks, lines: Lines) -> pd.DataFrame:
    """Join with ``pandas.merge_asof``, each leg to the other, and group by bar."""
    legs = [pd.DataFrame({"ts": leg.ts, name: np.log(leg.price)}) for leg, name in ((y, "y"), (x, "x"))]
    joined = [pd.merge_asof(legs[0], legs[1], on="ts"), pd.merge_asof(legs[1], legs[0], on="ts")]
    rows = pd.concat(joined).sort_values("ts", kind="stable").dropna()
    rows["bar"] = rows["ts"] // SECOND * SECOND
    rows = rows.merge(pd.DataFrame({"bar": lines.bars, "alpha": lines.alpha, "beta": lines.beta}), on="bar")
    rows["spread"] = rows["y"] - rows["alpha"] - rows["beta"] * rows["x"]
    found = rows.dropna().groupby("bar")["spread"].agg(["first", "max", "min", "last"])
    return found.reindex(lines.bars)


moments = st.lists(st.integers(0, 60), min_size=1, max_size=40).map(sorted)


@settings(max_examples=12)
@given(moments, moments, st.integers(0, 2**32 - 1))
def test_equals_a_join_with_pandas(y_at: list[int], x_at: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    # A tenth of a second apart, so that many moments are shared and some bars are without a trade.
    y, x = (
        Ticks(np.array(at, np.int64) * 100_000, level * np.exp(rng.normal(0, 1e-4, len(at)).cumsum()))
        for at, level in ((y_at, 2_500.0), (x_at, 60_000.0))
    )
    bars = np.arange(0, 6, dtype=np.int64) * SECOND
    lines = Lines(bars, rng.normal(0, 1, 6), np.where(rng.random(6) < 0.2, np.nan, rng.normal(1, 0.2, 6)))
    np.testing.assert_array_equal(spread_bars(y, x, lines, interval_us=SECOND).T, slow(y, x, lines).to_numpy())


def test_the_close_is_the_spread_of_pairs() -> None:
    rng = np.random.default_rng(7)
    trades = {}
    for symbol, level in (("Y", 2_500.0), ("X", 60_000.0)):
        ts = np.sort(rng.integers(0, 60 * SECOND, 900))
        trades[symbol] = make_trades(symbol, ts.tolist(), price=level * np.exp(rng.normal(0, 1e-4, 900).cumsum()))
    params = PairParams(hedge_window=20, z_window=10, corr_window=10)
    bars = BarMachine(("Y", "X")).update(make_chunk(60 * SECOND + GRACE, *trades.values()))
    pairs = PairMachine((Pair("Y", "X"),), params).update(bars)
    at = pairs.column("ts").cast(pa.int64()).to_numpy()
    lines = Lines(at, pairs.column("alpha").to_numpy(), pairs.column("beta").to_numpy())
    legs = [ticks_of(trades[name], interval_us=SECOND, grace_us=GRACE) for name in ("Y", "X")]
    opened, high, low, close = spread_bars(*legs, lines, interval_us=SECOND)
    spread = pairs.column("spread").to_numpy()
    assert np.isfinite(spread).sum() > 30
    np.testing.assert_allclose(close[np.isfinite(spread)], spread[np.isfinite(spread)], rtol=0, atol=1e-11)
    is_there = np.isfinite(close)
    assert (low[is_there] <= np.minimum(opened, close)[is_there]).all()
    assert (high[is_there] >= np.maximum(opened, close)[is_there]).all()


def test_a_bar_in_which_nobody_traded_has_no_prices() -> None:
    y, x = ticks((0, 2.0), (2_100_000, 3.0)), ticks((100_000, 1.0))
    lines = Lines(np.arange(3, dtype=np.int64) * SECOND, np.zeros(3), np.ones(3))
    found = spread_bars(y, x, lines, interval_us=SECOND, is_log=False)
    np.testing.assert_array_equal(found[:, 0], [1.0, 1.0, 1.0, 1.0])
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, 2], [2.0, 2.0, 2.0, 2.0])


def test_late_and_senseless_trades_do_not_count() -> None:
    batch = make_trades(
        "Y", [0, 100_000, 200_000, 300_000], recv_us=[0, 1_500_000, 200_000, 300_000],
        price=[1.0, 9.0, float("nan"), 2.0], qty=[1.0, 1.0, 1.0, 1.0],
    )  # fmt: skip
    np.testing.assert_array_equal(ticks_of(batch, interval_us=SECOND, grace_us=GRACE).price, [1.0, 2.0])


def test_a_cut_keeps_the_last_trade_before_it() -> None:
    cut = ticks((0, 1.0), (5, 2.0), (9, 3.0)).since(7)
    np.testing.assert_array_equal(cut.ts, [5, 9])
    np.testing.assert_array_equal(cut.joined(ticks((11, 4.0)), most=2).price, [3.0, 4.0])
