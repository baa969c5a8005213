"""The result of a scan: one row an ordered pair, and what has to be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from livepairs.columns import names_by_code
from livepairs.scan.discovery import discovery_rates
from livepairs.scan.kernel_pair import STATISTICS
from livepairs.scan.params import ScanParams
from livepairs.scan.universe import Note, listing

__all__ = ["SCAN", "ScanResult", "make_result", "without_statistic"]

Floats = NDArray[np.float64]

COUNTS: Final = ("lags", "crossings")

SCAN: Final = pa.schema(
    [
        pa.field("y", pa.string(), nullable=False),
        pa.field("x", pa.string(), nullable=False),
        *(pa.field(name, pa.int32() if name in COUNTS else pa.float64()) for name in STATISTICS),
        pa.field("q_bh", pa.float64()),
        pa.field("q_by", pa.float64()),
    ]
)
"""One row an ordered pair. ``half_life`` is null where nothing reverts, ``corr`` where a leg's changes never vary."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan has found.

    Parameters
    ----------
    table
        SCAN rows in the order of y, then x, as the symbols were given; a column ``persistence`` if it was asked for.
    symbols
        The symbols that were scanned.
    bars
        Bars of the window.
    notes
        What was filled or left out, and why.
    params
        What was asked.
    """

    table: pa.Table
    symbols: tuple[str, ...]
    bars: int
    notes: tuple[Note, ...]
    params: ScanParams

    @property
    def passing(self) -> pa.Table:
        """The rows whose q-value after Benjamini and Hochberg is below ``params.fdr``, the smallest first."""
        return self.table.filter(pc.less(self.table["q_bh"], self.params.fdr)).sort_by("q_bh")

    @property
    def caution(self) -> str:
        """What the number of looks means for the finds, in one sentence."""
        tests = self.table.num_rows
        chance = round(tests * self.params.fdr)
        strict = pc.sum(pc.less(self.table["q_by"], self.params.fdr)).as_py() or 0
        return (
            f"{tests:,} tests: at p < {self.params.fdr:g} some {chance:,} would pass by chance alone, so go by q. "
            f"About {self.params.fdr:.0%} of those that pass (q_bh) are expected to be false if tests depend "
            f"positively; pairs share legs, and {strict:,} pass under any dependence (q_by)."
        )

    def __repr__(self) -> str:
        return (
            f"ScanResult({len(self.symbols)} symbols x {self.bars:,} bars -> {self.table.num_rows:,} ordered pairs, "
            f"{self.passing.num_rows:,} with q_bh < {self.params.fdr:g}; {len(self.notes)} notes)"
        )


def make_result(
    symbols: tuple[str, ...], values: Floats, bars: int, notes: list[Note], params: ScanParams
) -> ScanResult:
    """Make a result from ``(len(STATISTICS), series, series)`` values; NaN statistics are pairs that say nothing."""
    stat = values[STATISTICS.index("coint_stat")]
    is_known = ~np.isnan(stat)
    y, x = np.nonzero(is_known)
    found = values[:, y, x]
    columns: list[pa.Array] = [names_by_code(symbols, y), names_by_code(symbols, x)]
    for name, row in zip(STATISTICS, found, strict=True):
        columns.append(pa.array(row.astype(np.int32)) if name in COUNTS else _nullable(row))
    columns += [pa.array(q) for q in discovery_rates(found[STATISTICS.index("coint_p")])]
    table = pa.Table.from_arrays(columns, schema=SCAN)
    return ScanResult(table, symbols, bars, tuple(notes), params)


def _nullable(values: Floats) -> pa.Array:
    is_missing = np.isnan(values)
    return pa.array(values, mask=is_missing) if is_missing.any() else pa.array(values)


def without_statistic(symbols: tuple[str, ...], first: NDArray[np.int64], second: NDArray[np.int64]) -> list[Note]:
    """Say which pairs have no row; places of their legs, the earlier one first, a pair once or twice."""
    pairs = [f"{symbols[a]}/{symbols[b]}" for a, b in sorted(set(zip(first.tolist(), second.tolist(), strict=True)))]
    if not pairs:
        return []
    text = f"{listing(pairs)} have no row: one leg explains the other but for rounding, or what is left hardly moves"
    return [Note("no statistic", ", ".join(pairs), text)]
