"""How a feed is going right now: last price and trade of each symbol, and trades a second in event time."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import by_symbol, floats_of, ints_of
from livepairs.schema import Chunk

__all__ = ["Tempo"]

SPAN_US: Final = 10_000_000
"""Event time over which trades a second are counted."""

SHORTEST_US: Final = 1_000_000
"""A rate is taken over no less than this, so that the first few trades do not look like a storm."""

INFINITY: Final = float("inf")


class Tempo:
    """Follows the chunks of a run; knows no clock but the one in them.

    ``last_price`` and ``last_trade_us`` are of the newest trade that a bar can take: a price that is not one never
    reaches the screen, and rows fetched after a gap do not turn the last price back.
    """

    def __init__(self) -> None:
        self.last_price: dict[str, float] = {}
        self.last_trade_us: dict[str, int] = {}
        self._first_us: int | None = None
        self._recent: dict[str, deque[NDArray[np.int64]]] = {}

    def update(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        horizon_us = chunk.now_us - SPAN_US
        for symbol, trades in by_symbol(chunk.trades):
            ts = ints_of(trades.column("ts"))
            if self._first_us is None:
                self._first_us = int(ts[0])
            self._take_last(symbol, ts, trades)
            # Counted by the trades' own times: a large chunk after a seek holds much more than the last seconds.
            self._recent.setdefault(symbol, deque()).append(ts[np.searchsorted(ts, horizon_us, "right") :])
        for times in self._recent.values():
            while times and (len(times[0]) == 0 or times[0][-1] <= horizon_us):
                times.popleft()

    def _take_last(self, symbol: str, ts: NDArray[np.int64], trades: pa.RecordBatch) -> None:
        price, qty = floats_of(trades.column("price")), floats_of(trades.column("qty"))
        row = len(ts) - 1
        while row >= 0 and not (0.0 < price[row] < INFINITY and 0.0 < qty[row] < INFINITY):
            row -= 1
        if row >= 0 and ts[row] >= self.last_trade_us.get(symbol, ts[row]):
            self.last_price[symbol] = float(price[row])
            self.last_trade_us[symbol] = int(ts[row])

    def trades_per_s(self, now_us: int) -> dict[str, float]:
        """Return trades a second of each symbol over the last ten seconds, or since the first trade if that is less."""
        since_us = 0 if self._first_us is None else now_us - self._first_us
        seconds = min(max(since_us, SHORTEST_US), SPAN_US) / 1e6
        return {symbol: _count_after(times, now_us - SPAN_US) / seconds for symbol, times in self._recent.items()}


def _count_after(times: deque[NDArray[np.int64]], horizon_us: int) -> int:
    """Return how many of the times, oldest first, are later than the horizon; only the first part may straddle it."""
    if not times:
        return 0
    return sum(map(len, times)) - int(np.searchsorted(times[0], horizon_us, "right"))
