"""Plain makers of batches for tests; what a test does not care about has a sensible value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from livepairs.schema import BARS, MARKS, TIME, TRADES, Chunk, empty, symbol_column

__all__ = ["make_bars", "make_chunk", "make_marks", "make_trades", "mix"]


def make_trades(
    symbol: str,
    ts_us: Sequence[int],
    *,
    recv_us: Sequence[int] | None = None,
    first_id: int = 1,
    price: float | Sequence[float] = 100.0,
    qty: float | Sequence[float] = 1.0,
) -> pa.RecordBatch:
    """Return a TRADES batch of one symbol; ids count up from ``first_id``, every second buyer is the maker."""
    count = len(ts_us)
    columns = {
        "ts": _times(ts_us),
        "recv_ts": _times(ts_us if recv_us is None else recv_us),
        "symbol": symbol_column(symbol, count),
        "trade_id": pa.array(np.arange(first_id, first_id + count, dtype=np.int64)),
        "price": pa.array(np.broadcast_to(np.asarray(price, np.float64), count)),
        "qty": pa.array(np.broadcast_to(np.asarray(qty, np.float64), count)),
        "buyer_is_maker": pa.array(np.arange(count) % 2 == 1),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in TRADES.names], schema=TRADES)


def make_marks(symbol: str, ts_us: Sequence[int], *, mark_price: float | Sequence[float] = 100.0) -> pa.RecordBatch:
    """Return a MARKS batch of one symbol, with a funding rate of 1e-4 an hour after each mark."""
    count = len(ts_us)
    prices = pa.array(np.broadcast_to(np.asarray(mark_price, np.float64), count))
    columns = {
        "ts": _times(ts_us),
        "recv_ts": _times(ts_us),
        "symbol": symbol_column(symbol, count),
        "mark_price": prices,
        "index_price": prices,
        "funding_rate": pa.array(np.full(count, 1e-4)),
        "next_funding_ts": _times([ts + 3_600_000_000 for ts in ts_us]),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MARKS.names], schema=MARKS)


def mix(*batches: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows of several TRADES batches as one, in the order of time; those given first go first in a tie."""
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    order = np.argsort(table.column("ts").cast(pa.int64()).to_numpy(), kind="stable")
    return (table.take(pa.array(order)).combine_chunks().to_batches() or [empty(TRADES)])[0]


def make_chunk(now_us: int, *batches: pa.RecordBatch) -> Chunk:
    """Return a chunk of the trades of these batches, vouched up to ``now_us``."""
    return Chunk(mix(*batches) if batches else empty(TRADES), empty(MARKS), now_us)


def make_bars(
    closes: Mapping[str, Sequence[float]], *, first_bar: int = 0, interval_us: int = 1_000_000
) -> pa.RecordBatch:
    """Return a BARS batch of flat bars; each symbol begins at ``first_bar``, rows in the order of (ts, symbol)."""
    rows = [
        ((first_bar + place) * interval_us, symbol, float(close))
        for symbol, series in closes.items()
        for place, close in enumerate(series)
    ]
    rows.sort(key=lambda row: row[0])
    prices = pa.array([row[2] for row in rows], pa.float64())
    ones = pa.array(np.ones(len(rows)))
    columns = [_times([row[0] for row in rows]), pa.array([row[1] for row in rows], pa.string())]
    columns += [prices] * 4 + [ones] * 3 + [pa.array(np.ones(len(rows), np.int64)), pa.array([False] * len(rows))]
    return pa.RecordBatch.from_arrays(columns, schema=BARS)


def _times(values: Sequence[int]) -> pa.TimestampArray:
    return pa.array(np.asarray(values, dtype=np.int64)).cast(TIME)
