"""Open, high, low and close of the spread within a bar, from the trades of both legs.

Each trade of either leg gives one value of the spread: the leg's own price at that trade, the other leg's last price at
or before it (an as-of join), and the alpha and beta of the bar the trade falls into. The first, highest, lowest and
last of these are the bar's. So the close is the spread of PAIRS, and open, high and low are on the same line as it.
Only trades that are in the bars count: late ones, and ones the bars reject, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import floats_of, ints_of

__all__ = ["NO_TICKS", "Lines", "Ticks", "spread_bars", "ticks_of"]

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ticks:
    """Trades of one leg, in the order of the feed.

    Parameters
    ----------
    ts
        Microseconds, ascending, shape ``(n,)``.
    price
        Quote per base, ``(n,)``.
    """

    ts: Times
    price: Floats

    def since(self, ts_us: int) -> Ticks:
        """Return those from a time on, and the last one before, which the other leg's first trades are joined to."""
        first = max(0, int(np.searchsorted(self.ts, ts_us)) - 1)
        return Ticks(self.ts[first:], self.price[first:])

    def joined(self, others: Ticks, *, most: int) -> Ticks:
        """Return these and the ones that follow them, the newest ``most``."""
        ts, price = np.concatenate([self.ts, others.ts]), np.concatenate([self.price, others.price])
        return Ticks(ts[-most:], price[-most:])


NO_TICKS: Final = Ticks(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True)
class Lines:
    """The line of each bar.

    Parameters
    ----------
    bars
        Opens of the bars in microseconds, ascending, ``(n,)``.
    alpha, beta
        The bar's, ``(n,)``; NaN while they are warming up.
    """

    bars: Times
    alpha: Floats
    beta: Floats


def ticks_of(trades: pa.RecordBatch | pa.Table, *, interval_us: int, grace_us: int) -> Ticks:
    """Return the trades of one symbol that bars are made of.

    Parameters
    ----------
    trades
        Rows with ``ts``, ``price`` and ``qty``; ``recv_ts`` may be missing where no row can be late.
    interval_us, grace_us
        Length of a bar, and how long after its end it stays open.
    """
    columns = {name: _column(trades, name) for name in ("ts", "price", "qty")}
    ts, price, qty = ints_of(columns["ts"]), floats_of(columns["price"]), floats_of(columns["qty"])
    counts = (price > 0) & (price < np.inf) & (qty > 0) & (qty < np.inf)
    if "recv_ts" in trades.schema.names:
        counts &= ints_of(_column(trades, "recv_ts")) < ts - ts % interval_us + interval_us + grace_us
    return Ticks(ts[counts], price[counts])


def spread_bars(y: Ticks, x: Ticks, lines: Lines, *, interval_us: int, is_log: bool = True) -> Floats:
    """Return open, high, low and close of the spread of each bar.

    Parameters
    ----------
    y, x
        The legs' trades; the last one before the first bar belongs to them, if there is one.
    lines
        The bars, and the line of each.
    interval_us
        Length of a bar.
    is_log
        Whether the line is of the logarithms of prices.

    Returns
    -------
    ndarray
        Shape ``(4, n)``: NaN for a bar without a trade of either leg, before both legs have traded, and while alpha
        and beta are NaN.

    Notes
    -----
    Trades of one moment are taken Y first, each leg's in its own order; a trade is joined to the last of the other
    leg's trades of the same moment. ``pandas.merge_asof`` joins the same way.
    """
    found = np.full((4, len(lines.bars)), np.nan)
    if not len(y.ts) or not len(x.ts) or not len(lines.bars):
        return found
    value_y, value_x = (np.log(leg.price) if is_log else leg.price for leg in (y, x))
    other_x, other_y = np.searchsorted(x.ts, y.ts, side="right") - 1, np.searchsorted(y.ts, x.ts, side="right") - 1
    ts = np.concatenate([y.ts, x.ts])
    order = np.argsort(ts, kind="stable")
    ts = ts[order]
    at_y = np.concatenate([value_y, value_y[other_y]])[order]
    at_x = np.concatenate([value_x[other_x], value_x])[order]
    bar = np.searchsorted(lines.bars, ts, side="right") - 1
    spread = at_y - lines.alpha[bar] - lines.beta[bar] * at_x
    # A place of -1 says that there is none before; what numpy has put there is the last of all.
    is_paired = (np.concatenate([other_x, other_y]) >= 0)[order]
    counts = is_paired & (bar >= 0) & (ts < lines.bars[bar] + interval_us) & np.isfinite(spread)
    bar, spread = bar[counts], spread[counts]
    if len(bar):
        firsts = np.flatnonzero(np.diff(bar, prepend=-1))
        lasts = np.append(firsts[1:], len(bar)) - 1
        parts = [spread[firsts], np.maximum.reduceat(spread, firsts), np.minimum.reduceat(spread, firsts)]
        found[:, bar[firsts]] = [*parts, spread[lasts]]
    return found


def _column(trades: pa.RecordBatch | pa.Table, name: str) -> pa.Array:
    column = trades.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
