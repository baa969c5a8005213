"""Orders, stamps and counts what came since the last chunk; pure, every time is an argument.

What it promises of the chunks it makes, whatever the wire did:

1. Each row's ``recv_ts`` is later than the ``now_us`` of every chunk before, and ``now_us`` never goes back, also when
   the estimate of the clocks' difference changes.
2. Rows of a symbol come in the order of (ts, trade_id). One that is not after those of an earlier chunk is stamped with
   no less than the time its bar closes, so it is late wherever it is read: replay, which sorts, computes what was
   computed live.
3. No trade id twice; ids that are missing are in the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import (
    codes_of,
    flags_column,
    flags_of,
    floats_column,
    floats_of,
    ints_column,
    ints_of,
    texts_column,
    times_column,
)
from livepairs.exchanges import Reject
from livepairs.schema import MARKS, TRADES, Chunk, empty
from livepairs.sources.live_ledger import Circumstances, Ledger

__all__ = ["Sequencer"]

Ints = NDArray[np.int64]

AHEAD_US: Final = 60_000_000
"""A trade dated further ahead than this is a mistaken stamp: taken as it is, it would make every later one late."""

NEVER: Final = -(1 << 62)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Columns of TRADES as arrays; ``code`` is the place of the symbol."""

    code: Ints
    ts: Ints
    recv: Ints
    ids: Ints
    price: NDArray[np.float64]
    qty: NDArray[np.float64]
    maker: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> _Rows:
        return _Rows(*(column[rows] for column in self.columns))

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:  # Any: columns differ in type
        return (self.code, self.ts, self.recv, self.ids, self.price, self.qty, self.maker)


class Sequencer:
    """Turns what the wire and the back-filler bring into chunks.

    Parameters
    ----------
    symbols
        The symbols asked for; rows of others are left out and counted.
    interval_us, grace_us
        Length of a bar and its grace: what makes a row late.
    ledger
        Account of the ids.
    """

    def __init__(self, symbols: Sequence[str], *, interval_us: int, grace_us: int, ledger: Ledger) -> None:
        self._symbols = tuple(symbols)
        self._places = {symbol: place for place, symbol in enumerate(self._symbols)}
        self._names = texts_column(self._symbols)
        self._interval_us, self._grace_us = interval_us, grace_us
        self.ledger = ledger
        """Account of the ids."""
        self._parts: list[_Rows] = []
        self._marks: list[pa.RecordBatch] = []
        self._last_ts = np.full(len(self._symbols), NEVER, np.int64)
        self._last_id = np.full(len(self._symbols), NEVER, np.int64)
        self._last_mark = np.full(len(self._symbols), NEVER, np.int64)
        self.now_us = NEVER
        """The last chunk's."""
        self.rejected = Counter[str]()
        """Rows left out here, by reason."""
        self.trade_rows = Counter[str]()
        """Trades let through, by symbol."""
        self.mark_rows = Counter[str]()
        """Marks let through, by symbol."""

    def take(
        self, trades: pa.RecordBatch, rejects: Sequence[Reject], *, offset_us: int, circumstances: Circumstances
    ) -> None:
        """Take in rows for the next chunk.

        Parameters
        ----------
        trades
            A TRADES batch in the order it came, ``recv_ts`` by the local clock.
        rejects
            Trades that came with them and were left out.
        offset_us
            Local clock minus exchange clock.
        circumstances
            How they came, and why ids before them may be missing.
        """
        spent: defaultdict[str, set[int]] = defaultdict(set)
        for reject in rejects:
            if reject.kind == "aggTrade" and reject.symbol in self._places:
                spent[reject.symbol].add(reject.trade_id)
        if trades.num_rows:
            self._take_rows(self._of_batch(trades, offset_us), spent, circumstances)
        none = np.empty(0, np.int64)
        for symbol, numbers in spent.items():
            self.ledger.take(symbol, none, none, rejected=numbers, circumstances=circumstances)

    def take_marks(self, marks: pa.RecordBatch, *, offset_us: int) -> None:
        """Take in a MARKS batch for the next chunk, ``recv_ts`` by the local clock."""
        if marks.num_rows:
            recv = self._stamp(ints_of(marks.column("recv_ts")), offset_us)
            self._marks.append(marks.set_column(1, MARKS.field("recv_ts"), times_column(recv)))

    def close(self, now_us: int) -> Chunk:
        """Return the chunk of everything taken in since the last one.

        Parameters
        ----------
        now_us
            The exchange's time now; if the estimate has set it back, the chunk's stands still instead.
        """
        self.now_us = max(now_us, self.now_us)
        trades, self._parts = self._trades(), []
        marks, self._marks = self._sorted_marks(), []
        return Chunk(trades, marks, self.now_us)

    @property
    def next_close_us(self) -> int:
        """The exchange's time at which the next bar closes."""
        return ((self.now_us - self._grace_us) // self._interval_us + 1) * self._interval_us + self._grace_us

    def _stamp(self, recv: Ints, offset_us: int) -> Ints:
        return np.maximum(recv - offset_us, self.now_us + 1)

    def _of_batch(self, trades: pa.RecordBatch, offset_us: int) -> _Rows:
        column = trades.column("symbol")
        names = column.dictionary.to_pylist()
        places = np.array([self._places.get(name, -1) for name in names], np.int64)
        return _Rows(
            places[codes_of(column)],
            ints_of(trades.column("ts")),
            self._stamp(ints_of(trades.column("recv_ts")), offset_us),
            ints_of(trades.column("trade_id")),
            floats_of(trades.column("price")),
            floats_of(trades.column("qty")),
            flags_of(trades.column("buyer_is_maker")),
        )

    def _take_rows(self, rows: _Rows, spent: defaultdict[str, set[int]], circumstances: Circumstances) -> None:
        """Let through what is new, symbol by symbol; rows of a symbol keep the order in which they came."""
        order = np.argsort(rows.code, kind="stable")
        rows = rows.take(order)
        edges = [0, *(np.flatnonzero(rows.code[1:] != rows.code[:-1]) + 1).tolist(), len(rows)]
        for start, end in pairwise(edges):
            part = rows.take(slice(start, end))
            place = int(part.code[0])
            if place < 0:
                self.rejected["symbol_not_asked_for"] += len(part)
                continue
            part = self._without_future(self._symbols[place], part, spent, circumstances)
            symbol = self._symbols[place]
            is_new = self.ledger.take(
                symbol, part.ids, part.ts, rejected=spent.pop(symbol, ()), circumstances=circumstances
            )
            part = part if is_new is None else part.take(is_new)
            if len(part):
                self.trade_rows[symbol] += len(part)
                self._parts.append(part)

    def _without_future(
        self, symbol: str, part: _Rows, spent: defaultdict[str, set[int]], circumstances: Circumstances
    ) -> _Rows:
        """Leave out rows dated ahead; from the wire they may be right and our clock wrong, so REST is asked again."""
        is_ahead = part.ts > max(circumstances.now_us, self.now_us) + AHEAD_US
        if not is_ahead.any():
            return part
        if circumstances.way == "rest":
            spent[symbol].update(part.ids[is_ahead].tolist())
        self.rejected["from_the_future"] += int(np.count_nonzero(is_ahead))
        return part.take(~is_ahead)

    def _trades(self) -> pa.RecordBatch:
        if not self._parts:
            return empty(TRADES)
        rows = self._parts[0] if len(self._parts) == 1 else _join(self._parts)
        if not _is_sorted(rows):
            rows = rows.take(np.lexsort((rows.ids, rows.ts, rows.code)))
        last_ts, last_id = self._last_ts[rows.code], self._last_id[rows.code]
        is_behind = (rows.ts < last_ts) | ((rows.ts == last_ts) & (rows.ids < last_id))
        recv = rows.recv
        if is_behind.any():
            closes = (rows.ts // self._interval_us + 1) * self._interval_us + self._grace_us
            recv = np.where(is_behind, np.maximum(recv, closes), recv)
        ends = np.append(np.flatnonzero(rows.code[1:] != rows.code[:-1]), len(rows) - 1)
        ends = ends[~is_behind[ends]]
        self._last_ts[rows.code[ends]], self._last_id[rows.code[ends]] = rows.ts[ends], rows.ids[ends]
        return self._batch(rows, recv)

    def _batch(self, rows: _Rows, recv: Ints) -> pa.RecordBatch:
        indices = pa.Array.from_buffers(pa.int32(), len(rows), [None, pa.py_buffer(rows.code.astype(np.int32))])
        columns = [
            times_column(rows.ts),
            times_column(recv),
            pa.DictionaryArray.from_arrays(indices, self._names, safe=False),
            ints_column(rows.ids),
            floats_column(rows.price),
            floats_column(rows.qty),
            flags_column(rows.maker.view(np.bool_)),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=TRADES)

    def _sorted_marks(self) -> pa.RecordBatch:
        """Return the marks by symbol and time; one not after those before it is a repetition and is left out."""
        kept = [self._marks_of(batch) for batch in self._marks]
        batches = [batch for batch in kept if batch.num_rows]
        if not batches:
            return empty(MARKS)
        if len(batches) == 1:
            return batches[0]
        return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]

    def _marks_of(self, marks: pa.RecordBatch) -> pa.RecordBatch:
        names = marks.column("symbol").dictionary.to_pylist()
        keep = np.zeros(marks.num_rows, np.bool_)
        for row, (code, ts) in enumerate(
            zip(codes_of(marks.column("symbol")), ints_of(marks.column("ts")), strict=True)
        ):
            place = self._places.get(names[code], -1)
            if place < 0:
                self.rejected["symbol_not_asked_for"] += 1
            elif ts > self._last_mark[place]:
                keep[row] = True
                self._last_mark[place] = ts
                self.mark_rows[names[code]] += 1
        return marks if keep.all() else marks.filter(flags_column(keep))


def _join(parts: list[_Rows]) -> _Rows:
    return _Rows(*(np.concatenate(columns) for columns in zip(*(part.columns for part in parts), strict=True)))


def _is_sorted(rows: _Rows) -> bool:
    """Return whether the rows are by symbol, time and id already, which is how nearly every chunk is."""
    code, ts, ids = rows.code, rows.ts, rows.ids
    same = code[1:] == code[:-1]
    rising = (ts[1:] > ts[:-1]) | ((ts[1:] == ts[:-1]) & (ids[1:] > ids[:-1]))
    return bool(((code[1:] > code[:-1]) | (same & rising)).all())
