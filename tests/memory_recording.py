"""A recording held in memory, with the shape that replays ask for; rows are plain tuples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from livepairs.schema import MARKS, TRADES, Chunk, empty

START_US = 1_700_000_000_000_000


@dataclass(frozen=True)
class Trade:
    ts_us: int
    symbol: str
    trade_id: int
    price: float = 100.0
    recv_us: int | None = None


def trades_batch(trades: Sequence[Trade]) -> pa.RecordBatch:
    columns = {
        "ts": [trade.ts_us for trade in trades],
        "recv_ts": [trade.ts_us if trade.recv_us is None else trade.recv_us for trade in trades],
        "symbol": [trade.symbol for trade in trades],
        "trade_id": [trade.trade_id for trade in trades],
        "price": [trade.price for trade in trades],
        "qty": [1.0] * len(trades),
        "buyer_is_maker": [trade.trade_id % 2 == 0 for trade in trades],
    }
    return pa.RecordBatch.from_pydict(columns, schema=TRADES)


class MemoryRecording:
    """As ``Recording``: one symbol a chunk, rows that may run ahead of ``now_us``, the last chunk vouching for all."""

    name = "memory"
    is_final = True
    is_synthetic = True

    def __init__(self, trades: Sequence[Trade], *, batch_rows: int = 7, tail_us: int = 0) -> None:
        self._trades = sorted(trades, key=lambda trade: (trade.ts_us, trade.trade_id))
        self._batch_rows = batch_rows
        self.symbols = tuple(sorted({trade.symbol for trade in trades}))
        self.start_us, self.end_us = self._trades[0].ts_us, self._trades[-1].ts_us
        self.vouched_us = self.end_us + tail_us
        self.trade_count = len(trades)
        self.opened = 0
        self.digest = f"{id(self):016x}"

    def last_trade_before(self, symbol: str, ts_us: int) -> tuple[int, float] | None:
        before = [trade for trade in self._trades if trade.symbol == symbol and trade.ts_us < ts_us]
        return (before[-1].ts_us, before[-1].price) if before else None

    def chunks(
        self, *, symbols: tuple[str, ...] | None = None, start_us: int | None = None, healed: bool = False
    ) -> Iterator[Chunk]:
        rows = [trade for trade in self._trades if start_us is None or trade.ts_us >= start_us]
        rows = [trade for trade in rows if symbols is None or trade.symbol in symbols]
        rows = [replace(trade, recv_us=trade.ts_us) if healed else trade for trade in rows]
        self.opened += 1
        try:
            yield from self._merged(rows)
            yield Chunk(empty(TRADES), empty(MARKS), self.vouched_us)
        finally:
            self.opened -= 1

    def _merged(self, rows: list[Trade]) -> Iterator[Chunk]:
        now_us = 0
        for begin in range(0, len(rows), self._batch_rows):
            part = rows[begin : begin + self._batch_rows]
            following = rows[begin + self._batch_rows :]
            for symbol in self.symbols:
                chosen = [trade for trade in part if trade.symbol == symbol]
                if symbol == self.symbols[-1] and following:
                    now_us = max(now_us, min(part[-1].ts_us, following[0].ts_us - 1))
                yield Chunk(trades_batch(chosen), empty(MARKS), now_us)
