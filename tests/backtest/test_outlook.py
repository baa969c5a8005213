"""Whether a signal pays: each formula against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.outlook import FundingDue, break_even_z, look_ahead, net_bps, round_trip_bps, sigma_bps
from livepairs.backtest.params import BacktestParams
from tests.backtest.pair_rows import PAIR, bars_table, make_bars, pairs_table

RULES = BacktestParams(entry=2.0, exit=0.5, fee_bps=4.0, slippage_bps=1.0)
ROW = {"std": 0.002, "beta": 0.6, "y_close": 3_000.0, "x_close": 60_000.0, "half_life": 10.0}
HOUR = 3_600_000_000


def test_a_round_trip_costs_fee_and_slippage_of_the_gross_twice() -> None:
    assert round_trip_bps(RULES) == 10.0


@pytest.mark.parametrize("beta", [0.6, -0.6])
def test_one_sigma_of_a_log_spread_is_shared_by_both_legs(beta: float) -> None:
    # 0.002 on a notional of 1 + 0.6: 20 / 1.6.
    assert sigma_bps(0.002, beta, 3_000.0, 60_000.0, price="log") == pytest.approx(12.5)


def test_one_sigma_of_a_level_spread_is_against_both_prices() -> None:
    # 6 on 3,000 + 0.05 x 60,000 = 6,000.
    assert sigma_bps(6.0, 0.05, 3_000.0, 60_000.0, price="level") == pytest.approx(10.0)


def test_break_even_is_where_nothing_is_left() -> None:
    level = break_even_z([12.5, 0.0, math.nan], RULES)
    assert level[0] == pytest.approx(1.3)
    assert np.isnan(level[1:]).all()
    assert net_bps(level[:1], [12.5], RULES) == pytest.approx(0.0)
    assert net_bps(-level[:1], [12.5], RULES) == pytest.approx(0.0)
    assert net_bps([2.5], [12.5], RULES) == pytest.approx(15.0)


def test_z_within_the_exit_gains_nothing_and_still_costs() -> None:
    outlook = look_ahead(0.3, ROW, RULES, interval_us=1_000_000)
    assert (outlook.gain_bps, outlook.net_bps, outlook.hold_bars) == (0.0, -10.0, 0.0)
    assert look_ahead(0.0, ROW, RULES, interval_us=1_000_000).net_bps == -10.0


@pytest.mark.parametrize(
    ("z", "beta", "funding"),
    [
        # Short Y at 1 bp received, long 0.6 X at 2 bp paid, each of 1.6: (1 - 1.2) / 1.6.
        (2.0, 0.6, -0.125),
        (-2.0, 0.6, 0.125),
        # With a negative hedge both legs are short: (1 + 1.2) / 1.6.
        (2.0, -0.6, 1.375),
    ],
)
def test_funding_counts_once_for_each_leg_whose_time_comes(z: float, beta: float, funding: float) -> None:
    row = ROW | {"beta": beta}
    # Two half-lives of ten bars: twenty minutes at one minute a bar.
    due = FundingDue(1e-4, 2e-4, HOUR // 3, HOUR // 3)
    outlook = look_ahead(z, row, RULES, interval_us=60_000_000, due=due)
    assert outlook.hold_bars == pytest.approx(20.0)
    assert outlook.funding_bps == pytest.approx(funding)
    assert outlook.net_bps == pytest.approx(1.5 * 12.5 - 10.0 + funding)
    later = FundingDue(1e-4, 2e-4, HOUR // 3 + 1, HOUR)
    assert look_ahead(z, row, RULES, interval_us=60_000_000, due=later).funding_bps == 0.0


def test_funding_of_a_level_spread_goes_by_the_legs_notionals() -> None:
    rules = BacktestParams.of(RULES, price="level")
    row = ROW | {"std": 6.0, "beta": 0.05}
    # Half and half: (1 - 2) / 2.
    outlook = look_ahead(2.0, row, rules, interval_us=60_000_000, due=FundingDue(1e-4, 2e-4, 0, 0))
    assert outlook.funding_bps == pytest.approx(-0.5)


def test_a_spread_that_does_not_revert_has_no_hold_and_no_funding() -> None:
    row = ROW | {"half_life": math.nan}
    outlook = look_ahead(2.0, row, RULES, interval_us=1_000_000, due=FundingDue(1e-4, 2e-4, 0, 0))
    assert math.isnan(outlook.hold_bars)
    assert outlook.funding_bps is None
    assert outlook.net_bps == pytest.approx(8.75)


def test_an_exit_at_the_mean_is_reckoned_to_a_tenth_of_sigma() -> None:
    rules = BacktestParams.of(RULES, exit=0.0)
    assert look_ahead(1.6, ROW, rules, interval_us=1_000_000).hold_bars == pytest.approx(40.0)


def test_what_it_promises_is_what_the_engine_makes_of_a_spread_that_comes_back() -> None:
    """Enter at z = -2 with one sigma of 10 bps, leave when X has not moved and Y has risen by 1.5 sigma."""
    y = [100.0, 100.0, 100.0, 100.0 * math.exp(1.5 * 0.002), 100.0 * math.exp(1.5 * 0.002)]
    bars = make_bars([0.0, -2.0, -2.0, -0.5, 0.0], y, [50.0] * 5, beta=1.0)
    result = run_backtest(pairs_table(bars), bars_table(bars), RULES, pair=PAIR)
    made_bps = 10_000 * result.trades.column("pnl_net")[0].as_py() / RULES.capital
    row = ROW | {"beta": 1.0}
    promised = look_ahead(-2.0, row, RULES, interval_us=1_000_000).net_bps
    assert promised == pytest.approx(5.0)
    assert made_bps == pytest.approx(promised, abs=0.05)
