"""What one scan has found, as the jobs gave it: the numbers at once, the table of all pairs for whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.discovery import discovered
from livepairs.scan.kernel import count_crossings
from livepairs.scan.kernel_pair import SCALE, STATISTICS
from livepairs.scan.params import ScanParams
from livepairs.scan.result import ScanResult, make_result, without_statistic
from livepairs.scan.tasks import Work, collect, jobs_of, pairs_of
from livepairs.scan.universe import Note

__all__ = ["Found"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan has found.

    Parameters
    ----------
    symbols
        What was scanned.
    work
        What the jobs read.
    parts
        What they gave, in their order.
    notes
        What was filled or left out.
    params
        What was asked.
    """

    symbols: tuple[str, ...]
    work: Work
    parts: Sequence[Floats]
    notes: tuple[Note, ...]
    params: ScanParams

    def pairs(self, *names: str) -> tuple[Ints, Ints, dict[str, Floats]]:
        """Return the ordered pairs that have a statistic, in no order that means anything.

        Parameters
        ----------
        *names
            Statistics that are wanted, as in ``STATISTICS``. Crossings are NaN where a window's products were slid,
            for they cost more than all else; ``result`` counts them.

        Returns
        -------
        tuple
            Places of y and of x in ``symbols``, and the statistics by name; ``(pairs,)`` each.
        """
        y, x = pairs_of(len(self.symbols))
        kept = np.flatnonzero(~np.isnan(self._flat("coint_stat")))
        return y[kept], x[kept], {name: self._flat(name)[kept] for name in names}

    def discovered(self, fdr: float) -> tuple[Ints, Ints]:
        """Return places of y and of x of the ordered pairs whose q-value (Benjamini and Hochberg) is below ``fdr``."""
        p = self._flat("coint_p")
        tested = np.flatnonzero(~np.isnan(p))
        passing = tested[np.flatnonzero(discovered(p[tested], fdr))]
        y, x = pairs_of(len(self.symbols))
        return y[passing], x[passing]

    def _flat(self, name: str) -> Floats:
        row = STATISTICS.index(name)
        return np.concatenate([part[row].ravel() for part in self.parts])

    def all_notes(self) -> tuple[Note, ...]:
        """Return the notes, and which pairs have no statistic."""
        y, x = pairs_of(len(self.symbols))
        missing = np.flatnonzero(np.isnan(self._flat("coint_stat")) & (y >= 0))
        first, second = np.minimum(y, x)[missing], np.maximum(y, x)[missing]
        return (*self.notes, *without_statistic(self.symbols, first, second))

    def result(self) -> ScanResult:
        """Return the table of all pairs."""
        values = collect(len(self.symbols), jobs_of(len(self.symbols)), list(self.parts))
        self._count(values)
        return make_result(self.symbols, values, self.work.bars, list(self.all_notes()), self.params)

    def _count(self, values: Floats) -> None:
        """Count the crossings that are missing."""
        crossings = values[STATISTICS.index("crossings")]
        y, x = np.nonzero(np.isnan(crossings) & ~np.isnan(values[STATISTICS.index("coint_stat")]))
        if len(y) == 0:
            return
        scale = self.work.own[:, SCALE]
        slopes = values[STATISTICS.index("beta")][y, x] * (scale[x] / scale[y])
        counts = np.empty(len(y))
        count_crossings(self.work.lines, np.column_stack([y, x]), slopes, counts)
        crossings[y, x] = counts
