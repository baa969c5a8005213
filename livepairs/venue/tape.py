"""The market that a venue plays: rows in event time, read ahead from a recording or a synthetic market.

The tape is what will happen; ``book`` is what has. Times here are the recording's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import by_symbol, flags_of, floats_of, ints_of
from livepairs.errors import ConfigError
from livepairs.schema import Chunk
from livepairs.sources.synthetic_market import SyntheticMarket
from livepairs.sources.synthetic_params import SCHEME, SyntheticParams
from livepairs.stores.recording import Recording, open_recording

__all__ = ["Fills", "MarkRow", "Tape", "open_tape"]

_EVER_US: Final = 1 << 62
_FIRST_CHUNKS: Final = 64
_BATCH_ROWS: Final = 16_384
"""Rows read at once: some milliseconds, so that reading never holds up pings and requests for long."""


@dataclass(frozen=True, slots=True)
class Fills:
    """Trades of one symbol in their order, one array ``(n_trades,)`` a column; ``trade_id`` as recorded."""

    ts_us: NDArray[np.int64]
    trade_id: NDArray[np.int64]
    price: NDArray[np.float64]
    qty: NDArray[np.float64]
    buyer_is_maker: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ts_us)

    def cut(self, start: int, end: int) -> Fills:
        """Return the rows from ``start`` up to but without ``end``."""
        return Fills(*(getattr(self, field.name)[start:end] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class MarkRow:
    """Mark price, index price and funding rate of a symbol, as last seen."""

    mark_price: float
    index_price: float
    funding_rate: float


class Tape:
    """Rows still to come, per symbol, and how far they are complete.

    Parameters
    ----------
    label
        What it was made of, for people.
    symbols
        Those it has, in the source's order.
    start_us
        Time of the first row.
    chunks
        Rows in event time, as a source yields them; read as they are needed.
    """

    def __init__(self, label: str, symbols: Sequence[str], start_us: int, chunks: Iterator[Chunk]) -> None:
        self.label, self.symbols, self.start_us = label, tuple(symbols), start_us
        self._chunks = chunks
        self._fills: dict[str, list[Fills]] = {symbol: [] for symbol in self.symbols}
        self._marks: list[pa.RecordBatch] = []
        self.horizon_us = start_us - 1

    @property
    def is_read(self) -> bool:
        """Whether there is nothing left to read."""
        return self.horizon_us >= _EVER_US

    @property
    def is_over(self) -> bool:
        """Whether every row was taken."""
        return self.is_read and not any(self._fills.values())

    def read_first(self) -> None:
        """Read until each symbol has a row, as far as they are not too far apart."""
        for _ in range(_FIRST_CHUNKS):
            if self.is_read or all(self._fills.values()):
                break
            self.read_more()

    def fetch(self) -> Chunk | None:
        """Read one more chunk, which may take some tenths of a second; None if there is none. Then ``add`` it."""
        return next(self._chunks, None)

    def read_more(self) -> None:
        """Read and add one more chunk."""
        self.add(self.fetch())

    def add(self, chunk: Chunk | None) -> None:
        """Add a chunk; afterwards ``horizon_us`` is the time up to which the rows held are complete."""
        if chunk is None:
            self.horizon_us = _EVER_US
            return
        for symbol, rows in by_symbol(chunk.trades):
            self._fills[symbol].append(_fills_of(rows))
        if chunk.marks.num_rows:
            self._marks.append(chunk.marks)
        self.horizon_us = chunk.now_us

    def take(self, until_us: int) -> dict[str, Fills]:
        """Return the trades held with ``ts <= until_us`` and not taken before, of those symbols that have any."""
        taken = {}
        for symbol, held in self._fills.items():
            ready = []
            while held and held[0].ts_us[0] <= until_us:
                end = int(np.searchsorted(held[0].ts_us, until_us, side="right"))
                ready.append(held[0].cut(0, end))
                if end < len(held[0]):
                    held[0] = held[0].cut(end, len(held[0]))
                    break
                del held[0]
            if ready:
                taken[symbol] = ready[0] if len(ready) == 1 else _joined(ready)
        return taken

    def take_marks(self, until_us: int) -> dict[str, MarkRow]:
        """Return the last mark of each symbol that has one not taken before with ``ts <= until_us``."""
        last: dict[str, MarkRow] = {}
        kept = []
        for batch in self._marks:
            end = int(np.searchsorted(ints_of(batch.column("ts")), until_us, side="right"))
            for symbol, rows in by_symbol(batch.slice(0, end)):
                last[symbol] = MarkRow(*(float(rows.column(field.name)[-1].as_py()) for field in fields(MarkRow)))
            if end < batch.num_rows:
                kept.append(batch.slice(end))
        self._marks = kept
        return last

    def first_prices(self) -> dict[str, float]:
        """Return the price of each symbol's next trade held, so that a venue has prices before its first trade."""
        return {symbol: float(held[0].price[0]) for symbol, held in self._fills.items() if held}

    def held(self, symbol: str) -> Fills | None:
        """Return the next rows held of a symbol, without taking them."""
        return self._fills[symbol][0] if self._fills[symbol] else None


def _fills_of(rows: pa.RecordBatch) -> Fills:
    flags = flags_of(rows.column("buyer_is_maker")).astype(np.bool_)
    return Fills(
        ints_of(rows.column("ts")),
        ints_of(rows.column("trade_id")),
        floats_of(rows.column("price")),
        floats_of(rows.column("qty")),
        flags,
    )


def _joined(parts: list[Fills]) -> Fills:
    return Fills(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fills)))


def open_tape(source: Recording | str | Path | Iterable[Chunk]) -> Tape:
    """Open what a venue is to play: a recording or its path, ``"synthetic:?seed=7"``, or chunks.

    Raises
    ------
    ConfigError, RecordingError
        If it is none of them.
    """
    if isinstance(source, str) and source.startswith(SCHEME):
        return _synthetic(source)
    if isinstance(source, str) and ":" in source and not Path(source).exists():
        raise ConfigError(f"a venue cannot be made of {source!r}; name a recording's path or synthetic:?seed=7")
    if isinstance(source, (str, Path)):
        source = open_recording(source)
    if isinstance(source, Recording):
        columns = ["trade_id", "price", "qty", "buyer_is_maker"]
        chunks = source.chunks(batch_rows=_BATCH_ROWS, columns=columns)
        return Tape(source.name, source.symbols, source.start_us, chunks)
    return _of_chunks(source)


def _synthetic(text: str) -> Tape:
    # A feed's own gap and late rows belong to whoever receives it; a venue has every trade, and faults lose them.
    params = replace(SyntheticParams.parse(text), gap_min=0.0, gap_s=0.0, late=0)
    blocks = SyntheticMarket(params).blocks()
    chunks = (Chunk(block.trades, block.marks, block.end_us - 1) for block in blocks)
    return Tape(text, params.symbols, params.start_us, chunks)


def _of_chunks(source: Iterable[Chunk]) -> Tape:
    """Make a tape of chunks; they are read up to the first trade, and the symbols are those of all of them."""
    chunks = list(source)
    starts = [int(ints_of(chunk.trades.column("ts"))[0]) for chunk in chunks if chunk.trades.num_rows]
    symbols = dict.fromkeys(chain.from_iterable((name for name, _ in by_symbol(chunk.trades)) for chunk in chunks))
    if not starts:
        raise ConfigError("a venue cannot be made of chunks without a trade; give it at least one")
    return Tape("chunks", tuple(symbols), min(starts), iter(chunks))
