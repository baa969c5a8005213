"""Binance's websocket frames into rows: USD-M futures and spot, combined and raw, single messages and arrays.

What it leaves out it counts: kinds that hold no rows, rows of the coin-margined market that has shared the arrays since
June 2026 (``st`` 2), prints that are no market trades (``X``), and prices, quantities and times no statistic may see.
Times are milliseconds or microseconds, told apart by their size. No bytes whatever raise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.exchanges import Decoded, Reject
from livepairs.exchanges.binance_wire import (
    KIND_OF,
    AggTrade,
    Mark,
    Notified,
    RestAggTrade,
    Skipped,
    Trade,
    payloads,
)
from livepairs.schema import MARKS, TRADES, empty

__all__ = ["EARLIEST_US", "LATEST_US", "agg_trade_rows", "decode", "is_symbol", "microseconds"]

EARLIEST_US: Final = 1_230_768_000_000_000
"""2009-01-01, the year of the first coin: an earlier time is a mistaken unit."""
LATEST_US: Final = 4_102_444_800_000_000
"""2100-01-01: a later time is a mistaken unit."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def decode(frames: Sequence[bytes], recv_us: Sequence[int] | None = None) -> Decoded:
    """Decode frames in the order they came.

    Parameters
    ----------
    frames
        Messages as the websocket delivers them.
    recv_us
        When each was received, microseconds; becomes ``recv_ts`` as it is. Without it ``recv_ts`` is ``ts``.

    Returns
    -------
    The rows, and counts of everything that did not become one. A malformed frame is listed by its position.
    """
    if not frames:
        return Decoded()
    found, malformed = payloads(frames)
    groups = _by_type(found, recv_us)
    skipped = Counter[str]()
    for kind, (rows, _) in groups.items():
        if kind in (Skipped, Notified):
            skipped.update(row.kind for row in rows)
        elif kind not in _ROWS:
            skipped[KIND_OF[kind]] += len(rows)
    rejected = Counter[str]()
    rejects: list[Reject] = []
    trades = _trades(groups.get(Trade), attrgetter("t"), rejects)
    agg_trades = _trades(groups.get(AggTrade), attrgetter("a"), rejects)
    marks = _marks(groups.get(Mark), rejected)
    rejected.update(reject.reason for reject in rejects)
    lag = None if recv_us is None else _min_lag(groups)
    notices = tuple(row.notice for row in groups.get(Notified, ((), None))[0])
    return Decoded(trades, agg_trades, marks, skipped, rejected, tuple(rejects), tuple(malformed), lag, notices)


def agg_trade_rows(rows: Sequence[RestAggTrade], symbol: str, recv_us: int) -> Decoded:
    """Return aggregated trades that REST answered with, all of one symbol and received at one time."""
    if not rows:
        return Decoded()
    for row in rows:
        row.s = symbol
    rejects: list[Reject] = []
    agg_trades = _trades((rows, [recv_us] * len(rows)), attrgetter("a"), rejects)
    rejected = Counter(reject.reason for reject in rejects)
    return Decoded(agg_trades=agg_trades, rejected=rejected, rejects=tuple(rejects))


_ROWS = (Trade, AggTrade, Mark)
Group = tuple[Sequence[Any], Sequence[int] | None]


def _by_type(found: Sequence[Any], recv_us: Sequence[int] | None) -> dict[type, Group]:
    """Group payloads by their type, each with its receive time. Most live batches have one type and are not copied."""
    kinds = set(map(type, found))
    if list not in kinds and len(kinds) == 1:
        return {kinds.pop(): (found, recv_us)}
    rows: defaultdict[type, list[Any]] = defaultdict(list)
    times: defaultdict[type, list[int]] = defaultdict(list)
    received: Sequence[int] = recv_us if recv_us is not None else [0] * len(found)
    for item, time_us in zip(found, received, strict=True):
        for row in item if type(item) is list else (item,):
            rows[type(row)].append(row)
            times[type(row)].append(time_us)
    return {kind: (rows[kind], None if recv_us is None else times[kind]) for kind in rows}


def microseconds(times: Ints) -> Ints:
    """Return times in microseconds, each being milliseconds or microseconds by its size (the limit lies in 5138)."""
    return np.where(times < 10**14, times * 1000, times)


def is_symbol(name: str) -> bool:
    """Return whether a name can be a symbol, and safely name a folder: letters and digits of any script, ``_ - .``."""
    is_plain = all(letter.isalnum() or letter in "_-." for letter in name)
    return is_plain and 0 < len(name) <= 64 and name[0] not in "-."


def _trades(group: Group | None, number: Callable[[Any], int], rejects: list[Reject]) -> pa.RecordBatch:
    if group is None:
        return empty(TRADES)
    rows, recv_us = group
    size = len(rows)
    ids = np.fromiter(map(number, rows), np.int64, size)
    ts = microseconds(np.fromiter(map(attrgetter("T"), rows), np.int64, size))
    price = np.fromiter(map(attrgetter("p"), rows), np.float64, size)
    qty = np.fromiter(map(attrgetter("q"), rows), np.float64, size)
    maker = np.fromiter(map(attrgetter("m"), rows), np.bool_, size)
    recv = ts if recv_us is None else np.asarray(recv_us, np.int64)
    symbols = pa.array([row.s for row in rows]).dictionary_encode()
    reasons = _reasons(rows, ts, price, qty, symbols)
    kind = "trade" if type(rows[0]) is Trade else "aggTrade"
    rejects.extend(Reject(kind, rows[at].s, int(ids[at]), int(ts[at]), reason) for at, reason in reasons)
    columns = [_times(ts), _times(recv), symbols, pa.array(ids), pa.array(price), pa.array(qty), pa.array(maker)]
    return _without(pa.RecordBatch.from_arrays(columns, schema=TRADES), [at for at, _ in reasons])


def _reasons(
    rows: Sequence[Any], ts: Ints, price: npt.NDArray[np.float64], qty: npt.NDArray[np.float64], symbols: Any
) -> list[tuple[int, str]]:
    """Return (row, reason) of the rows to leave out; the first reason that holds is the one counted."""
    is_odd: Flags = ~(_is_positive(price) & _is_positive(qty) & _is_sane(ts))
    is_odd |= np.fromiter((row.X != "MARKET" or row.st == 2 for row in rows), np.bool_, len(rows))
    strange = {name for name in symbols.dictionary.to_pylist() if not is_symbol(name)}
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


def _is_positive(values: npt.NDArray[np.float64]) -> Flags:
    return (values > 0) & (values < np.inf)


def _is_sane(ts: Ints) -> Flags:
    return (ts >= EARLIEST_US) & (ts < LATEST_US)


def _marks(group: Group | None, rejected: Counter[str]) -> pa.RecordBatch:
    if group is None:
        return empty(MARKS)
    rows, recv_us = group
    size = len(rows)
    ts = microseconds(np.fromiter((row.E for row in rows), np.int64, size))
    funding = microseconds(np.fromiter(map(attrgetter("T"), rows), np.int64, size))
    reasons = [(at, reason) for at, row in enumerate(rows) if (reason := _mark_reason(row, int(ts[at])))]
    rejected.update(f"mark_{reason}" for _, reason in reasons)
    columns = [
        _times(ts),
        _times(ts if recv_us is None else np.asarray(recv_us, np.int64)),
        pa.array([row.s for row in rows]).dictionary_encode(),
        pa.array([row.p for row in rows], pa.float64()),
        pa.array([_number(row.i) for row in rows], pa.float64()),
        pa.array([_number(row.r) for row in rows], pa.float64()),
        # No funding is scheduled for delivery contracts: the venue says 0, and so do we.
        _times(funding),
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


def _times(values: Ints) -> pa.Array:
    return pa.Array.from_buffers(
        TRADES.field("ts").type, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))]
    )


def _without(batch: pa.RecordBatch, rows: list[int]) -> pa.RecordBatch:
    if not rows:
        return batch
    keep = np.ones(batch.num_rows, np.bool_)
    keep[rows] = False
    return batch.filter(pa.array(keep))


def _min_lag(groups: dict[type, Group]) -> int | None:
    """Return the smallest of receipt minus event time; trades that have no event time give their trade time."""
    smallest: int | None = None
    for rows, recv_us in groups.values():
        if recv_us is None:
            continue
        event = np.fromiter((row.E or getattr(row, "T", 0) for row in rows), np.int64, len(rows))
        event_us = microseconds(event)
        lags = (np.asarray(recv_us, np.int64) - event_us)[_is_sane(event_us)]
        if len(lags):
            smallest = int(lags.min()) if smallest is None else min(smallest, int(lags.min()))
    return smallest
