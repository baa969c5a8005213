"""The state machine of a backtest as an object: rows in, marks and closed trades out, in any slices.

Paper trading feeds it the rows of a stream as they close; ``run_backtest`` feeds it all rows at once. Both run the same
kernel on the same memory, so their trades are equal bit for bit. Rows come from PAIRS and BARS, results go to the
pages and to ``livepairs.backtest.engine``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import pyarrow as pa

from livepairs.backtest import kernel
from livepairs.backtest.funding import Funding, join_events
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.rows import Floats, Rows, Times, as_table, join_rows
from livepairs.backtest.unpack import equity, leg_trips, round_trips
from livepairs.schema import Pair

__all__ = ["BacktestMachine", "Position", "Step", "pack"]


@dataclass(frozen=True, slots=True)
class Step:
    """What some rows brought.

    Parameters
    ----------
    trades, legs
        ROUND_TRIPS and LEGS of the trades closed.
    equity
        An EQUITY table, one row for each PAIRS row.
    """

    trades: pa.Table
    legs: pa.Table
    equity: pa.Table


@dataclass(frozen=True, slots=True)
class Position:
    """An open position at the last close.

    Parameters
    ----------
    side
        1 long the spread, -1 short.
    entry_us
        The ``ts`` of the bar it was filled in.
    qty_y, qty_x
        Signed base units.
    entry_y, entry_x
        Prices paid, before slippage.
    pnl
        Made so far in quote currency, after the costs of the entry and with funding; closing it will cost more.
    bars_held
        Bars from the bar of the entry to the last bar.
    """

    side: int
    entry_us: int
    qty_y: float
    qty_x: float
    entry_y: float
    entry_x: float
    pnl: float
    bars_held: int


class BacktestMachine:
    """Trade one pair by its z-score, on paper.

    Parameters
    ----------
    pair
        The pair to trade.
    params
        Rules and costs.
    interval_us
        Length of a bar, which places funding events in bars.
    """

    def __init__(self, pair: Pair, params: BacktestParams, *, interval_us: int) -> None:
        self.pair = pair
        self.params = params
        self.interval_us = interval_us
        self._params = pack(params)
        self.reset()

    def reset(self) -> None:
        """Be as new."""
        self._state = np.zeros(kernel.STATE_SLOTS)
        self._state[kernel.PEAK] = self._state[kernel.PEAK_BEFORE] = self.params.capital
        self._trade_count = 0

    @property
    def is_locked(self) -> bool:
        """Whether a stop was hit and z has not come back since, so that nothing is opened."""
        return bool(self._state[kernel.LOCKED])

    @property
    def position(self) -> Position | None:
        """The open position, or None when flat."""
        state = self._state
        if not state[kernel.SIDE]:
            return None
        qty_y, qty_x, entry_y, entry_x = state[[kernel.QTY, kernel.QTY + 1, kernel.PAID, kernel.PAID + 1]].tolist()
        return Position(
            side=int(state[kernel.SIDE]),
            entry_us=int(state[kernel.ENTRY_TS]),
            qty_y=qty_y,
            qty_x=qty_x,
            entry_y=entry_y,
            entry_x=entry_x,
            pnl=kernel.open_pnl(state.tolist()),
            bars_held=int(state[kernel.ROWS] - 1 - state[kernel.ENTRY_ROW]),
        )

    def update(
        self, pairs: pa.Table | pa.RecordBatch, bars: pa.Table | pa.RecordBatch, funding: Funding | None = None
    ) -> Step:
        """Run the next rows.

        Parameters
        ----------
        pairs
            PAIRS rows after those seen before; other pairs' rows are passed over. May be empty.
        bars
            BARS rows; at least those of both legs at the times of ``pairs``.
        funding
            The funding events known of that time; earlier and later ones may be among them.

        Raises
        ------
        ConfigError
            If the rows are all of other pairs.
        SchemaError
            If a leg has no bar at the time of a row.
        """
        rows = join_rows(as_table(pairs), as_table(bars), self.pair, is_close_fill=self.params.fill == "close")
        if not len(rows):
            return self._step(np.empty((0, kernel.TRADE_SLOTS)), rows.ts, np.empty((kernel.MARK_SLOTS, 0)))
        return self._run(rows, self._events(rows, funding))

    def finish(self) -> Step:
        """Close an open position at the last close, because the data has ended.

        Returns
        -------
        Step
            The trade with reason ``end`` and the last bar's equity row, which replaces the one given before; empty
            when flat.
        """
        marks, trades = np.empty(kernel.MARK_SLOTS), np.empty(kernel.TRADE_SLOTS)
        count = kernel.close_at_end(self._state, self._params, marks, trades)
        ts = np.full(count, self._state[kernel.LAST_TS], dtype=np.int64)
        return self._step(trades.reshape(1, -1)[:count], ts, marks.reshape(-1, 1)[:, :count])

    def _events(self, rows: Rows, funding: Funding | None) -> Floats:
        has_rows = self._state[kernel.ROWS] > 0
        from_us = int(self._state[kernel.LAST_TS]) + self.interval_us if has_rows else int(rows.ts[0])
        return join_events(funding, rows, self.pair, from_us=from_us, interval_us=self.interval_us)

    def _run(self, rows: Rows, events: Floats) -> Step:
        n = len(rows)
        marks = np.empty(kernel.MARK_SLOTS * n)
        trades = np.empty(kernel.TRADE_SLOTS * (n // 2 + 1))
        closed = kernel.advance(self._state, self._params, rows.values.reshape(-1), events, marks, trades)
        return self._step(trades.reshape(-1, kernel.TRADE_SLOTS)[:closed], rows.ts, marks.reshape(kernel.MARK_SLOTS, n))

    def _step(self, trades: Floats, ts: Times, marks: Floats) -> Step:
        first, self._trade_count = self._trade_count, self._trade_count + len(trades)
        return Step(round_trips(trades), leg_trips(trades, self.pair, first), equity(ts, marks))


def pack(params: BacktestParams) -> Floats:
    """Return the parameters as the kernel takes them; levels that are off are infinity."""
    packed = np.empty(kernel.PARAM_SLOTS)
    packed[kernel.ENTRY] = params.entry
    packed[kernel.EXIT] = params.exit
    packed[kernel.STOP] = inf if params.stop is None else params.stop
    packed[kernel.MAX_HOLD] = inf if params.max_hold is None else params.max_hold
    packed[kernel.FEE] = params.fee_bps / 10_000
    packed[kernel.SLIP] = params.slippage_bps / 10_000
    packed[kernel.CAPITAL] = params.capital
    packed[kernel.GROSS] = params.capital * params.leverage
    packed[kernel.AT_CLOSE] = params.fill == "close"
    packed[kernel.LEVEL] = params.price == "level"
    packed[kernel.ROLL] = params.slippage == "roll"
    return packed
