"""What a sweep's parameter sets have in common, laid out bar by bar: fills, costs, funding, and the scores they act on.

Made once a hedge window (``Market``) and once a z window (``Scores``) from PAIRS and BARS, read by many sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
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
    closes
        Of Y and of X, ``(2, n + PAD)``.
    events
        Funding events as ``kernel`` reads them, each with a mark price.
    settled
        How many of them are settled before a fill in each bar, and before its close is marked, ``(n, 2)``; empty
        without events.
    """

    ts: Times
    interval_us: int
    capital: float
    fee: float
    fills: Floats
    closes: Floats
    events: Floats
    settled: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts)

    def terms(self, end: int, *, is_daily: bool, max_hold: int | None) -> Floats:
        """Return the kernel's terms for trading that ends before bar ``end``; the rest as ``Course`` has it."""
        most = inf if max_hold is None else max_hold
        return np.array([self.capital, self.fee, is_daily, *self.closes[:, end - 1], most])


@dataclass(frozen=True, slots=True)
class Scores:
    """What is decided on: three columns ``(n,)``. ``z`` is NaN where the row is not ready, and ``entry_z`` also where
    there is no hedge ratio.
    """

    z: Floats
    entry_z: Floats
    ready: npt.NDArray[np.bool_]


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
    fills[:, slots.SLIP :] = _slips(rows, packed).T
    events, settled = np.empty(0), np.empty(0, dtype=np.int64)
    if len(rows):
        found = join_events(funding, rows, pair, from_us=int(rows.ts[0]), interval_us=interval_us)
        if len(found):
            events, settled = _funding(rows, found, is_close_fill=params.fill == "close")
    closes = np.zeros((2, len(rows) + slots.PAD))
    closes[:, : len(rows)] = rows.values[kernel.BAR_CLOSE : kernel.BAR_CLOSE + 2]
    return Market(rows.ts, interval_us, params.capital, packed[kernel.FEE], fills, closes, events, settled)


def score(z: Floats, beta: Floats, is_ready: npt.NDArray[Any]) -> Scores:
    """Return what is decided on.

    Parameters
    ----------
    z, beta, is_ready
        Columns of PAIRS, ``(n,)``.
    """
    ready_z = np.where(is_ready, z, np.nan)
    return Scores(ready_z, np.where(np.isfinite(beta), ready_z, np.nan), np.asarray(is_ready, dtype=np.bool_))


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


def _funding(rows: Rows, events: Floats, *, is_close_fill: bool) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the events with the mark prices they lack, and how many are settled before each bar's fill and mark."""
    made = events.reshape(kernel.EVENT_SLOTS, -1).copy()
    where, leg, price = made[kernel.E_ROW], made[kernel.E_LEG].astype(np.int64), made[kernel.E_MARK]
    # Before the first bar no close is known, and nothing held.
    last_close = rows.values[kernel.BAR_CLOSE + leg, np.maximum(np.ceil(where).astype(np.int64) - 1, 0)]
    made[kernel.E_MARK] = np.where(np.isnan(price), last_close, price)
    bars = np.arange(len(rows), dtype=np.float64)
    by_fill = np.searchsorted(where, bars if is_close_fill else bars - 0.5, side="right")
    return made.reshape(-1), np.stack([by_fill, np.searchsorted(where, bars, side="right")], axis=1)
