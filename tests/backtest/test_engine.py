"""The backtest equals a slow reference written from the words of its specification, and examples worked by hand."""

from __future__ import annotations

import math
import random
from dataclasses import asdict

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.metrics import METRICS
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import EQUITY, LEGS, ROUND_TRIPS, BacktestResult
from livepairs.errors import ConfigError, SchemaError
from livepairs.schema import Pair
from tests.backtest import reference
from tests.backtest.pair_rows import PAIR, SECOND, START_US, bars_table, funding_of, make_bars, pairs_table
from tests.backtest.reference import Bar, Rules

FREE = BacktestParams(fee_bps=0, slippage_bps=0)

ODD_Z = [0.0, 0.5, -0.5, 2.0, -2.0, 4.0, -4.0, math.nan]


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[Bar], list[tuple]]:
    """Random bars with every oddity at once, and funding at irregular times.

    The length shrinks; what is in a bar comes from a seeded generator, as drawing each number takes seconds.
    """
    count = draw(st.integers(1, 60))
    dice = random.Random(draw(st.integers(0, 1 << 32)))
    close = (dice.uniform(1, 100_000), dice.uniform(1, 100_000))
    bars = []
    for i in range(count):
        is_filled = (dice.random() < 0.2, dice.random() < 0.2)
        opened = tuple(c if f else c * dice.uniform(0.99, 1.01) for c, f in zip(close, is_filled, strict=True))
        close = tuple(c if f else c * dice.uniform(0.97, 1.03) for c, f in zip(close, is_filled, strict=True))
        z = dice.choice(ODD_Z) if dice.random() < 0.4 else dice.uniform(-5, 5)
        beta = dice.choice([0.0, math.nan, math.inf]) if dice.random() < 0.1 else dice.uniform(-3, 3)
        bars.append(Bar(START_US + i * SECOND, z, beta, dice.random() < 0.9, opened, close, is_filled))
    times = sorted(dice.randrange(START_US - SECOND, START_US + (count + 1) * SECOND) for _ in range(dice.randrange(9)))
    rates = [(ts, dice.randrange(2), dice.uniform(-0.01, 0.01)) for ts in times]
    return bars, [(*rate, dice.choice([None, dice.uniform(1, 100_000)])) for rate in rates]


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    exit_ = draw(st.sampled_from([0.0, 0.5, 1.0]))
    entry = exit_ + draw(st.sampled_from([0.5, 1.0, 1.5]))
    return Rules(
        entry=entry,
        exit=exit_,
        stop=draw(st.sampled_from([None, entry + 0.5, entry + 2.0])),
        max_hold=draw(st.sampled_from([None, 1, 2, 5])),
        fee_bps=draw(st.floats(0, 20)),
        slippage_bps=draw(st.floats(0, 20)),
        capital=draw(st.sampled_from([10_000.0, 500.0])),
        leverage=draw(st.sampled_from([1.0, 3.0])),
        fill=draw(st.sampled_from(["open", "close"])),
        price=draw(st.sampled_from(["log", "level"])),
    )


def run(bars: list[Bar], params: BacktestParams | None = None, events: list[tuple] | None = None) -> BacktestResult:
    funding = None if events is None else funding_of(events)
    return run_backtest(pairs_table(bars), bars_table(bars), params, pair=PAIR, funding=funding)


@given(markets(), rules())
def test_every_trade_and_mark_equals_the_slow_reference(market: tuple[list[Bar], list[tuple]], rule: Rules) -> None:
    bars, events = market
    expected = reference.backtest(bars, rule, events, SECOND)
    result = run(bars, BacktestParams(**asdict(rule)), events)

    def near(value: float) -> object:
        return pytest.approx(value, rel=1e-9, abs=1e-9 * rule.capital)

    trades = result.trades.cast(
        pa.schema([f if f.name[-2:] != "ts" else pa.field(f.name, pa.int64()) for f in ROUND_TRIPS])
    ).to_pylist()
    assert len(trades) == len(expected.trades)
    for trade, words in zip(trades, expected.trades, strict=True):
        for name in ("entry_ts", "exit_ts", "bars_held", "reason"):
            assert trade[name] == words[name]
        assert trade["side"] == ("long" if words["side"] == 1 else "short")
        for leg, name in enumerate("yx"):
            assert trade[f"qty_{name}"] == pytest.approx(words["qty"][leg], rel=1e-9, abs=1e-9)
            assert (trade[f"entry_{name}"], trade[f"exit_{name}"]) == (words["entry"][leg], words["exit"][leg])
        for name in ("fees", "slippage", "funding", "pnl_gross", "pnl_net"):
            assert trade[name] == near(words[name])
    assert result.equity.column("equity").to_pylist() == near(expected.equity)
    assert result.equity.column("position").to_pylist() == expected.position
    assert result.equity.column("drawdown").to_pylist() == pytest.approx(expected.drawdown, rel=1e-9, abs=1e-9)
    stale = [(t["entry_stale"][leg], t["exit_stale"][leg]) for t in expected.trades for leg in (0, 1)]
    legs = result.legs.to_pylist()
    assert [(leg["is_entry_stale"], leg["is_exit_stale"]) for leg in legs] == stale


@given(markets(), rules())
def test_legs_add_up_to_the_pair_to_the_last_bit(market: tuple[list[Bar], list[tuple]], rule: Rules) -> None:
    bars, events = market
    result = run(bars, BacktestParams(**asdict(rule)), events)
    legs = result.legs.to_pylist()
    for number, trade in enumerate(result.trades.to_pylist()):
        y, x = legs[2 * number : 2 * number + 2]
        assert (y["trade"], y["symbol"], x["trade"], x["symbol"]) == (number, PAIR.y, number, PAIR.x)
        for name in ("pnl_gross", "fees", "slippage", "funding"):
            assert y[name] + x[name] == trade[name]
        net = trade["pnl_gross"] - trade["fees"] - trade["slippage"] + trade["funding"]
        assert trade["pnl_net"] == net


@given(markets(), rules(), st.data())
def test_cutting_off_the_future_never_changes_the_past(
    market: tuple[list[Bar], list[tuple]], rule: Rules, data: st.DataObject
) -> None:
    bars, events = market
    params = BacktestParams(**asdict(rule))
    kept = data.draw(st.integers(1, len(bars)))
    whole, cut = run(bars, params, events), run(bars[:kept], params, events)
    # The last bar of the cut run closes what is open, which is what cutting means; all before it stands.
    assert cut.equity.slice(0, kept - 1).equals(whole.equity.slice(0, kept - 1))
    closed = [trade for trade in cut.trades.to_pylist() if trade["reason"] != "end"]
    assert closed == whole.trades.to_pylist()[: len(closed)]


@given(markets(), rules())
def test_equity_ends_at_capital_plus_what_the_trades_made(market: tuple[list[Bar], list[tuple]], rule: Rules) -> None:
    bars, events = market
    result = run(bars, BacktestParams(**asdict(rule)), events)
    made = sum(result.trades.column("pnl_net").to_pylist())
    assert result.equity.column("equity")[-1].as_py() == pytest.approx(rule.capital + made, rel=1e-12)


def test_a_short_spread_worked_by_hand() -> None:
    """10,000 split 5,000 : 5,000 at 102 and 51; Y falls to 101, X rises to 52; 5 + 1 bps on four fills."""
    bars = make_bars([0, 2.5, 1.0, 0.4, 0.0], y=[100, 102, 101, 101, 101], x=[50, 51, 52, 52, 52])
    trade = run(bars).trades.to_pylist()[0]
    assert trade["side"] == "short"
    assert (trade["entry_y"], trade["entry_x"], trade["exit_y"], trade["exit_x"]) == (102, 51, 101, 52)
    qty_y, qty_x = 5_000 / 102, 5_000 / 51
    assert (trade["qty_y"], trade["qty_x"]) == pytest.approx((-qty_y, qty_x), rel=1e-14)
    assert trade["pnl_gross"] == pytest.approx(qty_y * 1 + qty_x * 1, rel=1e-12)
    notional = 10_000 + qty_y * 101 + qty_x * 52
    assert trade["fees"] == pytest.approx(notional * 0.0005, rel=1e-12)
    assert trade["slippage"] == pytest.approx(notional * 0.0001, rel=1e-12)
    assert (trade["bars_held"], trade["reason"]) == (2, "exit")


def test_a_decision_fills_at_the_open_of_the_next_bar() -> None:
    bars = make_bars([0, -3.0, -1.0, 0.0, 0.0])
    for bar, opened in zip(bars, (100.0, 100.1, 100.2, 100.3, 100.4), strict=True):
        bar.open = (opened, 50.0)
    trade = run(bars, FREE).trades.to_pylist()[0]
    assert (trade["side"], trade["entry_y"], trade["exit_y"]) == ("long", 100.2, 100.4)


def test_fill_close_takes_the_close_of_the_next_bar() -> None:
    bars = make_bars([0, -3.0, -1.0, 0.0, 0.0], y=[100, 101, 102, 103, 104])
    trade = run(bars, BacktestParams(fill="close")).trades.to_pylist()[0]
    assert (trade["entry_y"], trade["exit_y"]) == (102, 104)


def test_a_leg_without_trades_fills_at_its_carried_close_and_is_flagged() -> None:
    bars = make_bars([0, 3.0, 1.0, 0.0, 0.0], y=[100, 101, 101, 102, 102])
    bars[2].is_filled = (True, False)
    bars[2].open = (99.0, 50.0)  # a bar without trades has no open of its own; whatever stands there is not used
    result = run(bars)
    assert result.trades.column("entry_y").to_pylist() == [101]
    assert [leg["is_entry_stale"] for leg in result.legs.to_pylist()] == [True, False]
    assert any("1 of 4 leg fills" in note for note in result.notes)


def test_after_a_stop_it_stays_flat_until_z_has_come_back() -> None:
    z = [0, 3.0, 4.5, 3.0, -3.0, 0.4, 3.0, 0.0, 0.0]
    trades = run(make_bars(z)).trades.to_pylist()
    assert [trade["reason"] for trade in trades] == ["stop", "exit"]
    entered = [(trade["entry_ts"].timestamp() - START_US / 1e6) for trade in trades]
    assert entered == [2, 7]


def test_nothing_is_opened_while_z_is_beyond_the_stop() -> None:
    assert run(make_bars([0, 4.0, 5.0, -4.0, 0.0])).trades.num_rows == 0
    assert run(make_bars([0, 4.0, 5.0, 0.0, 0.0]), BacktestParams(stop=None)).trades.num_rows == 1


def test_the_stop_goes_before_the_return() -> None:
    """z jumps through the exit to beyond the stop on the other side: abs(z) >= stop is a stop, whatever the side."""
    assert run(make_bars([0, 3.0, 3.0, -4.0, 0.0])).trades.column("reason").to_pylist() == ["stop"]


def test_time_stop_leaves_after_max_hold_bars() -> None:
    trades = run(make_bars([0, 3.0, 2.9, 2.8, 2.7, 0.0]), BacktestParams(max_hold=2)).trades.to_pylist()
    assert (trades[0]["bars_held"], trades[0]["reason"]) == (2, "time")


def test_rows_that_are_not_ready_never_trade() -> None:
    bars = make_bars([3.0, 3.0, 0.0, 0.0, 0.0])
    for bar in bars[:2]:
        bar.is_ready = False
    assert run(bars).trades.num_rows == 0
    bars = make_bars([3.0, 3.0, 0.0, 0.0, 0.0])
    bars[2].is_ready = False
    assert run(bars).trades.column("exit_ts")[0].as_py().timestamp() == START_US / 1e6 + 4


def test_an_open_position_is_closed_at_the_last_close() -> None:
    result = run(make_bars([0, 3.0, 2.5, 2.4], y=[100, 100, 101, 99]))
    trade = result.trades.to_pylist()[0]
    assert (trade["reason"], trade["exit_y"], trade["bars_held"]) == ("end", 99, 1)
    assert result.equity.column("position").to_pylist() == [0, 0, -1, 0]


def test_negative_beta_puts_both_legs_on_one_side() -> None:
    trade = run(make_bars([0, 3.0, 1.0, 0.0], beta=-1.0)).trades.to_pylist()[0]
    assert (trade["qty_y"], trade["qty_x"]) == (-50.0, -100.0)


def test_log_beta_splits_notional_and_level_beta_splits_quantity() -> None:
    bars = make_bars([0, -3.0, 0.0, 0.0], beta=3.0)
    by_notional = run(bars).trades.to_pylist()[0]
    assert (by_notional["qty_y"], by_notional["qty_x"]) == (25.0, -150.0)  # 2,500 : 7,500 at 100 and 50
    by_quantity = run(bars, BacktestParams(price="level")).trades.to_pylist()[0]
    assert (by_quantity["qty_y"], by_quantity["qty_x"]) == (40.0, -120.0)  # 40 x (100 + 3 x 50) = 10,000


def test_leverage_multiplies_the_notional_and_not_the_equity() -> None:
    result = run(make_bars([0, -3.0, 0.0, 0.0]), BacktestParams(leverage=2.0))
    assert result.trades.column("qty_y").to_pylist() == [100.0]
    assert result.equity.column("equity")[0].as_py() == 10_000


def test_funding_is_paid_by_the_long_leg_when_the_rate_is_positive() -> None:
    """Short 50 Y and long 100 X: at 1 bp on marks 101 and 51 the short receives 0.505 and the long pays 0.51."""
    events = [(START_US + 2_500_000, 0, 1e-4, 101.0), (START_US + 2_500_000, 1, 1e-4, 51.0)]
    result = run(make_bars([0, 3.0, 1.0, 0.0, 0.0]), FREE, events)
    assert [leg["funding"] for leg in result.legs.to_pylist()] == pytest.approx([0.505, -0.51], rel=1e-12)
    assert result.trades.column("pnl_net").to_pylist() == pytest.approx([-0.005], rel=1e-9)
    assert not any("funding" in note for note in result.notes)


def test_funding_counts_from_the_bar_of_the_entry_up_to_the_bar_of_the_exit() -> None:
    bars = make_bars([0, 3.0, 1.0, 0.0, 0.0])  # held from 2 s to 4 s
    for at_us, expected in ((1_999_999, 0.0), (2_000_000, 0.5), (3_999_999, 0.5), (4_000_000, 0.0)):
        result = run(bars, FREE, [(START_US + at_us, 0, 1e-4, 100.0)])
        assert result.trades.column("funding").to_pylist() == pytest.approx([expected])


def test_funding_without_a_mark_price_takes_the_last_close_before_it() -> None:
    bars = make_bars([0, 3.0, 1.0, 0.0, 0.0], y=[100, 100, 110, 120, 120])
    result = run(bars, FREE, [(START_US + 3_100_000, 0, 1e-4, None)])
    assert result.trades.column("funding").to_pylist() == pytest.approx([50 * 110 * 1e-4])


def test_without_funding_data_the_result_says_so() -> None:
    result = run(make_bars([0, 3.0, 1.0, 0.0, 0.0]))
    assert result.metrics["funding"] == 0.0
    assert any(note.startswith("funding unknown for ETHUSDT and BTCUSDT") for note in result.notes)


def test_roll_slippage_is_half_the_measured_spread() -> None:
    """Y bounces 99.9 to 100.1 and back: changes of about +-20 bps with covariance -(20 bps)^2, half spread 20 bps."""
    y = [99.9 if i % 2 else 100.1 for i in range(60)]
    z = [0.0] * 50 + [3.0, 1.0, 0.0, 0.0, *[0.0] * 6]
    result = run(make_bars(z, y=y), BacktestParams(slippage="roll", slippage_bps=7.0))
    of_y, of_x = result.legs.to_pylist()
    notional = abs(of_y["qty"]) * (of_y["entry"] + of_y["exit"])
    assert of_y["slippage"] / notional == pytest.approx(0.002, rel=0.02)
    # X never moved, so Roll's measure does not exist there.
    assert of_x["slippage"] / (abs(of_x["qty"]) * 100) == pytest.approx(0.0007)


@pytest.mark.parametrize("z", [[], [0.0], [0.0, 1.0, 0.3], [0.0, 3.0, 2.0, 0.0, 0.0], [math.nan] * 5])
def test_degenerate_runs_give_none_and_say_why(z: list[float]) -> None:
    result = run(make_bars(z))
    assert list(result.metrics) == list(METRICS)
    assert all(value is None or math.isfinite(value) for value in result.metrics.values())
    assert result.metrics["sharpe"] is None or result.trades.num_rows
    assert result.notes
    for table, schema in ((result.trades, ROUND_TRIPS), (result.legs, LEGS), (result.equity, EQUITY)):
        assert table.schema.equals(schema)
    assert result.equity.num_rows == len(z)


def test_notes_say_why_nothing_was_traded() -> None:
    assert any("reached 1.00 at most" in note for note in run(make_bars([0.0, 1.0, 0.3])).notes)
    bars = make_bars([0.0, 3.0])
    for bar in bars:
        bar.is_ready = False
    assert any("none of the 2 rows is ready" in note for note in run(bars).notes)
    assert any("z does not exist on 2 of 2 ready rows" in note for note in run(make_bars([math.nan] * 2)).notes)
    assert any("stopped out" in note for note in run(make_bars([0, 3.0, 5.0, 3.0, 3.0])).notes)


def test_a_lost_account_has_no_ratios() -> None:
    bars = make_bars([0, 3.0, 3.0, 3.0, 0.0, 0.0], y=[100, 100, 100, 400, 400, 400])
    result = run(bars, BacktestParams(leverage=2.0))
    assert result.metrics["total_return"] < -1
    assert result.metrics["sharpe"] is None
    assert any("the account was lost" in note for note in result.notes)


def test_the_pair_must_be_said_when_there_are_several() -> None:
    bars = make_bars([0.0, 1.0])
    both = pa.concat_tables([pairs_table(bars), pairs_table(bars, Pair("SOLUSDT", "BTCUSDT"))])
    with pytest.raises(ConfigError, match="ETHUSDT/BTCUSDT, SOLUSDT/BTCUSDT; say which"):
        run_backtest(both, bars_table(bars))
    with pytest.raises(ConfigError, match="PAIRS holds no rows; say which"):
        run_backtest(pairs_table([]), bars_table([]))
    assert run_backtest(pairs_table(bars), bars_table(bars)).pair == PAIR
    with pytest.raises(ConfigError, match=r"is not in PAIRS.*did you mean"):
        run_backtest(both, bars_table(bars), pair="ETHUSDT/BTCUSD")


def test_other_pairs_and_earlier_bars_are_passed_over() -> None:
    bars = make_bars([0, 2.5, 1.0, 0.4, 0.0], y=[100, 102, 101, 101, 101])
    other = Pair("SOLUSDT", "BNBUSDT")
    pairs = pa.concat_tables([pairs_table(bars, other), pairs_table(bars[1:])]).sort_by("ts")
    legs = pa.concat_tables([bars_table(bars, other), bars_table(bars)]).sort_by("ts")
    assert run_backtest(pairs, legs, pair=PAIR).trades.equals(run(bars[1:]).trades)


def test_a_row_without_its_bar_is_our_error() -> None:
    bars = make_bars([0.0, 1.0, 0.0])
    with pytest.raises(SchemaError, match="no bar of 'ETHUSDT' at 2024-08-08T00:00:02"):
        run_backtest(pairs_table(bars), bars_table(bars[:2]))
