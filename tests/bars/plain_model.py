"""The bars written from their definition: every trade on its own, in dictionaries, without a kernel."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from livepairs.schema import BARS, Chunk

__all__ = ["PlainBars"]


class PlainBars:
    """Takes chunks; ``rows`` are the closed bars as plain rows in BARS order, ``counts`` where each trade went."""

    def __init__(self, symbols: Sequence[str], interval_us: int, grace_us: int) -> None:
        self.symbols, self.interval_us, self.grace_us = symbols, interval_us, grace_us
        self.rows: list[dict] = []
        self.counts: Counter[str] = Counter()
        self._trades: dict[str, dict[int, list[dict]]] = defaultdict(dict)
        self._newest: dict[str, int] = {}
        self._closed_below: int | None = None
        self._close: dict[str, float] = {}

    def update(self, chunk: Chunk) -> None:
        for trade in chunk.trades.to_pylist():
            reason = self._place(trade)
            self.counts[reason] += 1
        limit = (chunk.now_us - self.grace_us) // self.interval_us
        if self._closed_below is None or limit > self._closed_below:
            self._emit(limit)
            self._closed_below = limit

    def _place(self, trade: dict) -> str:
        if trade["symbol"] not in self.symbols:
            return "unknown_symbol"
        return self._wrong_number(trade) or self._place_in_time(trade)

    @staticmethod
    def _wrong_number(trade: dict) -> str | None:
        if not 0.0 < trade["price"] < math.inf:
            return "price"
        if not 0.0 < trade["qty"] < math.inf:
            return "qty"
        return None

    def _place_in_time(self, trade: dict) -> str:
        symbol = trade["symbol"]
        ts, received = (round(trade[name].timestamp() * 1e6) for name in ("ts", "recv_ts"))
        bar = ts // self.interval_us
        if received >= (bar + 1) * self.interval_us + self.grace_us:
            return "late"
        if self._closed_below is not None and bar < self._closed_below:
            return "after_close"
        if bar < self._newest.get(symbol, bar):
            return "out_of_order"
        self._newest[symbol] = bar
        self._trades[symbol].setdefault(bar, []).append(trade)
        return "barred"

    def _emit(self, limit: int) -> None:
        rows = []
        for place, symbol in enumerate(self.symbols):
            known = self._trades[symbol]
            if symbol in self._close:
                first = self._closed_below
            else:
                first = min((bar for bar in known if bar < limit), default=limit)
            assert first is not None
            rows += [(bar, place, self._bar(symbol, bar, known.pop(bar, []))) for bar in range(first, limit)]
        self.rows += [row for *_, row in sorted(rows, key=lambda item: item[:2])]

    def _bar(self, symbol: str, bar: int, trades: list[dict]) -> dict:
        prices = [trade["price"] for trade in trades] or [self._close[symbol]]
        self._close[symbol] = prices[-1]
        volume = quote = bought = 0.0
        for trade in trades:
            volume += trade["qty"]
            quote += trade["price"] * trade["qty"]
            bought += 0.0 if trade["buyer_is_maker"] else trade["qty"]
        values = [bar * self.interval_us, symbol, prices[0], max(prices), min(prices), prices[-1]]
        values += [volume, quote, bought, len(trades), not trades]
        return dict(zip(BARS.names, values, strict=True))
