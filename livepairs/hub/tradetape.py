"""The trades of a run's last while: enough to say how far the spread went within each of the last bars.

The tables keep two thousand trades, for a list of the last ones. These are some hundred thousand, kept as they came and
looked at only when somebody does, so a seek through millions of them pays nothing for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from livepairs.columns import by_symbol
from livepairs.schema import TRADES, Chunk, Pair
from livepairs.tables.ring import Cursor, Table

if TYPE_CHECKING:
    from livepairs.pairs.spreadbars import Ticks
    from livepairs.pipeline import RunParams

__all__ = ["KEPT_TRADES", "TradeTape"]

KEPT_TRADES: Final = 300_000


class TradeTape:
    """The last trades of all symbols; written by the run's thread, read by any."""

    def __init__(self) -> None:
        self._trades = Table(TRADES, limit_rows=KEPT_TRADES)
        self._place = (0, 0)
        self._lock = threading.Lock()
        self._cursor: Cursor | None = None
        self._ticks: dict[str, Ticks] = {}

    def heed(self, chunk: Chunk, generation: int) -> None:
        """Take in a chunk; after a jump in time, which has another generation, begin anew."""
        if generation != self._place[0] or chunk.now_us < self._place[1]:
            self._trades.reset()
        self._place = (generation, chunk.now_us)
        if chunk.trades.schema.equals(TRADES):
            self._trades.append(chunk.trades)

    def spreads(self, pair: Pair, rows: pa.Table, params: RunParams) -> np.ndarray:
        """Return open, high, low and close of the spread, ``(4, n)``; NaN for bars older than the trades kept.

        Parameters
        ----------
        pair, rows
            PAIRS rows of this pair, ascending.
        params
            What the run computes.
        """
        # Here and not above: a run has its tape from its first chunk on, and a first page should not wait for this.
        from livepairs.hub.pages import spread_of

        if not rows.num_rows:
            return np.empty((4, 0))
        bars = rows["ts"].cast(pa.int64()).to_numpy()
        y, x = (self.ticks(symbol, params) for symbol in (pair.y, pair.x))
        found = spread_of(rows, y, x, params)
        if len(y.ts) and len(x.ts):
            # The bar of the first trade kept may have lost some.
            found[:, bars <= max(int(y.ts[0]), int(x.ts[0]))] = np.nan
        return found

    def forming(self, pair: Pair, bar_us: int, line: tuple[float, float], params: RunParams) -> np.ndarray:
        """Return open, high, low and close of the spread of a bar that has not closed, ``(4, 1)``.

        Parameters
        ----------
        pair, bar_us
            Which pair, and when the bar opened.
        line
            Alpha and beta of the last bar that closed: the bar's own are known when it closes.
        params
            What the run computes.
        """
        from livepairs.pairs.spreadbars import Lines, spread_bars

        lines = Lines(np.array([bar_us]), *(np.array([value]) for value in line))
        y, x = (self.ticks(symbol, params).since(bar_us) for symbol in (pair.y, pair.x))
        return spread_bars(y, x, lines, interval_us=params.interval_us, is_log=params.pair_params.price == "log")

    def ticks(self, symbol: str, params: RunParams) -> Ticks:
        """Return a symbol's trades that are kept and are in bars."""
        from livepairs.pairs.spreadbars import NO_TICKS, ticks_of

        with self._lock:
            delta = self._trades.since(self._cursor)
            self._cursor = delta.cursor
            if delta.is_reset:
                self._ticks.clear()
            for batch in delta.rows.to_batches():
                for name, rows in by_symbol(batch):
                    ticks = ticks_of(rows, interval_us=params.interval_us, grace_us=params.grace_us)
                    known = self._ticks.get(name)
                    self._ticks[name] = ticks if known is None else known.joined(ticks, most=KEPT_TRADES)
            return self._ticks.get(symbol) or NO_TICKS
