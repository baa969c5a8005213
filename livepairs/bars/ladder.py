"""One symbol's bars: those still open, and the closed ones laid out without holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.bars.kernel import (
    BAR,
    BARRED,
    CLOSE,
    COUNTS,
    FIRST_OPEN_BAR,
    LATE,
    NO_BAR,
    OHLCV,
    REASONS,
    TRADES_IN_BAR,
    fold,
)
from livepairs.columns import bits_of, floats_of, ints_of

__all__ = ["Ladder", "Rungs", "join"]

NEVER: Final = NO_BAR


@dataclass(frozen=True, slots=True)
class Rungs:
    """Some bars of one symbol, in order: number, trade count and ``OHLCV``, ``(7, n)``."""

    bars: NDArray[np.int64]
    trade_counts: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.bars)

    def take(self, order: NDArray[np.int64]) -> Rungs:
        """Return the bars at these places."""
        return Rungs(self.bars[order], self.trade_counts[order], self.values.take(order, axis=1))


NO_RUNGS: Final = Rungs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((len(OHLCV), 0)))


class Ladder:
    """Takes in one symbol's trades, and gives its bars up to a number, holes filled."""

    def __init__(self, *, interval_us: int, grace_us: int) -> None:
        self._interval_us = interval_us
        self._grace_us = grace_us
        self._state = np.zeros(COUNTS + 2 + len(REASONS), np.int64)
        self._state[BAR] = NO_BAR
        self._state[FIRST_OPEN_BAR] = NEVER
        self._at_hand = np.zeros(len(OHLCV))
        self._finished: list[Rungs] = []
        self._next_bar: int | None = None
        self._last_close = float("nan")

    def seed(self, bar: int, close: float) -> None:
        """Begin as if the bar of that number had closed at that price."""
        self._next_bar = bar + 1
        self._last_close = close
        self._state[FIRST_OPEN_BAR] = bar + 1

    def add(self, trades: pa.RecordBatch) -> None:
        """Fold a batch that holds this symbol only."""
        ts = ints_of(trades.column("ts"))
        received = ints_of(trades.column("recv_ts")) if "recv_ts" in trades.schema.names else ts
        bits, first_bit = bits_of(trades.column("buyer_is_maker"))
        room = self._most_finished(ts)
        bars = np.empty(room, np.int64)
        counts = np.empty(room, np.int64)
        values = np.empty((len(OHLCV), room))
        done = fold(
            self._state,
            self._at_hand,
            self._interval_us,
            self._grace_us,
            ts,
            received,
            floats_of(trades.column("price")),
            floats_of(trades.column("qty")),
            bits,
            first_bit,
            bars,
            counts,
            values.reshape(-1),
        )
        if done:
            self._finished.append(Rungs(bars[:done].copy(), counts[:done].copy(), values[:, :done].copy()))

    def _most_finished(self, ts: NDArray[np.int64]) -> int:
        """Return how many bars these trades can finish at most: bars only ever advance."""
        if len(ts) == 0:
            return 0
        at_hand = int(self._state[BAR])
        first = at_hand if at_hand != NO_BAR else int(ts.min()) // self._interval_us
        return max(0, min(len(ts), int(ts.max()) // self._interval_us - first + 1))

    def close_before(self, limit: int) -> Rungs:
        """Return every bar below the number that was not returned yet; a bar without trades has a count of zero."""
        self._state[FIRST_OPEN_BAR] = max(limit, self._state[FIRST_OPEN_BAR])
        if NO_BAR < self._state[BAR] < limit:
            self._finished.append(self._take_at_hand())
        known = self._take_finished(limit)
        first = self._next_bar if self._next_bar is not None else int(known.bars[0]) if len(known) else limit
        if first >= limit:
            return NO_RUNGS
        self._next_bar = limit
        return self._fill(known, first, limit)

    def _take_at_hand(self) -> Rungs:
        rung = self._copy_at_hand()
        self._state[BAR] = NO_BAR
        return rung

    def _copy_at_hand(self) -> Rungs:
        return Rungs(
            self._state[BAR : BAR + 1].copy(),
            self._state[TRADES_IN_BAR : TRADES_IN_BAR + 1].copy(),
            self._at_hand.reshape(-1, 1).copy(),
        )

    def _take_finished(self, limit: int) -> Rungs:
        if not self._finished:
            return NO_RUNGS
        rungs = join(self._finished)
        cut = int(np.searchsorted(rungs.bars, limit))
        rest = _cut(rungs, cut, len(rungs))
        self._finished = [rest] if len(rest) else []
        return _cut(rungs, 0, cut)

    def _fill(self, known: Rungs, first: int, limit: int) -> Rungs:
        """Lay the bars out one by one; where none is known, all four prices are the close before."""
        rows = limit - first
        if len(known) == rows:
            self._last_close = float(known.values[CLOSE, -1])
            return known
        places = known.bars - first
        latest = np.full(rows, -1)
        latest[places] = np.arange(len(known))
        latest = np.maximum.accumulate(latest)
        closes = np.append(known.values[CLOSE], self._last_close)[latest]
        values = np.zeros((len(OHLCV), rows))
        values[: CLOSE + 1] = closes
        values[:, places] = known.values
        counts = np.zeros(rows, np.int64)
        counts[places] = known.trade_counts
        self._last_close = float(closes[-1])
        return Rungs(np.arange(first, limit), counts, values)

    @property
    def open_bars(self) -> Rungs:
        """The bars not closed yet that have trades, oldest first."""
        at_hand = [self._copy_at_hand()] if self._state[BAR] != NO_BAR else []
        rungs = [*self._finished, *at_hand]
        return join(rungs) if rungs else NO_RUNGS

    @property
    def barred(self) -> int:
        """Trades that went into a bar, closed or not."""
        return int(self._state[BARRED])

    @property
    def late(self) -> int:
        """Trades that came after their bar's end and grace."""
        return int(self._state[LATE])

    @property
    def rejected(self) -> dict[str, int]:
        """Trades rejected, by reason."""
        return dict(zip(REASONS, self._state[COUNTS + 2 :].tolist(), strict=True))


def join(rungs: list[Rungs]) -> Rungs:
    """Return the bars one after the other; a single item is returned as it is."""
    if len(rungs) == 1:
        return rungs[0]
    return Rungs(
        np.concatenate([r.bars for r in rungs]),
        np.concatenate([r.trade_counts for r in rungs]),
        np.concatenate([r.values for r in rungs], axis=1),
    )


def _cut(rungs: Rungs, start: int, stop: int) -> Rungs:
    return Rungs(rungs.bars[start:stop], rungs.trade_counts[start:stop], rungs.values[:, start:stop])
