"""Messages of Binance, decoded into structs, as TRADES and MARKS rows; what no statistic may see is left out and named.

Left out are rows of the coin-margined market that has shared the arrays since June 2026 (``st`` 2), prints that are no
market trades (``X``), and prices, quantities, times and symbols that cannot be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.columns import flags_column, floats_column, ints_column, texts_column, times_column
from livepairs.exchanges import Decoded, Reject
from livepairs.exchanges.binance_time import EARLIEST_US, LATEST_US, microseconds
from livepairs.exchanges.binance_wire import AggTrade, Mark, RestAggTrade, Trade
from livepairs.schema import MARKS, TRADES

__all__ = ["agg_trade_rows", "is_sane", "is_symbol", "mark_rows", "names_of", "trade_rows", "trades_batch"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_NUMBER: Final[dict[type, Callable[[Any], int]]] = {
    Trade: attrgetter("t"),
    AggTrade: attrgetter("a"),
    RestAggTrade: attrgetter("a"),
}


@lru_cache(4096)
def is_symbol(name: str) -> bool:
    """Return whether a name can be a symbol, and safely name a folder: letters and digits of any script, ``_ - .``."""
    is_plain = all(letter.isalnum() or letter in "_-." for letter in name)
    return is_plain and 0 < len(name) <= 64 and name[0] not in "-."


def is_sane(ts: Ints) -> Flags:
    """Return which times, in microseconds, can be times of a trade."""
    return (ts >= EARLIEST_US) & (ts < LATEST_US)


def names_of(codes: npt.NDArray[np.integer[Any]], names: Sequence[str]) -> pa.Array:
    """Return a symbol column: the name that each code, a place in ``names``, stands for."""
    indices = pa.Array.from_buffers(pa.int32(), len(codes), [None, pa.py_buffer(codes.astype(np.int32))])
    # Checking the codes would cost more than all the rest done to a small batch.
    return pa.DictionaryArray.from_arrays(indices, _dictionary(tuple(names)), safe=False)


@lru_cache(256)
def _dictionary(names: tuple[str, ...]) -> pa.Array:
    # The same few symbols come again and again, and making their column costs as much as the rest of a small batch.
    return texts_column(names)


def trades_batch(
    times: tuple[Ints, Ints], symbols: pa.Array, ids: Ints, amounts: tuple[Floats, Floats], maker: Flags
) -> pa.RecordBatch:
    """Return a TRADES batch of trade and receive times in microseconds, symbols, ids, prices and quantities, sides."""
    columns = [*map(times_column, times), symbols, ints_column(ids), *map(floats_column, amounts), flags_column(maker)]
    return pa.RecordBatch.from_arrays(columns, schema=TRADES)


def trade_rows(rows: Sequence[Any], recv_us: Ints | None, rejects: list[Reject]) -> pa.RecordBatch:
    """Return the TRADES rows of messages of one kind.

    Parameters
    ----------
    rows
        Of ``Trade``, ``AggTrade`` or ``RestAggTrade``, at least one.
    recv_us
        When each was received, microseconds; without it ``recv_ts`` is ``ts``.
    rejects
        What is left out is added to it.
    """
    size = len(rows)
    ids = np.fromiter(map(_NUMBER[type(rows[0])], rows), np.int64, size)
    ts = microseconds(np.fromiter(map(attrgetter("T"), rows), np.int64, size))
    price = np.fromiter(map(attrgetter("p"), rows), np.float64, size)
    qty = np.fromiter(map(attrgetter("q"), rows), np.float64, size)
    maker = np.fromiter(map(attrgetter("m"), rows), np.bool_, size)
    codes, names = _symbols(rows)
    reasons = _reasons(rows, ts, price, qty, names)
    kind = "trade" if type(rows[0]) is Trade else "aggTrade"
    rejects.extend(Reject(kind, rows[at].s, int(ids[at]), int(ts[at]), reason) for at, reason in reasons)
    recv = ts if recv_us is None else recv_us
    batch = trades_batch((ts, recv), names_of(codes, names), ids, (price, qty), maker)
    return _without(batch, [at for at, _ in reasons])


def agg_trade_rows(rows: Sequence[RestAggTrade], symbol: str, recv_us: int) -> Decoded:
    """Return aggregated trades that REST answered with, all of one symbol and received at one time."""
    if not rows:
        return Decoded()
    for row in rows:
        row.s = symbol
    rejects: list[Reject] = []
    agg_trades = trade_rows(rows, np.full(len(rows), recv_us, np.int64), rejects)
    rejected = Counter(reject.reason for reject in rejects)
    return Decoded(agg_trades=agg_trades, rejected=rejected, rejects=tuple(rejects))


def _symbols(rows: Sequence[Any]) -> tuple[Ints, list[str]]:
    """Return the symbols in the order of their first appearance, and the place of each row's among them."""
    names = list(map(attrgetter("s"), rows))
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.fromiter(map(places.__getitem__, names), np.int64, len(rows)), list(places)


def _reasons(rows: Sequence[Any], ts: Ints, price: Floats, qty: Floats, names: Sequence[str]) -> list[tuple[int, str]]:
    """Return (row, reason) of the rows to leave out; the first reason that holds is the one counted."""
    is_odd: Flags = ~(_is_positive(price) & _is_positive(qty) & is_sane(ts))
    if set(map(attrgetter("X"), rows)) != {"MARKET"} or 2 in set(map(attrgetter("st"), rows)):
        is_odd |= np.fromiter((row.X != "MARKET" or row.st == 2 for row in rows), np.bool_, len(rows))
    strange = {name for name in names if not is_symbol(name)}
    if strange:
        is_odd |= np.fromiter((row.s in strange for row in rows), np.bool_, len(rows))
    return [(at, _reason(rows[at], int(ts[at]))) for at in np.flatnonzero(is_odd).tolist()]


def _reason(row: Any, ts_us: int) -> str:
    if not is_symbol(row.s):
        return "bad_symbol"
    if row.st == 2:
        return "coin_margined"
    if row.X != "MARKET":
        return f"not_market:{row.X[:20]}"
    if not EARLIEST_US <= ts_us < LATEST_US:
        return "bad_time"
    return "bad_price" if not 0 < row.p < np.inf else "bad_quantity"


def _is_positive(values: Floats) -> Flags:
    return (values > 0) & (values < np.inf)


def mark_rows(rows: Sequence[Mark], recv_us: Ints | None, rejected: Counter[str]) -> pa.RecordBatch:
    """Return the MARKS rows of mark prices, at least one; what is left out is counted in ``rejected``."""
    size = len(rows)
    ts = microseconds(np.fromiter((row.E for row in rows), np.int64, size))
    # No funding is scheduled for delivery contracts: the venue says 0, and so do we.
    funding = microseconds(np.fromiter(map(attrgetter("T"), rows), np.int64, size))
    reasons = [(at, reason) for at, row in enumerate(rows) if (reason := _mark_reason(row, int(ts[at])))]
    rejected.update(f"mark_{reason}" for _, reason in reasons)
    columns = [
        times_column(ts),
        times_column(ts if recv_us is None else recv_us),
        names_of(*_symbols(rows)),
        floats_column(np.fromiter((row.p for row in rows), np.float64, size)),
        floats_column(np.fromiter((_number(row.i) for row in rows), np.float64, size)),
        floats_column(np.fromiter((_number(row.r) for row in rows), np.float64, size)),
        times_column(funding),
    ]
    return _without(pa.RecordBatch.from_arrays(columns, schema=MARKS), [at for at, _ in reasons])


def _mark_reason(row: Mark, ts_us: int) -> str | None:
    if not is_symbol(row.s):
        return "bad_symbol"
    if row.st == 2:
        return "coin_margined"
    if not EARLIEST_US <= ts_us < LATEST_US:
        return "bad_time"
    return None if 0 < row.p < np.inf else "bad_price"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _without(batch: pa.RecordBatch, rows: list[int]) -> pa.RecordBatch:
    if not rows:
        return batch
    keep = np.ones(batch.num_rows, np.bool_)
    keep[rows] = False
    return batch.filter(flags_column(keep))
