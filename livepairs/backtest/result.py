"""What a backtest gives back: its tables' schemas and the result that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from livepairs.backtest.params import BacktestParams
from livepairs.card import card
from livepairs.schema import TIME, Pair

__all__ = ["EQUITY", "LEGS", "REASONS", "ROUND_TRIPS", "BacktestResult", "Metrics", "columns_of"]

Metrics = dict[str, float | int | None]
"""Metrics by name; None where a metric does not exist, and a note says why."""

REASONS: Final = ("exit", "stop", "time", "end")
"""Why a trade ended: z came back, z ran away, it was held long enough, or the data ended."""


def columns_of(**columns: pa.DataType) -> pa.Schema:
    """Return the schema of columns that are never null."""
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


ROUND_TRIPS: Final = columns_of(
    entry_ts=TIME,
    exit_ts=TIME,
    side=pa.string(),
    qty_y=pa.float64(),
    qty_x=pa.float64(),
    entry_y=pa.float64(),
    entry_x=pa.float64(),
    exit_y=pa.float64(),
    exit_x=pa.float64(),
    fees=pa.float64(),
    slippage=pa.float64(),
    funding=pa.float64(),
    pnl_gross=pa.float64(),
    pnl_net=pa.float64(),
    bars_held=pa.int64(),
    reason=pa.string(),
)
"""Closed trades of the pair.

``entry_ts`` and ``exit_ts`` name the bars of the fills by their ``ts`` (a bar's open); ``side`` is ``long`` or
``short`` (the spread); ``qty_*`` are signed base units; ``entry_*`` and ``exit_*`` are prices before slippage; money is
in quote currency. ``pnl_net = pnl_gross - fees - slippage + funding``, where positive funding was received.
``bars_held`` counts bars from the bar of the entry to the bar of the exit.
"""

LEGS: Final = columns_of(
    trade=pa.int64(),
    symbol=pa.string(),
    qty=pa.float64(),
    entry=pa.float64(),
    exit=pa.float64(),
    fees=pa.float64(),
    slippage=pa.float64(),
    funding=pa.float64(),
    pnl_gross=pa.float64(),
    is_entry_stale=pa.bool_(),
    is_exit_stale=pa.bool_(),
)
"""Two rows a trade, first Y then X; ``trade`` is the row of ROUND_TRIPS, counted from 0.

The money columns of the two legs add up to those of the trade exactly, to the last bit. A fill is stale when its leg
had no trade in the bar, so that it was filled at the carried close.
"""

EQUITY: Final = columns_of(ts=TIME, equity=pa.float64(), position=pa.int8(), drawdown=pa.float64())
"""Equity at every bar's close.

``ts`` is the bar's open, as in BARS; ``position`` is 1 (long the spread), -1 (short) or 0 at that close; ``drawdown``
is ``equity / highest equity so far - 1``: zero or negative, where the starting capital counts as the first high.
"""


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """A finished backtest.

    Parameters
    ----------
    pair, params
        What was tested.
    trades
        A ROUND_TRIPS table in the order of exit.
    legs
        A LEGS table, two rows a trade.
    equity
        An EQUITY table, one row for each PAIRS row of the pair.
    metrics
        See ``livepairs.backtest.metrics.METRICS`` for each name's meaning and unit.
    notes
        Sentences a reader of the numbers must know.
    """

    pair: Pair
    params: BacktestParams
    trades: pa.Table
    legs: pa.Table
    equity: pa.Table
    metrics: Metrics
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"BacktestResult({self.pair}: {self.trades.num_rows:,} trades over {self.equity.num_rows:,} bars)"

    def _repr_html_(self) -> str:
        notes = [("note", note) for note in self.notes]
        return card(f"Backtest of {self.pair}", [*self.metrics.items(), *notes])
