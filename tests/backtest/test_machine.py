"""Paper trading bar by bar, the batch, the compiled kernel and the interpreted one are the same to the last bit."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.backtest import kernel
from livepairs.backtest.engine import run_backtest
from livepairs.backtest.machine import BacktestMachine
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.rows import join_rows
from livepairs.stats.compiled import prepare
from tests.backtest.pair_rows import PAIR, SECOND, START_US, bars_table, funding_of, make_bars, pairs_table
from tests.backtest.reference import Bar, Rules
from tests.backtest.test_engine import markets, rules


@given(markets(), rules(), st.sampled_from(["bps", "roll"]), st.lists(st.integers(0, 9), max_size=12))
def test_any_slicing_gives_the_batch_bit_for_bit(
    market: tuple[list[Bar], list[tuple]], rule: Rules, slippage: str, sizes: list[int]
) -> None:
    bars, events = market
    params = BacktestParams(**asdict(rule), slippage=slippage)
    funding = funding_of(events)
    machine = BacktestMachine(PAIR, params, interval_us=SECOND)
    steps = []
    at = 0
    for size in [*sizes, len(bars)]:
        part = bars[at : at + size]
        steps.append(machine.update(pairs_table(part), bars_table(part), funding))
        at += size
    end = machine.finish()
    batch = run_backtest(pairs_table(bars), bars_table(bars), params, pair=PAIR, funding=funding)
    assert pa.concat_tables([*(step.trades for step in steps), end.trades]).equals(batch.trades)
    assert pa.concat_tables([*(step.legs for step in steps), end.legs]).equals(batch.legs)
    equity = pa.concat_tables([step.equity for step in steps])
    marks = pa.concat_tables([equity.slice(0, equity.num_rows - end.equity.num_rows), end.equity])
    assert marks.equals(batch.equity)


@pytest.mark.parametrize("fill", ["open", "close"])
@pytest.mark.parametrize("cut", range(7))
def test_funding_between_two_rows_meets_the_position_held_then_in_any_slicing(fill: str, cut: int) -> None:
    """Rows follow each other without holes; were there one, an event in it would neither be lost nor counted twice."""
    bars = make_bars([0, 3.0, 1.0, 0.0, 0.0, 0.0])
    for bar in bars[4:]:
        bar.ts += 100 * SECOND
    # Short 50 Y from the third row to the fifth (at the open or at the close), so during the hole before the fifth.
    funding = funding_of([(START_US + 50 * SECOND, 0, 1e-4, 100.0)])
    machine = BacktestMachine(PAIR, BacktestParams(fill=fill), interval_us=SECOND)
    steps = [machine.update(pairs_table(part), bars_table(part), funding) for part in (bars[:cut], bars[cut:])]
    trades = pa.concat_tables([step.trades for step in steps])
    assert trades.column("funding").to_pylist() == pytest.approx([0.5])


def test_compiled_and_interpreted_are_equal_bit_for_bit() -> None:
    rng = np.random.default_rng(11)
    z = np.convolve(rng.normal(0, 1.2, 3_000), np.ones(8) / 3, "same").tolist()
    y, x = (np.exp(np.cumsum(rng.normal(0, 1e-4, 3_000))) * level for level in (2_500.0, 61_000.0))
    bars = make_bars(z, y.tolist(), x.tolist(), beta=0.7)
    events = [(START_US + i * 17 * SECOND, i % 2, 1e-5 * i, None) for i in range(150)]
    params = BacktestParams(slippage="roll", max_hold=40)
    outputs = []
    prepare()
    for run in (kernel.advance, kernel.advance.interpret):
        machine = BacktestMachine(PAIR, params, interval_us=SECOND)
        rows = join_rows(pairs_table(bars), bars_table(bars), PAIR, is_close_fill=False)
        funding = machine._events(rows, funding_of(events))
        marks, trades = np.zeros(kernel.MARK_SLOTS * 3_000), np.zeros(kernel.TRADE_SLOTS * 1_501)
        closed = run(machine._state, machine._params, rows.values.reshape(-1), funding, marks, trades)
        outputs.append((closed, machine._state.tobytes(), marks.tobytes(), trades.tobytes()))
    assert outputs[0][0] > 50
    assert outputs[0] == outputs[1]


def test_the_open_position_can_be_seen_while_it_runs() -> None:
    bars = make_bars([0, 3.0, 2.0, 1.5, 0.0, 0.0], y=[100, 100, 100, 99, 99, 99])
    machine = BacktestMachine(PAIR, BacktestParams(), interval_us=SECOND)
    machine.update(pairs_table(bars[:2]), bars_table(bars[:2]))
    assert machine.position is None
    machine.update(pairs_table(bars[2:4]), bars_table(bars[2:4]))
    position = machine.position
    assert position is not None
    assert (position.side, position.qty_y, position.qty_x) == (-1, -50.0, 100.0)
    assert (position.entry_y, position.entry_x, position.bars_held) == (100.0, 50.0, 1)
    assert position.entry_us == START_US + 2 * SECOND
    # 50 x 1 made on Y, less 6 bps of the 10,000 of the entry.
    assert position.pnl == pytest.approx(50 - 6)
    step = machine.update(pairs_table(bars[4:]), bars_table(bars[4:]))
    assert machine.position is None
    assert step.trades.num_rows == 1


def test_a_machine_that_is_reset_is_as_new() -> None:
    bars = make_bars([0, 3.0, 5.0, 3.0, 3.0])
    machine = BacktestMachine(PAIR, BacktestParams(), interval_us=SECOND)
    first = machine.update(pairs_table(bars), bars_table(bars))
    assert machine.is_locked
    machine.reset()
    assert not machine.is_locked
    again = machine.update(pairs_table(bars), bars_table(bars))
    assert again.trades.equals(first.trades)
    assert again.legs.equals(first.legs)


def test_a_finish_when_flat_closes_nothing() -> None:
    step = BacktestMachine(PAIR, BacktestParams(), interval_us=SECOND).finish()
    assert (step.trades.num_rows, step.legs.num_rows, step.equity.num_rows) == (0, 0, 0)
