"""How a feed is going right now: last price and trade of each symbol, and trades a second in event time."""

from __future__ import annotations

from collections import deque
from typing import Final

from livepairs.columns import by_symbol, floats_of, ints_of
from livepairs.schema import Chunk

__all__ = ["Tempo"]

SPAN_US: Final = 10_000_000
"""Event time over which trades a second are counted."""


class Tempo:
    """Follows the chunks of a run; knows no clock but the one in them."""

    def __init__(self) -> None:
        self.last_price: dict[str, float] = {}
        self.last_trade_us: dict[str, int] = {}
        self._first_us: int | None = None
        self._recent: deque[tuple[int, str, int]] = deque()
        self._counts: dict[str, int] = {}

    def update(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        if self._first_us is None:
            self._first_us = chunk.now_us
        for symbol, trades in by_symbol(chunk.trades):
            self.last_price[symbol] = float(floats_of(trades.column("price"))[-1])
            self.last_trade_us[symbol] = int(ints_of(trades.column("ts"))[-1])
            self._counts[symbol] = self._counts.get(symbol, 0) + trades.num_rows
            self._recent.append((chunk.now_us, symbol, trades.num_rows))
        while self._recent and self._recent[0][0] <= chunk.now_us - SPAN_US:
            _, symbol, rows = self._recent.popleft()
            self._counts[symbol] -= rows

    def trades_per_s(self, now_us: int) -> dict[str, float]:
        """Return trades a second of each symbol over the last ten seconds, or since the start if that is less."""
        since_us = 0 if self._first_us is None else now_us - self._first_us
        seconds = min(max(since_us, 1_000_000), SPAN_US) / 1e6
        return {symbol: count / seconds for symbol, count in self._counts.items()}
