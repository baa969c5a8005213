"""The synthetic market: the truth it tells is the truth that is in its rows."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from statsmodels.tsa.stattools import acovf, coint

from livepairs.schema import MARKS, TRADES, check
from livepairs.sources.synthetic_market import Block, SyntheticMarket, Truth
from livepairs.sources.synthetic_params import SyntheticParams

HOUR_US = 3_600_000_000


def trades_of(blocks: list[Block]) -> pd.DataFrame:
    frame = pa.Table.from_batches([check(block.trades, TRADES) for block in blocks]).to_pandas()
    return frame.assign(symbol=frame["symbol"].astype(str))


def make(params: SyntheticParams) -> tuple[pd.DataFrame, Truth]:
    market = SyntheticMarket(params)
    return trades_of(list(market.recording_blocks())), market.truth()


def log_closes(trades: pd.DataFrame) -> pd.DataFrame:
    """Return the log of each second's last price, one column a symbol."""
    second = trades["ts"].dt.floor("1s")
    closes = trades.groupby([second, "symbol"])["price"].last().unstack()
    return np.log(closes.asfreq("1s").ffill().dropna())


@pytest.fixture(scope="module")
def market() -> tuple[pd.DataFrame, Truth]:
    return make(SyntheticParams())


@pytest.fixture(scope="module")
def long_closes() -> pd.DataFrame:
    """Twelve hours in which nothing goes wrong."""
    return log_closes(make(SyntheticParams(seed=11, hours=12, break_for_min=0, gap_s=0, late=0))[0])


def test_the_same_seed_makes_the_same_rows_and_another_one_others() -> None:
    first, again, other = (make(SyntheticParams(seed=seed, hours=0.1))[0] for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first["price"].head(1_000).equals(other["price"].head(1_000))


def test_a_shorter_recording_is_the_beginning_of_a_longer_one(market: tuple[pd.DataFrame, Truth]) -> None:
    short, _ = make(SyntheticParams(hours=0.3))
    pd.testing.assert_frame_equal(short, market[0].head(len(short)))
    assert market[0]["ts"].iloc[len(short)] > short["ts"].iloc[-1]


def test_a_market_may_be_made_twice_over() -> None:
    market = SyntheticMarket(SyntheticParams(hours=1.5))
    first = list(market.recording_blocks())
    truth = market.truth()
    assert [block.trades for block in market.recording_blocks()] == [block.trades for block in first]
    assert market.truth() == truth


def test_trades_keep_the_promises_of_the_hop(market: tuple[pd.DataFrame, Truth]) -> None:
    trades, _ = market
    for _, rows in trades.groupby("symbol"):
        assert rows["ts"].is_monotonic_increasing
        assert rows["trade_id"].is_monotonic_increasing
        assert rows["trade_id"].is_unique
    assert (trades["recv_ts"] > trades["ts"]).all()
    assert (trades["qty"] > 0).all()


@pytest.mark.parametrize(("symbol", "tick", "lot"), [("BTCUSDT", 1, 3), ("ETHUSDT", 2, 3), ("SOLUSDT", 2, 2)])
def test_prices_are_ticks_and_quantities_are_lots(
    market: tuple[pd.DataFrame, Truth], symbol: str, tick: int, lot: int
) -> None:
    rows = market[0][market[0]["symbol"] == symbol]
    # Exactly the float nearest to the decimal, as if it had been read from a venue's text.
    assert rows["price"].head(5_000).map(lambda price: float(f"{price:.{tick}f}")).equals(rows["price"].head(5_000))
    assert rows["qty"].head(5_000).map(lambda qty: float(f"{qty:.{lot}f}")).equals(rows["qty"].head(5_000))


def test_hedge_ratio_and_spread_are_recovered(long_closes: pd.DataFrame) -> None:
    """Ordinary least squares is superconsistent for a cointegrated pair; the truth is 1.25 and 6 basis points."""
    fit = sm.OLS(long_closes["ETHUSDT"], sm.add_constant(long_closes["BTCUSDT"])).fit()
    assert fit.params["BTCUSDT"] == pytest.approx(1.25, abs=0.01)
    assert fit.resid.std() == pytest.approx(6e-4, rel=0.1)


def test_half_life_is_recovered(long_closes: pd.DataFrame) -> None:
    """The truth is 40 s. Prices of trades add noise that lasts a second or two and shortens a one-lag estimate, so the
    decay is read between lags 5 and 35, where only the spread is left.
    """
    fit = sm.OLS(long_closes["ETHUSDT"], sm.add_constant(long_closes["BTCUSDT"])).fit()
    covariance = acovf(fit.resid, nlag=35, fft=True)
    half_life_s = -math.log(2) * 30 / math.log(covariance[35] / covariance[5])
    assert half_life_s == pytest.approx(40, rel=0.15)


def test_the_pair_is_cointegrated_until_it_breaks_and_not_after(market: tuple[pd.DataFrame, Truth]) -> None:
    trades, truth = market
    closes = log_closes(trades)
    assert truth.break_us is not None
    breaks = pd.Timestamp(truth.break_us[0], unit="us", tz="UTC")
    before, after = closes[closes.index < breaks], closes[closes.index >= breaks]
    p_before, p_after, p_other = (
        coint(part[y], part["BTCUSDT"], maxlag=1, autolag=None)[1]
        for part, y in ((before, "ETHUSDT"), (after, "ETHUSDT"), (before, "SOLUSDT"))
    )
    assert p_before < 1e-6
    assert p_after > 0.1
    assert p_other > 0.1


def test_the_relation_holds_again_when_the_break_is_over() -> None:
    params = SyntheticParams(hours=3, break_min=5, break_for_min=25, gap_s=0, late=0)
    trades, truth = make(params)
    assert [marker.label for marker in truth.markers] == ["break", "break over"]
    assert truth.break_us is not None
    closes = log_closes(trades)
    after = closes[closes.index >= pd.Timestamp(truth.break_us[1], unit="us", tz="UTC")]
    assert coint(after["ETHUSDT"], after["BTCUSDT"], maxlag=1, autolag=None)[1] < 1e-6


def test_z_crosses_its_bands_several_times_an_hour(market: tuple[pd.DataFrame, Truth]) -> None:
    closes = log_closes(market[0])
    y, x = closes["ETHUSDT"].rolling(300), closes["BTCUSDT"].rolling(300)
    beta = closes["ETHUSDT"].rolling(300).cov(closes["BTCUSDT"]) / x.var()
    spread = closes["ETHUSDT"] - closes["BTCUSDT"] * beta - (y.mean() - beta * x.mean())
    z = ((spread - spread.rolling(300).mean()) / spread.rolling(300).std()).dropna()
    entries = ((z.abs() > 2) & (z.abs().shift() <= 2)).groupby(z.index.floor("1h")).sum()
    assert entries.min() >= 6


def test_arrivals_cluster(market: tuple[pd.DataFrame, Truth]) -> None:
    """A Poisson process has as much variance as mean in every second; ours has many times that."""
    a_second = market[0].groupby(market[0]["ts"].dt.floor("1s")).size()
    assert a_second.mean() == pytest.approx(62, rel=0.05)
    assert a_second.var() > 5 * a_second.mean()


def test_the_gap_has_no_rows_and_says_how_many_are_missing(market: tuple[pd.DataFrame, Truth]) -> None:
    trades, truth = market
    assert [gap.symbol for gap in truth.gaps] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    for gap in truth.gaps:
        assert gap.end_us - gap.start_us == 20_000_000
        rows = trades[trades["symbol"] == gap.symbol]
        times = rows["ts"].astype("int64")
        assert not ((times >= gap.start_us) & (times < gap.end_us)).any()
        # The ids go on as if nothing had happened, so the hole in them is the number of missing trades.
        holes = rows["trade_id"].diff().dropna().astype(int) - 1
        assert holes.sum() == holes.max() == gap.missing
        assert gap.missing is not None
        assert gap.missing > 50


def test_the_late_trades_are_those_the_truth_names(market: tuple[pd.DataFrame, Truth]) -> None:
    trades, truth = market
    lag_us = (trades["recv_ts"] - trades["ts"]).dt.total_seconds() * 1e6
    late = trades[lag_us >= 1_500_000]
    assert list(zip(late["symbol"], late["trade_id"], strict=True)) == list(truth.late)
    assert len(late) == 15
    assert lag_us[lag_us < 1_500_000].max() < 500_000
    # Late for bars of one second and the default grace of half a second, wherever in the bar they fall.
    assert (late["recv_ts"] >= late["ts"].dt.floor("1s") + pd.Timedelta("1.5s")).all()


def test_marks_come_every_second_with_funding() -> None:
    market = SyntheticMarket(SyntheticParams(hours=1.4))
    blocks = list(market.recording_blocks())
    marks = pa.Table.from_batches([check(block.marks, MARKS) for block in blocks]).to_pandas()
    assert len(marks) == 3 * (1.4 * 3_600 - 20)
    assert marks["funding_rate"].abs().between(1e-5, 1e-3).all()
    assert (marks["next_funding_ts"] == pd.Timestamp("2026-01-05T16:00", tz="UTC")).all()
    prices = trades_of(blocks).groupby("symbol")["price"].agg(["min", "max"])
    for symbol, rows in marks.groupby("symbol", observed=True):
        assert rows["mark_price"].between(prices.loc[symbol, "min"] * 0.999, prices.loc[symbol, "max"] * 1.001).all()


def test_what_is_switched_off_is_not_there() -> None:
    _, truth = make(SyntheticParams(hours=2.6, break_for_min=0, gap_s=0, late=0))
    assert (truth.break_us, truth.gaps, truth.late, truth.markers) == (None, (), (), ())


def test_it_goes_on_for_as_long_as_it_is_asked() -> None:
    market = SyntheticMarket(SyntheticParams(hours=0.2, rate=1))
    blocks = list(islice(market.blocks(), 24))
    assert blocks[-1].end_us - blocks[0].start_us == 4 * HOUR_US
    assert all(block.end_us == later.start_us for block, later in pairwise(blocks))
