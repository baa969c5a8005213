"""Every set of a sweep equals `run_backtest` with its parameters, to the last bit."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.backtest import kernel_sweep
from livepairs.backtest import sweep_slots as slots
from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import Funding
from livepairs.backtest.market import Market, Scores, lay_out, score
from livepairs.backtest.moments import sharpe_of
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import REASONS, BacktestResult
from livepairs.backtest.rows import micros
from livepairs.backtest.sweep import (
    Course,
    axis_of,
    bar_edges,
    moments_of,
    run_sets,
    sharpe_ratios,
    tried_table,
    trips_of,
)
from livepairs.stats.compiled import prepare
from tests.backtest.pair_rows import DAY, PAIR, SECOND, START_US, bars_table, funding_of, pairs_table
from tests.backtest.reference import Bar

ODD_Z = [0.0, 0.5, -0.5, 2.0, -2.0, 4.0, -4.0, math.nan]


def make_market(dice: random.Random, count: int, interval_us: int = SECOND) -> tuple[list[Bar], list[tuple]]:
    """Bars with every oddity at once, and funding at irregular times."""
    close, bars, z = (dice.uniform(1, 100_000), dice.uniform(1, 100_000)), [], 0.0
    for i in range(count):
        is_filled = (dice.random() < 0.2, dice.random() < 0.2)
        opened = tuple(c if f else c * dice.uniform(0.99, 1.01) for c, f in zip(close, is_filled, strict=True))
        close = tuple(c if f else c * dice.uniform(0.97, 1.03) for c, f in zip(close, is_filled, strict=True))
        z = 0.9 * z + dice.gauss(0, 1)
        beta = dice.choice([0.0, math.nan, math.inf]) if dice.random() < 0.1 else dice.uniform(-3, 3)
        shown = dice.choice(ODD_Z) if dice.random() < 0.1 else z
        bars.append(Bar(START_US + i * interval_us, shown, beta, dice.random() < 0.9, opened, close, is_filled))
    end = START_US + (count + 1) * interval_us
    times = sorted(dice.randrange(START_US - interval_us, end) for _ in range(dice.randrange(9)))
    rates = [(ts, dice.randrange(2), dice.uniform(-0.01, 0.01)) for ts in times]
    return bars, [(*rate, dice.choice([None, dice.uniform(1, 100_000)])) for rate in rates]


def make_rules(dice: random.Random) -> BacktestParams:
    entry = dice.choice([1.0, 1.5, 2.0])
    return BacktestParams(
        entry=entry,
        exit=dice.choice([0.0, 0.5]),
        stop=dice.choice([None, entry + 0.5, entry + 2.0]),
        max_hold=dice.choice([None, 1, 2, 5]),
        fee_bps=dice.uniform(0, 20),
        slippage=dice.choice(["bps", "roll"]),
        fill=dice.choice(["open", "close"]),
        price=dice.choice(["log", "level"]),
        leverage=dice.choice([1.0, 3.0]),
    )


class Case:
    """The same bars for the sweep and for the backtest."""

    def __init__(self, bars: list[Bar], events: list[tuple], params: BacktestParams, interval_us: int = SECOND) -> None:
        self.pairs, self.bars, self.params = pairs_table(bars), bars_table(bars), params
        self.funding: Funding = funding_of(events)
        self.market: Market = lay_out(
            self.pairs, self.bars, params, pair=PAIR, interval_us=interval_us, funding=self.funding
        )
        columns = (self.pairs.column(name).to_numpy() for name in ("z", "beta", "is_ready"))
        self.scores: Scores = score(*columns)

    def backtest(self, **changes: object) -> BacktestResult:
        params = replace(self.params, **changes)
        return run_backtest(self.pairs, self.bars, params, pair=PAIR, funding=self.funding)

    @property
    def level(self) -> np.ndarray:
        stop = math.inf if self.params.stop is None else self.params.stop
        return np.array([[self.params.entry, self.params.exit, stop]])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1 << 32), st.integers(2, 300))
def test_a_set_is_the_backtest_with_its_parameters(seed: int, count: int) -> None:
    dice = random.Random(seed)
    case = Case(*make_market(dice, count), make_rules(dice))
    result = case.backtest()
    edges = np.unique([0, count // 3, count // 2, count])
    course = Course(edges, max_hold=case.params.max_hold)
    outcome = run_sets(case.market, case.scores, case.level, course)
    trips = trips_of(case.market, case.scores, case.level, course)
    trades = result.trades
    assert (START_US + trips[:, 0].astype(int) * SECOND).tolist() == micros(trades["entry_ts"]).tolist()
    assert (START_US + trips[:, 1].astype(int) * SECOND).tolist() == micros(trades["exit_ts"]).tolist()
    assert ["long" if side > 0 else "short" for side in trips[:, 2]] == trades["side"].to_pylist()
    assert [REASONS[int(reason)] for reason in trips[:, 3]] == trades["reason"].to_pylist()

    made = outcome.results[0]
    sums = {slots.GROSS: "pnl_gross", slots.FEES: "fees", slots.SLIPPAGE: "slippage", slots.FUNDING: "funding"}
    for slot, name in sums.items():
        assert made[slot] == sum(trades[name].to_pylist())
    assert made[slots.BARS] == sum(trades["bars_held"].to_pylist())
    equity = result.equity["equity"].to_numpy()
    assert made[slots.EQUITY] == equity[-1]
    assert made[slots.WORST] == result.metrics["max_drawdown"]
    assert made[slots.LOWEST] == min(equity.min(), case.params.capital)
    assert outcome.spans[0, :, slots.LAST_EQUITY].tolist() == equity[edges[1:] - 1].tolist()
    returns = np.diff(equity) / equity[:-1]
    so_far = [math.fsum(returns[: edge - 1]) for edge in edges[1:]]
    assert outcome.spans[0, :, slots.SUM_SO_FAR] == pytest.approx(so_far, rel=1e-9, abs=1e-12)
    daily = run_sets(case.market, case.scores, case.level, replace(course, is_daily=True))
    kept = [slot for slot in range(slots.RESULT_SLOTS) if slot not in (slots.SUM, slots.SQUARES)]
    assert daily.results[0, kept].tobytes() == made[kept].tobytes()


@pytest.mark.parametrize("interval_us", [SECOND, DAY // 24])
def test_the_table_has_the_metrics_of_the_backtest(interval_us: int) -> None:
    """Of per-bar returns over minutes, and of daily ones over 16 days."""
    dice = random.Random(7)
    bars, events = make_market(dice, 400, interval_us)
    case = Case(bars, events, BacktestParams(leverage=0.2), interval_us)
    levels = np.array([[1.0, 0.0, math.inf], [1.5, 0.5, 3.0], [2.0, 0.0, 2.5], [9.0, 1.0, math.inf]])
    axis = axis_of(case.market)
    edges = np.array([0, len(axis) // 2, len(axis)])
    course = Course(bar_edges(axis, edges, 0, 400), is_daily=axis.is_daily)
    outcome = run_sets(case.market, case.scores, levels, course)
    windows = np.full((4, 2), 300)
    for row in tried_table(windows, levels, outcome, axis, case.market).to_pylist():
        result = case.backtest(**{name: row[name] for name in ("entry", "exit", "stop")})
        for name in row.keys() - {"entry", "exit", "stop", "hedge_window", "z_window"}:
            assert row[name] == result.metrics[name], name
    moments = moments_of(axis, edges, outcome, case.market.capital)
    ratios = sharpe_of(len(axis), moments.sums.sum(axis=1), moments.squares.sum(axis=1))
    assert ratios == pytest.approx(
        sharpe_ratios(axis, outcome, case.market.capital) / math.sqrt(axis.per_year), nan_ok=True
    )


def test_sets_run_together_as_alone() -> None:
    dice = random.Random(3)
    case = Case(*make_market(dice, 12_000), BacktestParams())
    levels = np.array([[entry, leave, 3.0] for entry in (1.0, 1.5, 2.0) for leave in (0.0, 0.5)])
    edges = np.array([0, 2_500, 12_000])
    together = run_sets(case.market, case.scores, levels, Course(edges))
    for place in range(len(levels)):
        alone = run_sets(case.market, case.scores, levels[place : place + 1], Course(edges))
        assert alone.results.tobytes() == together.results[place : place + 1].tobytes()
        assert alone.spans.tobytes() == together.spans[place : place + 1].tobytes()


def test_a_part_of_the_bars_trades_from_flat_to_flat() -> None:
    dice = random.Random(5)
    bars, events = make_market(dice, 300)
    case = Case(bars, events, BacktestParams(entry=1.0, exit=0.0, stop=None))
    whole = trips_of(case.market, case.scores, case.level, Course(np.array([0, 300])))
    first, end = int(whole[3, 0]) + 1, int(whole[8, 1])
    part = trips_of(case.market, case.scores, case.level, Course(np.array([first, end])))
    assert part[0, 0] > first
    assert part[-1, 1] == end - 1
    assert REASONS[int(part[-1, 3])] == "end"


def test_interpreted_and_compiled_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(*make_market(random.Random(11), 500), BacktestParams())
    levels = np.array([[1.5, 0.5, 3.0], [1.0, 0.0, math.inf]])
    course = Course(np.array([0, 200, 500]), max_hold=40)
    prepare()
    compiled = run_sets(case.market, case.scores, levels, course)
    monkeypatch.setattr(kernel_sweep.run_sets, "_compiled", None)
    interpreted = run_sets(case.market, case.scores, levels, course)
    assert interpreted.results.tobytes() == compiled.results.tobytes()
    assert interpreted.spans.tobytes() == compiled.spans.tobytes()
