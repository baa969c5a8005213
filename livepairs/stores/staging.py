"""Where imported rows wait until they are in order, in bounded memory.

Rows come in the order of their files, which may be any order, and leave by (ts, trade_id) and free of duplicates. They
wait in one heap per symbol and hour; what exceeds the memory allowed waits on disk. So memory is bounded by the
budget and the busiest hour of one symbol (some 300 bytes a trade while it is sorted), whatever the size of the files.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.schema import MARKS, TRADES, Gap, symbol_column

__all__ = ["MARK_ROW", "TRADE_ROW", "Heap", "Heaps", "marks_batch", "numbered_trades", "sorted_trades", "trades_batch"]

_BUDGET_BYTES: Final = 384 << 20
_HOUR_US: Final = 3_600_000_000

TRADE_ROW: Final = np.dtype(
    [
        ("ts", "<i8"),
        ("recv_ts", "<i8"),
        ("trade_id", "<i8"),
        ("price", "<f8"),
        ("qty", "<f8"),
        ("buyer_is_maker", "?"),
        ("clock", "<u2"),
    ]
)
"""A trade waiting; ``clock`` says whose receive clock, ``qty`` 0 marks an id that was spent without a trade."""

MARK_ROW: Final = np.dtype(
    [
        ("ts", "<i8"),
        ("recv_ts", "<i8"),
        ("mark_price", "<f8"),
        ("index_price", "<f8"),
        ("funding_rate", "<f8"),
        ("next_funding_ts", "<i8"),
        ("clock", "<u2"),
    ]
)

Rows = npt.NDArray[Any]
Heap = tuple[str, str, int]
"""Table ("trades" or "marks"), symbol and hour."""


class Heaps:
    """Rows by table, symbol and hour, in the order they came.

    Parameters
    ----------
    beside
        The recording to be made; rows that must wait on disk do so in a hidden folder beside it.
    budget_bytes
        Memory for waiting rows.
    """

    def __init__(self, beside: Path, *, budget_bytes: int = _BUDGET_BYTES) -> None:
        self._beside, self._budget = beside, budget_bytes
        self._rows: defaultdict[Heap, list[Rows]] = defaultdict(list)
        self._held = 0
        self._folder: Path | None = None
        self._files: dict[Heap, Path] = {}

    def add(self, table: str, symbol: str, rows: Rows) -> None:
        """Take rows of one symbol, sorted or not."""
        if not len(rows):
            return
        hours = rows["ts"] // _HOUR_US
        changes = np.flatnonzero(np.diff(hours)) + 1
        if bool((np.diff(hours) >= 0).all()):
            for part in np.split(rows, changes):
                self._hold((table, symbol, int(part["ts"][0]) // _HOUR_US), part)
        else:
            for hour in np.unique(hours):
                self._hold((table, symbol, int(hour)), rows[hours == hour])
        if self._held > self._budget:
            self._spill()

    def symbols(self, table: str) -> list[str]:
        """Return the symbols there are rows of, in alphabetical order."""
        return sorted({heap[1] for heap in self._rows.keys() | self._files.keys() if heap[0] == table})

    def drain(self, table: str, symbol: str, offsets_us: npt.NDArray[np.int64]) -> Iterator[Rows]:
        """Yield the rows hour by hour, each hour in the order it came, and forget them.

        Each receive time moves onto the exchange's clock: ``offsets_us[clock]`` is subtracted.
        """
        heaps = {heap for heap in self._rows.keys() | self._files.keys() if heap[:2] == (table, symbol)}
        for heap in sorted(heaps):
            parts = self._rows.pop(heap, [])
            self._held -= sum(part.nbytes for part in parts)
            file = self._files.pop(heap, None)
            if file is not None:
                parts.insert(0, np.fromfile(file, TRADE_ROW if table == "trades" else MARK_ROW))
                file.unlink()
            rows = np.concatenate(parts)
            rows["recv_ts"] -= offsets_us[rows["clock"]]
            yield rows

    def close(self) -> None:
        """Remove what waits on disk."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _hold(self, heap: Heap, rows: Rows) -> None:
        self._rows[heap].append(rows)
        self._held += rows.nbytes

    def _spill(self) -> None:
        if self._folder is None:
            self._beside.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=f".{self._beside.name}.partial-", dir=self._beside.parent))
        for heap, parts in self._rows.items():
            file = self._files.setdefault(heap, self._folder / f"{len(self._files)}.rows")
            with file.open("ab") as stream:
                for part in parts:
                    part.tofile(stream)
        self._rows.clear()
        self._held = 0


@dataclass(slots=True)
class _Previous:
    """The end of the hour before."""

    ids: npt.NDArray[np.int64]
    last_ts: int


def sorted_trades(
    hours: Iterator[Rows], symbol: str, *, is_contiguous: bool, repairs: Counter[str], gaps: list[Gap]
) -> Iterator[Rows]:
    """Put each hour in order, drop what is there twice, and note the ids that are missing.

    Parameters
    ----------
    hours
        TRADE_ROW arrays, hours ascending.
    is_contiguous
        Whether the venue numbers this kind without holes, so that a hole is a gap.
    repairs, gaps
        Where to count duplicates and spent ids, and to note gaps.

    Yields
    ------
    Rows sorted by (ts, trade_id) without duplicates; empty hours are passed over.
    """
    before: _Previous | None = None
    for hour in hours:
        rows = _in_order(hour)
        rows = _unique(rows, repairs)
        if before is not None and rows["trade_id"].min() <= before.ids.max():
            is_repeated = np.isin(rows["trade_id"], before.ids)
            repairs["conflicting duplicates"] += int(is_repeated.sum())
            rows = rows[~is_repeated]
        if not len(rows):
            continue
        if is_contiguous:
            gaps.extend(_id_gaps(rows, before, symbol))
        before = _Previous(rows["trade_id"].copy(), int(rows["ts"][-1]))
        is_spent = rows["qty"] == 0
        if is_spent.any():
            rows = rows[~is_spent]
        if len(rows):
            yield rows


def _in_order(rows: Rows) -> Rows:
    ts, ids = rows["ts"], rows["trade_id"]
    step = np.diff(ts)
    if bool(((step > 0) | ((step == 0) & (np.diff(ids) > 0))).all()):
        return rows
    # Every column is a key, so that the rows left do not depend on the order they came in.
    keys = ("buyer_is_maker", "qty", "price", "recv_ts", "trade_id", "ts")
    return rows[np.lexsort([rows[key] for key in keys])]


def _unique(rows: Rows, repairs: Counter[str]) -> Rows:
    """Keep the first row of each id; the venue repeats rows, and files overlap."""
    ids = rows["trade_id"]
    if bool((np.diff(ids) > 0).all()):
        return rows
    _, first = np.unique(ids, return_index=True)
    if len(first) == len(rows):
        return rows
    is_kept = np.zeros(len(rows), np.bool_)
    is_kept[first] = True
    kept, dropped = rows[np.sort(first)], rows[~is_kept]
    twin = rows[first[np.searchsorted(ids[first], dropped["trade_id"])]]
    # Spent ids are counted where they are read.
    is_trade = dropped["qty"] != 0
    dropped, twin = dropped[is_trade], twin[is_trade]
    is_same = np.ones(len(dropped), np.bool_)
    for name in ("ts", "price", "qty", "buyer_is_maker"):
        is_same &= twin[name] == dropped[name]
    repairs["duplicate rows"] += int(is_same.sum())
    repairs["conflicting duplicates"] += int((~is_same).sum())
    return kept


def _id_gaps(rows: Rows, before: _Previous | None, symbol: str) -> list[Gap]:
    ids, ts = np.sort(rows["trade_id"]), rows["ts"]
    if before is not None:
        ids = np.concatenate([[before.ids.max()], ids])
        ts = np.concatenate([[before.last_ts], ts])
    holes = np.flatnonzero(np.diff(ids) > 1)
    return [
        Gap(
            symbol,
            int(ts[at]),
            max(int(ts[at + 1]), int(ts[at]) + 1),
            f"ids {int(ids[at]) + 1} to {int(ids[at + 1]) - 1} are not in the files",
            int(ids[at + 1] - ids[at] - 1),
        )
        for at in holes
    ]


def numbered_trades(hours: Iterator[Rows]) -> Iterator[Rows]:
    """Put rows that came without ids in the order of time and number them from 1.

    Rows of one time stay in the order of the file. Without ids, two equal trades cannot be told from one given twice,
    so nothing is dropped as a duplicate.
    """
    count = 0
    for hour in hours:
        rows = hour[np.argsort(hour["ts"], kind="stable")]
        rows = rows[rows["qty"] != 0]
        rows["trade_id"] = np.arange(count + 1, count + 1 + len(rows))
        count += len(rows)
        if len(rows):
            yield rows


def trades_batch(symbol: str, rows: Rows) -> pa.RecordBatch:
    """Return a TRADES batch."""
    return pa.RecordBatch.from_arrays(
        [
            _times(rows["ts"]),
            _times(rows["recv_ts"]),
            symbol_column(symbol, len(rows)),
            *(pa.array(np.ascontiguousarray(rows[name])) for name in TRADES.names[3:]),
        ],
        schema=TRADES,
    )


def marks_batch(symbol: str, rows: Rows) -> pa.RecordBatch:
    """Return a MARKS batch sorted by ts, with one row a time: reconnecting sends some twice."""
    _, first = np.unique(rows["ts"], return_index=True)
    rows = rows[first]
    return pa.RecordBatch.from_arrays(
        [
            _times(rows["ts"]),
            _times(rows["recv_ts"]),
            symbol_column(symbol, len(rows)),
            *(pa.array(np.ascontiguousarray(rows[name])) for name in MARKS.names[3:6]),
            _times(rows["next_funding_ts"]),
        ],
        schema=MARKS,
    )


def _times(values: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(np.ascontiguousarray(values)).cast(TRADES.field("ts").type)
