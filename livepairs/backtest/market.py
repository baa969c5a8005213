"""What a sweep's parameter sets have in common, laid out bar by bar: fills, costs, funding, and the scores they act on.

Made once a hedge window (``Market``) and once a z window (``Scores``) from PAIRS and BARS, read by many sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.backtest import kernel, kernel_sweep
from livepairs.backtest import sweep_slots as slots
from livepairs.backtest.funding import Funding, join_events
from livepairs.backtest.machine import pack
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.rows import Floats, Rows, Times, as_table, join_rows
from livepairs.schema import Pair

__all__ = ["Market", "Scores", "lay_out", "score"]


@dataclass(frozen=True, slots=True)
class Market:
    """The bars of a pair as every parameter set meets them.

    Parameters
    ----------
    ts
        Opens of the bars in microseconds, ``(n,)``.
    interval_us
        Length of a bar.
    capital, fee
        Starting equity, and the fee as a share of notional.
    fills
        What a fill in each bar is, ``(n + 1, FILL_SLOTS)`` as in the kernel.
    closes, owed
        Closes, and funding that a unit held since ever has paid by then, ``(n, 2)``: Y and X.
    worth
        Closes less what is owed, ``(n, 2)``.
    """

    ts: Times
    interval_us: int
    capital: float
    fee: float
    fills: Floats
    closes: Floats
    owed: Floats
    worth: Floats

    def __len__(self) -> int:
        return len(self.ts)

    def terms(self, end: int) -> Floats:
        """Return the kernel's terms for trading that ends before bar ``end``."""
        return np.concatenate([[self.capital, self.fee], self.closes[end - 1], self.owed[end - 1]])


@dataclass(frozen=True, slots=True)
class Scores:
    """What is decided on: three columns ``(n,)`` as the kernel takes them, and the summary of z by blocks."""

    z: Floats
    entry_z: Floats
    ready: Floats
    summary: Floats

    @property
    def first_ready(self) -> int:
        """The first bar that may decide something; the number of bars if none may."""
        return int(self.ready.argmax()) if self.ready.any() else len(self.ready)


def lay_out(
    pairs: pa.Table | pa.RecordBatch,
    bars: pa.Table | pa.RecordBatch,
    params: BacktestParams,
    *,
    pair: Pair,
    interval_us: int,
    funding: Funding | None = None,
) -> Market:
    """Return the market of a pair; of ``params`` its levels and ``max_hold`` are of no account.

    Parameters
    ----------
    pairs, bars
        As ``run_backtest`` takes them.
    params
        Costs, capital, fill and price.
    pair
        The pair to trade.
    interval_us
        Length of a bar.
    funding
        The funding events known.

    Raises
    ------
    ConfigError, SchemaError
        As ``run_backtest``.
    """
    rows = join_rows(as_table(pairs), as_table(bars), pair, is_close_fill=params.fill == "close")
    packed = pack(params)
    fills = np.zeros((len(rows) + 1, slots.FILL_SLOTS))
    fills[:-1, slots.PRICE : slots.QTY] = rows.values[kernel.FILL : kernel.FILL + 2].T
    fills[1:-1, slots.QTY : slots.SLIP] = _quantities(rows, packed).T
    fills[:, slots.SLIP : slots.DUE] = _slips(rows, packed).T
    owed = np.zeros((len(rows), 2))
    if len(rows):
        events = join_events(funding, rows, pair, from_us=int(rows.ts[0]), interval_us=interval_us)
        if len(events):
            owed, fills[:-1, slots.DUE :] = _funding(rows, events, is_close_fill=params.fill == "close")
    closes = np.ascontiguousarray(rows.values[kernel.BAR_CLOSE : kernel.BAR_CLOSE + 2].T)
    return Market(rows.ts, interval_us, params.capital, packed[kernel.FEE], fills, closes, owed, closes - owed)


def score(z: Floats, beta: Floats, is_ready: npt.NDArray[Any]) -> Scores:
    """Return what is decided on.

    Parameters
    ----------
    z, beta, is_ready
        Columns of PAIRS, ``(n,)``.
    """
    ready_z = np.where(is_ready, z, np.nan)
    summary = np.empty(2 * -(-len(z) // slots.BLOCK))
    kernel_sweep.summarise(ready_z, summary)
    entry_z = np.where(np.isfinite(beta), ready_z, np.nan)
    return Scores(ready_z, entry_z, np.asarray(is_ready, dtype=np.float64), summary)


def _quantities(rows: Rows, packed: Floats) -> Floats:
    """Return the signed units of a long spread filled in each bar but the first: ``kernel.enter`` step by step."""
    beta = rows.values[kernel.HEDGE, :-1]
    y, x = rows.values[kernel.FILL : kernel.FILL + 2, 1:]
    hedge, gross = np.abs(beta), packed[kernel.GROSS]
    with np.errstate(invalid="ignore"):  # a row without a hedge ratio opens nothing
        if packed[kernel.LEVEL]:
            qty_y = gross / (y + hedge * x)
            qty_x = qty_y * hedge
        else:
            qty_y = gross / (1.0 + hedge) / y
            qty_x = gross * hedge / (1.0 + hedge) / x
        return np.stack([qty_y, np.where(beta < 0.0, qty_x, -qty_x)])


def _slips(rows: Rows, packed: Floats) -> Floats:
    if not packed[kernel.ROLL]:
        return np.full((2, len(rows) + 1), packed[kernel.SLIP])
    slips = np.empty(2 * (len(rows) + 1))
    kernel_sweep.measure_slips(packed, rows.values.reshape(-1), np.zeros(kernel.STATE_SLOTS), slips)
    return slips.reshape(2, -1)


def _funding(rows: Rows, events: Floats, *, is_close_fill: bool) -> tuple[Floats, Floats]:
    """Return what a unit held since ever has paid by each bar's close, and before a fill in it, ``(n, 2)`` each."""
    where, leg, rate, price = events.reshape(kernel.EVENT_SLOTS, -1)
    bar, column = np.ceil(where).astype(np.int64), leg.astype(np.int64)
    # Before the first bar no close is known, and nothing held.
    last_close = rows.values[kernel.BAR_CLOSE + column, np.maximum(bar - 1, 0)]
    paid = rate * np.where(np.isnan(price), last_close, price)
    is_first = (where < bar) | is_close_fill
    by_fill, later = np.zeros((len(rows), 2)), np.zeros((len(rows), 2))
    np.add.at(by_fill, (bar[is_first], column[is_first]), paid[is_first])
    np.add.at(later, (bar[~is_first], column[~is_first]), paid[~is_first])
    owed = np.cumsum(by_fill + later, axis=0)
    return owed, owed - later
