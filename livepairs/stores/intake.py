"""Takes what the formats read: checks that rows of one symbol belong together, counts, and hands them to the heaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from livepairs.errors import InputError
from livepairs.stores.layout import check_symbol
from livepairs.stores.staging import MARK_ROW, TRADE_ROW, Heaps

__all__ = ["ImportOptions", "Intake", "Kind", "TradeColumns"]

Kind = Literal["trade", "aggTrade", "unnumbered"]
"""What the ids of a symbol number: single fills, the venue's aggregates, or nothing at all."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says of the files.

    Parameters
    ----------
    symbol
        The symbol of files that hold one and do not name it, or name it wrongly.
    kind
        Take only trades or only aggTrades, from logs that hold both.
    columns
        Which column of a CSV or Parquet file is what: ``{"ts": "time", "price": "px"}``.
    time_unit
        Unit of numeric times (s, ms, us, ns); None to tell by their size.
    time_zone
        Zone of times that name none.
    most_rows
        Trades there may be, spent ids included; None for as many as there are.
    most_ratio
        How many times its own size a file may unpack to, beyond what any small one may; None for without end.
    """

    symbol: str | None = None
    kind: Literal["trade", "aggTrade"] | None = None
    columns: dict[str, str] = field(default_factory=dict)
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    time_zone: str = "UTC"
    most_rows: int | None = None
    most_ratio: int | None = None


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Trades of one symbol, arrays of shape (n_rows,).

    Without ``recv_ts_us`` it is ``ts_us``; ``trade_id`` is None where the file has none.

    A quantity of zero marks an id that is spent without a trade.
    """

    ts_us: npt.NDArray[np.int64]
    trade_id: npt.NDArray[np.int64] | None
    price: npt.NDArray[np.float64]
    qty: npt.NDArray[np.float64]
    buyer_is_maker: npt.NDArray[np.bool_]
    recv_ts_us: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class _Belonging:
    """What the first rows of a symbol were; all that follow must be alike."""

    kind: Kind
    market: str
    file: Path


class Intake:
    """Where formats hand in their rows.

    Parameters
    ----------
    heaps
        Where rows wait.
    options
        What the user said.

    Attributes
    ----------
    skipped, rejected, repairs
        Counts by kind and reason, for the manifest.
    trades_read
        Trades seen, also those left out.
    warnings
        Sentences the user should read.
    """

    def __init__(self, heaps: Heaps, options: ImportOptions) -> None:
        self._heaps, self._options = heaps, options
        self._belonging: dict[str, _Belonging] = {}
        self._last_id: dict[tuple[Path, str], int] = {}
        self._offsets: list[tuple[Path | None, int]] = [(None, 0)]
        self.skipped, self.rejected, self.repairs = Counter[str](), Counter[str](), Counter[str]()
        self.trades_read = 0
        self.warnings: list[str] = []

    @property
    def kinds(self) -> dict[str, Kind]:
        """What was taken of each symbol."""
        return {symbol: belonging.kind for symbol, belonging in self._belonging.items()}

    def new_clock(self, file: Path) -> int:
        """Return the number of a receive clock whose offset is told later."""
        self._offsets.append((file, 0))
        return len(self._offsets) - 1

    def set_offset(self, clock: int, offset_us: int) -> None:
        """Say by how much a receive clock is ahead of the exchange's."""
        self._offsets[clock] = (self._offsets[clock][0], offset_us)

    def offsets_us(self) -> npt.NDArray[np.int64]:
        """Return the offset of each clock; that of clock 0 is 0."""
        return np.array([offset_us for _, offset_us in self._offsets], np.int64)

    def clock_offsets_us(self) -> dict[str, int]:
        """Return the offset by file, of the files that have a clock."""
        return {str(file): offset_us for file, offset_us in self._offsets if file is not None}

    def wants(self, kind: Kind) -> bool:
        """Return whether the user wants rows of this kind."""
        return self._options.kind in (None, kind) or kind == "unnumbered"

    def take(
        self, file: Path, symbol: str, columns: TradeColumns, *, kind: Kind, market: str = "", clock: int = 0
    ) -> None:
        """Take trades of one symbol.

        Raises
        ------
        InputError
            If the symbol's rows before were of another kind or market.
        """
        if not self.wants(kind):
            self.skipped[kind] += len(columns.ts_us)
            return
        self.trades_read += int(np.count_nonzero(columns.qty))
        self._check_count(file)
        self._check(file, symbol, kind, market)
        rows = np.empty(len(columns.ts_us), TRADE_ROW)
        rows["ts"] = columns.ts_us
        rows["recv_ts"] = columns.ts_us if columns.recv_ts_us is None else columns.recv_ts_us
        rows["trade_id"] = 0 if columns.trade_id is None else columns.trade_id
        rows["price"], rows["qty"] = columns.price, columns.qty
        rows["buyer_is_maker"], rows["clock"] = columns.buyer_is_maker, clock
        self._count_disorder(file, symbol, rows["ts"] if kind == "unnumbered" else rows["trade_id"])
        self._heaps.add("trades", symbol, rows)

    def take_marks(self, symbol: str, columns: dict[str, npt.NDArray[Any]], *, clock: int = 0) -> None:
        """Take marks of one symbol; ``columns`` are those of MARKS without the symbol, times in microseconds."""
        rows = np.empty(len(columns["ts"]), MARK_ROW)
        for name, values in columns.items():
            rows[name] = values
        rows["clock"] = clock
        self._heaps.add("marks", symbol, rows)

    def _check_count(self, file: Path) -> None:
        most = self._options.most_rows
        if most is not None and self.trades_read > most:
            raise InputError(
                file,
                found=f"more than {most:,} trades",
                expected="no more than that in an upload; use 'livepairs import', or raise the setting upload_rows",
            )

    def _check(self, file: Path, symbol: str, kind: Kind, market: str) -> None:
        first = self._belonging.get(symbol)
        if first is None:
            check_symbol(symbol)
            self._belonging[symbol] = _Belonging(kind, market, file)
        elif first.kind != kind:
            raise InputError(
                file,
                found=f"rows of kind {kind} for {symbol}",
                expected=f"kind {first.kind} as in {first.file}, since the two number trades differently; "
                "import them into two recordings, or take one with --kind",
            )
        elif first.market and market and first.market != market:
            raise InputError(
                file,
                found=f"{market} rows for {symbol}",
                expected=f"{first.market} rows as in {first.file}; import them into two recordings, "
                "or give one another name with --symbol",
            )

    def _count_disorder(self, file: Path, symbol: str, keys: npt.NDArray[np.int64]) -> None:
        """Count the rows that come after a higher id of the same file."""
        if not len(keys):
            return
        last = self._last_id.get((file, symbol), -1)
        if keys[0] >= last and bool((np.diff(keys) >= 0).all()):
            self._last_id[file, symbol] = int(keys[-1])
            return
        highest = np.maximum.accumulate(np.concatenate([[last], keys]))
        self.repairs["rows out of order"] += int((keys < highest[:-1]).sum())
        self._last_id[file, symbol] = int(highest[-1])
