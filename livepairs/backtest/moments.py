"""Equity returns of many parameter sets, kept as sums over spans of time: all that Sharpe ratios of any part need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livepairs.backtest.rows import Floats

__all__ = ["Moments", "sharpe_of"]

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of returns by parameter set and span.

    Parameters
    ----------
    edges
        Spans on the axis of observations, ``(s + 1,)``: span i holds those from ``edges[i]`` to before
        ``edges[i + 1]``.
    sums, squares
        Of the returns and of their squares, ``(sets, s)``.
    """

    edges: Counts
    sums: Floats
    squares: Floats

    def sharpe(self, chosen: npt.NDArray[np.bool_]) -> Floats:
        """Return each set's Sharpe ratio per observation over the chosen spans, ``(sets,)``; NaN without variance."""
        count = int(np.diff(self.edges)[chosen].sum())
        return sharpe_of(count, self.sums[:, chosen].sum(axis=1), self.squares[:, chosen].sum(axis=1))

    def within(self, first: int, end: int) -> npt.NDArray[np.bool_]:
        """Return which spans lie between two observations."""
        return np.asarray((self.edges[:-1] >= first) & (self.edges[1:] <= end))


def sharpe_of(count: int, sums: Floats, squares: Floats) -> Floats:
    """Return mean / standard deviation (ddof 1) of returns from their sums; NaN without variance or two returns."""
    if count < 2:
        return np.full(np.shape(sums), np.nan)
    mean = sums / count
    variance = (squares - sums * mean) / (count - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0.0, mean / np.sqrt(np.maximum(variance, 0.0)), np.nan)
