"""The bar machine: chunks in, closed bars out.

A bar is closed once ``now_us >= bar_end + grace``, for all symbols at once. A trade is late iff ``recv_ts >= bar_end +
grace``, whenever it is handed in: lateness is a property of the row. Bars close on the time that comes with the data;
nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from livepairs.bars.kernel import REASONS
from livepairs.bars.ladder import Ladder, Rungs, join
from livepairs.columns import by_symbol, flags_column, floats_column, ints_column, names_by_code, times_column
from livepairs.schema import BARS, Chunk, empty

__all__ = ["BarCounts", "BarMachine"]


@dataclass(frozen=True, slots=True)
class BarCounts:
    """Where every trade handed in has gone: ``trades == barred + late + sum(rejected.values())``.

    Parameters
    ----------
    trades
        Trades handed in.
    barred
        Trades in a bar; ``forming`` of them in bars not closed yet.
    late
        Trades that came after their bar's end and grace.
    rejected
        Trades dropped, by reason: ``price``, ``qty``, ``out_of_order``, ``after_close``, ``unknown_symbol``.
    """

    trades: int = 0
    barred: int = 0
    forming: int = 0
    late: int = 0
    rejected: dict[str, int] = field(default_factory=dict)


class BarMachine:
    """Turns the trades of several symbols into closed bars.

    Parameters
    ----------
    symbols
        The symbols, in the order their rows take within a bar time.
    interval_us, grace_us
        Length of a bar, and how long after its end it stays open for trades under way, in microseconds.
    """

    def __init__(self, symbols: Sequence[str], *, interval_us: int = 1_000_000, grace_us: int = 500_000) -> None:
        self.symbols = tuple(symbols)
        self.interval_us = interval_us
        self.grace_us = grace_us
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        self._ladders = {
            symbol: Ladder(interval_us=self.interval_us, grace_us=self.grace_us) for symbol in self.symbols
        }
        self._trades = 0
        self._unknown = 0

    def seed(self, symbol: str, bar_start_us: int, close: float) -> None:
        """Begin a symbol as if the bar that opened then had closed at that price.

        A run that starts in the middle of a recording calls this with the last trade before, so that a quiet symbol
        has the bars it would have had if the run had started earlier.
        """
        self._ladders[symbol].seed(bar_start_us // self.interval_us, close)

    def update(self, chunk: Chunk) -> pa.RecordBatch:
        """Take in a chunk and return the bars it closes.

        Parameters
        ----------
        chunk
            Trades in TRADES order; ``recv_ts`` may be missing where no row can be late. ``now_us`` closes bars.

        Returns
        -------
        pa.RecordBatch
            A BARS batch in the order of (ts, symbol as configured); may be empty.
        """
        self._trades += chunk.trades.num_rows
        for symbol, trades in by_symbol(chunk.trades):
            ladder = self._ladders.get(symbol)
            if ladder is None:
                self._unknown += trades.num_rows
            else:
                ladder.add(trades)
        limit = (chunk.now_us - self.grace_us) // self.interval_us
        closed = [(symbol, ladder.close_before(limit)) for symbol, ladder in self._ladders.items()]
        return self._batch([(symbol, rungs) for symbol, rungs in closed if len(rungs)], is_closed=True)

    def forming(self) -> pa.RecordBatch:
        """Return the bars not closed yet that have trades, as a BARS batch; often one a symbol, or two in the grace."""
        rungs = [(symbol, ladder.open_bars) for symbol, ladder in self._ladders.items()]
        return self._batch([(symbol, open_bars) for symbol, open_bars in rungs if len(open_bars)], is_closed=False)

    @property
    def counts(self) -> BarCounts:
        """Where every trade handed in has gone."""
        ladders = self._ladders.values()
        rejected = {reason: sum(ladder.rejected[reason] for ladder in ladders) for reason in REASONS}
        rejected["unknown_symbol"] = self._unknown
        return BarCounts(
            # Counted at the door, not added up from the rest: the sum would hide a trade that was lost.
            trades=self._trades,
            barred=sum(ladder.barred for ladder in ladders),
            forming=sum(int(ladder.open_bars.trade_counts.sum()) for ladder in ladders),
            late=sum(ladder.late for ladder in ladders),
            rejected=rejected,
        )

    def _batch(self, closed: list[tuple[str, Rungs]], *, is_closed: bool) -> pa.RecordBatch:
        if not closed:
            return empty(BARS)
        rungs = join([rungs for _, rungs in closed])
        codes = np.repeat(np.arange(len(closed)), [len(rungs) for _, rungs in closed])
        if is_closed and len(closed) > 1:
            order = np.argsort(rungs.bars, kind="stable")
            rungs, codes = rungs.take(order), codes[order]
        columns = [
            times_column(rungs.bars * self.interval_us),
            names_by_code([symbol for symbol, _ in closed], codes),
            *(floats_column(values) for values in rungs.values),
            ints_column(rungs.trade_counts),
            flags_column(rungs.trade_counts == 0),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=BARS)
