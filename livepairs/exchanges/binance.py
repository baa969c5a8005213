"""Binance's websocket frames into rows and notices: USD-M futures and spot, combined and raw, single and in arrays.

What it leaves out it counts (``binance_rows``), and so are kinds that hold no rows. Times are milliseconds or
microseconds, told apart by their size. No bytes whatever raise.

Trades as the venue mostly sends them are scanned from the bytes (``binance_scan``), everything else is decoded message
by message (``binance_wire``); the two give the same rows, which a test holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from livepairs.exchanges import Decoded, Malformed, Reject
from livepairs.exchanges.binance_rows import is_sane, is_symbol, mark_rows, trade_rows
from livepairs.exchanges.binance_scan import PlainTrades, is_quick, plain_trades
from livepairs.exchanges.binance_time import EARLIEST_US, LATEST_US, microseconds
from livepairs.exchanges.binance_wire import KIND_OF, AggTrade, Mark, Notified, Skipped, Trade, payloads
from livepairs.schema import MARKS, TRADES, empty

__all__ = ["EARLIEST_US", "LATEST_US", "decode", "is_symbol", "microseconds"]

Ints = npt.NDArray[np.int64]


def decode(frames: Sequence[bytes], recv_us: Sequence[int] | Ints | None = None) -> Decoded:
    """Decode frames in the order they came.

    Parameters
    ----------
    frames
        Messages as the websocket delivers them.
    recv_us
        When each was received, microseconds; becomes ``recv_ts`` as it is. Without it ``recv_ts`` is ``ts``.

    Returns
    -------
    The rows, the notices, and counts of everything that did not become one. A malformed frame is listed by its
    position.
    """
    if not len(frames):
        return Decoded()
    recv = None if recv_us is None else np.asarray(recv_us, np.int64)
    plain = plain_trades(frames, recv) if is_quick() else None
    return _each(frames, recv) if plain is None else _with_rest(plain, frames, recv)


def _with_rest(plain: PlainTrades, frames: Sequence[bytes], recv: Ints | None) -> Decoded:
    """Add what the frames hold that are not plain."""
    trades = plain.trades or _NO_TRADES
    agg_trades = plain.agg_trades or _NO_TRADES
    if not plain.left:
        return Decoded(trades, agg_trades, _NO_MARKS, min_lag_us=plain.min_lag_us)
    rest = _each([frames[at] for at in plain.left], None if recv is None else recv[plain.left])
    if rest.trades.num_rows or rest.agg_trades.num_rows:
        # A trade that is not written as usual stands among the plain ones: rare enough to begin again for its place.
        return _each(frames, recv)
    lags = [lag for lag in (plain.min_lag_us, rest.min_lag_us) if lag is not None]
    malformed = tuple(Malformed(plain.left[bad.position], bad.found) for bad in rest.malformed)
    return replace(
        rest, trades=trades, agg_trades=agg_trades, malformed=malformed, min_lag_us=min(lags) if lags else None
    )


def _each(frames: Sequence[bytes], recv: Ints | None) -> Decoded:
    """Decode message by message."""
    found, malformed = payloads(frames)
    groups = _by_type(found, recv)
    skipped = Counter[str]()
    for kind, (rows, _) in groups.items():
        if kind in (Skipped, Notified):
            skipped.update(row.kind for row in rows)
        elif kind not in _ROWS:
            skipped[KIND_OF[kind]] += len(rows)
    rejected = Counter[str]()
    rejects: list[Reject] = []
    trades = trade_rows(*groups[Trade], rejects) if Trade in groups else _NO_TRADES
    agg_trades = trade_rows(*groups[AggTrade], rejects) if AggTrade in groups else _NO_TRADES
    marks = mark_rows(*groups[Mark], rejected) if Mark in groups else _NO_MARKS
    rejected.update(reject.reason for reject in rejects)
    lag = None if recv is None else _min_lag(groups)
    notices = tuple(row.notice for row in groups[Notified][0]) if Notified in groups else ()
    return Decoded(trades, agg_trades, marks, skipped, rejected, tuple(rejects), tuple(malformed), lag, notices)


_NO_TRADES: Final = empty(TRADES)
_NO_MARKS: Final = empty(MARKS)
_ROWS: Final = (Trade, AggTrade, Mark)
Group = tuple[Sequence[Any], Ints | None]


def _by_type(found: Sequence[Any], recv: Ints | None) -> dict[type, Group]:
    """Group payloads by their type, each with its receive time. Most live batches have one type and are not copied."""
    kinds = set(map(type, found))
    if list not in kinds and len(kinds) == 1:
        return {kinds.pop(): (found, recv)}
    rows: defaultdict[type, list[Any]] = defaultdict(list)
    positions: defaultdict[type, list[int]] = defaultdict(list)
    for position, item in enumerate(found):
        for row in item if type(item) is list else (item,):
            rows[type(row)].append(row)
            positions[type(row)].append(position)
    return {kind: (rows[kind], None if recv is None else recv[positions[kind]]) for kind in rows}


def _min_lag(groups: dict[type, Group]) -> int | None:
    """Return the smallest of receipt minus event time; trades that have no event time give their trade time."""
    smallest: int | None = None
    for rows, recv in groups.values():
        if recv is None:
            continue
        event = np.fromiter(map(attrgetter("E"), rows), np.int64, len(rows))
        for at in np.flatnonzero(event == 0).tolist():
            event[at] = getattr(rows[at], "T", 0)
        event_us = microseconds(event)
        lags = (recv - event_us)[is_sane(event_us)]
        if len(lags):
            smallest = int(lags.min()) if smallest is None else min(smallest, int(lags.min()))
    return smallest
