"""Metrics equal examples worked by hand, and an independent library where the definitions coincide."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.backtest.metrics import METRICS, equity_returns, measure
from livepairs.backtest.result import EQUITY, ROUND_TRIPS, Metrics
from tests.backtest.pair_rows import DAY, SECOND, START_US

CAPITAL = 1_000.0


def equity_table(values: Sequence[float], interval_us: int, position: int = 0) -> pa.Table:
    highs = np.maximum.accumulate(np.maximum(np.asarray(values, float), CAPITAL))
    rows = [
        {"ts": START_US + i * interval_us, "equity": v, "position": position, "drawdown": v / highs[i] - 1}
        for i, v in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, schema=EQUITY)


def trades_table(*net: float) -> pa.Table:
    rows = [
        dict.fromkeys(ROUND_TRIPS.names, 0.0)
        | {"entry_ts": START_US, "exit_ts": START_US + (i + 1) * SECOND, "side": "long", "reason": "exit"}
        | {"qty_y": 1.0, "entry_y": 100.0, "exit_y": 110.0, "qty_x": -2.0, "entry_x": 50.0, "exit_x": 45.0}
        | {
            "fees": 2.0,
            "slippage": 1.0,
            "funding": -0.5,
            "pnl_net": value,
            "pnl_gross": value + 3.5,
            "bars_held": i + 1,
        }
        for i, value in enumerate(net)
    ]
    return pa.Table.from_pylist(rows, schema=ROUND_TRIPS)


def metrics_of(values: Sequence[float], interval_us: int = DAY, trades: pa.Table | None = None) -> Metrics:
    table = trades_table() if trades is None else trades
    return measure(equity_table(values, interval_us), table, capital=CAPITAL, interval_us=interval_us)[0]


def notes_of(values: Sequence[float], interval_us: int = DAY, trades: pa.Table | None = None) -> str:
    table = trades_table() if trades is None else trades
    return "\n".join(measure(equity_table(values, interval_us), table, capital=CAPITAL, interval_us=interval_us)[1])


@given(st.lists(st.floats(-0.2, 0.25), min_size=12, max_size=80))
def test_ratios_equal_empyricals_on_daily_bars(moves: list[float]) -> None:
    import empyrical  # here, because it takes a second and every worker reads this file

    levels = CAPITAL * np.cumprod(1 + np.asarray(moves))
    ours = metrics_of(levels.tolist())
    returns = pd.Series(np.append(CAPITAL, levels)).pct_change().dropna()
    near = {"rel": 1e-9, "abs": 1e-12}
    assert ours["max_drawdown"] == pytest.approx(empyrical.max_drawdown(returns), **near)
    assert ours["annual_return"] == pytest.approx(empyrical.cagr(returns, annualization=365), **near)
    if returns.std() < 1e-6:  # both libraries then divide by rounding
        return
    assert ours["annual_vol"] == pytest.approx(empyrical.annual_volatility(returns, annualization=365), **near)
    assert ours["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns, annualization=365), **near)
    if ours["sortino"] is not None:
        assert ours["sortino"] == pytest.approx(empyrical.sortino_ratio(returns, annualization=365), **near)
    if ours["calmar"] is not None:
        assert ours["calmar"] == pytest.approx(empyrical.calmar_ratio(returns, annualization=365), **near)


def test_under_ten_days_ratios_are_per_bar_and_say_so() -> None:
    import empyrical

    values = [1000, 1001, 999, 1003, 1002]
    returns = pd.Series(values).pct_change().dropna()
    year = 365 * 86_400
    assert metrics_of(values, SECOND)["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns, annualization=year))
    assert "from 4 per-bar equity returns, 31,536,000 a year" in notes_of(values, SECOND)
    assert "extrapolated from 5 seconds" in notes_of(values, SECOND)


def test_from_ten_days_on_ratios_are_daily_and_say_so() -> None:
    hour = DAY // 24
    values = [1000.0 + i for i in range(240)]
    returns, per_year, kind = equity_returns(equity_table(values, hour), capital=CAPITAL, interval_us=hour)
    assert (len(returns), per_year, kind) == (10, 365.0, "daily")
    assert returns[0] == pytest.approx(1023 / 1000 - 1)
    assert returns[1] == pytest.approx(1047 / 1023 - 1)
    assert "from 10 daily equity returns, 365 a year" in notes_of(values, hour)
    assert equity_returns(equity_table(values[:-1], hour), capital=CAPITAL, interval_us=hour)[2] == "per-bar"


def test_trade_metrics_worked_by_hand() -> None:
    """Four trades of +10, -4, +6, 0: each fills 100 + 110 on Y and 2 x (50 + 45) on X, which is 400."""
    made = metrics_of([1000, 1010, 1006, 1012], trades=trades_table(10, -4, 6, 0))
    assert made["trades"] == 4
    assert made["hit_rate"] == 0.5
    assert made["profit_factor"] == 4.0
    assert made["avg_bars_held"] == 2.5
    assert made["turnover"] == pytest.approx(1.6)
    assert (made["fees"], made["slippage"], made["funding"]) == (8.0, 4.0, -2.0)
    # 12 net + 12 costs are 24 before costs, over 1,600 of notional: 150 bps.
    assert made["break_even_bps"] == pytest.approx(150.0)
    assert made["total_return"] == pytest.approx(0.012)
    assert made["max_drawdown"] == pytest.approx(-4 / 1010)
    assert made["trials"] == 1


def test_exposure_counts_the_bars_with_a_position() -> None:
    table = pa.concat_tables([equity_table([1000] * 3, SECOND), equity_table([1000], SECOND, position=-1)])
    assert measure(table, trades_table(), capital=CAPITAL, interval_us=SECOND)[0]["exposure"] == 0.25


@pytest.mark.parametrize(
    ("values", "trades", "missing", "words"),
    [
        ([], trades_table(), set(METRICS) - {"trades", "fees", "slippage", "funding", "turnover", "trials"}, "no rows"),
        ([1000, 1001], trades_table(1), {"sharpe", "sortino", "annual_vol", "profit_factor", "calmar"}, "too short"),
        ([1000] * 20, trades_table(), {"sharpe", "sortino", "calmar", "hit_rate", "break_even_bps"}, "zero variance"),
        (
            [1000, 1001, 1003],
            trades_table(3),
            {"sortino", "calmar"},
            "sortino does not exist without a negative return",
        ),
        ([1000, 900, 950], trades_table(-50), set(), "one trade"),
        ([1000, -10, 20], trades_table(-980), {"sharpe", "sortino", "annual_return", "calmar"}, "the account was lost"),
    ],
)
def test_what_does_not_exist_is_none_and_said(
    values: list[float], trades: pa.Table, missing: set[str], words: str
) -> None:
    made = metrics_of(values, trades=trades)
    assert {name for name in METRICS if made[name] is None} >= missing
    assert all(value is None or math.isfinite(value) for value in made.values())
    assert words in notes_of(values, trades=trades)


def test_an_annual_return_beyond_all_bounds_is_not_infinite() -> None:
    assert metrics_of([1000, 1100, 1200], SECOND)["annual_return"] is None
    assert "beyond all bounds" in notes_of([1000, 1100, 1200], SECOND)


@pytest.mark.parametrize(
    ("values", "words"), [(3, "3 seconds"), (120, "2 minutes"), (7200, "2 hours"), (172_800, "2 days")]
)
def test_the_span_is_said_in_fitting_units(values: int, words: str) -> None:
    assert f"extrapolated from {words}" in notes_of([1000] * values, SECOND)
