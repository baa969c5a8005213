"""The kernel's arrays made into tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from livepairs.backtest import kernel
from livepairs.backtest.result import EQUITY, LEGS, REASONS, ROUND_TRIPS
from livepairs.backtest.rows import Floats, Times
from livepairs.schema import Pair

__all__ = ["equity", "leg_trips", "round_trips"]


def equity(ts: Times, marks: Floats) -> pa.Table:
    """Return the EQUITY table of the kernel's marks, ``(MARK_SLOTS, n)``."""
    columns = [ts, marks[kernel.EQUITY], marks[kernel.POSITION].astype(np.int8), marks[kernel.DRAWDOWN]]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, EQUITY, strict=True)], schema=EQUITY)


def round_trips(trades: Floats) -> pa.Table:
    """Return the ROUND_TRIPS table of the kernel's trades, ``(n, TRADE_SLOTS)``."""
    t = trades.T
    columns = [
        t[kernel.T_ENTRY_TS].astype(np.int64),
        t[kernel.T_EXIT_TS].astype(np.int64),
        ["long" if side > 0 else "short" for side in t[kernel.T_SIDE]],
        t[kernel.T_QTY],
        t[kernel.T_QTY + 1],
        t[kernel.T_ENTRY],
        t[kernel.T_ENTRY + 1],
        t[kernel.T_EXIT],
        t[kernel.T_EXIT + 1],
        t[kernel.T_FEES],
        t[kernel.T_SLIPPAGE],
        t[kernel.T_FUNDING],
        t[kernel.T_GROSS],
        t[kernel.T_NET],
        t[kernel.T_BARS].astype(np.int64),
        [REASONS[int(reason)] for reason in t[kernel.T_REASON]],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, ROUND_TRIPS, strict=True)], schema=ROUND_TRIPS)


def leg_trips(trades: Floats, pair: Pair, first: int) -> pa.Table:
    """Return the LEGS table of the kernel's trades, which are numbered from ``first``."""
    count = len(trades)

    def both(slot: int) -> Floats:
        return trades[:, slot : slot + 2].reshape(-1)

    columns = [
        np.repeat(np.arange(first, first + count), 2),
        [pair.y, pair.x] * count,
        both(kernel.T_QTY),
        both(kernel.T_ENTRY),
        both(kernel.T_EXIT),
        both(kernel.T_LEG_FEES),
        both(kernel.T_LEG_SLIPPAGE),
        both(kernel.T_LEG_FUNDING),
        both(kernel.T_LEG_GROSS),
        both(kernel.T_ENTRY_STALE) != 0.0,
        both(kernel.T_EXIT_STALE) != 0.0,
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, LEGS, strict=True)], schema=LEGS)
