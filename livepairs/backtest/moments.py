"""Equity returns of many parameter sets, kept as sums over spans of time: all that Sharpe ratios of any part need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from livepairs.backtest import kernel_returns
from livepairs.backtest.rows import Floats

__all__ = ["Moments", "returns_of", "sharpe_of", "sums_of_bars", "sums_of_daily"]

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


def returns_of(equity: Floats) -> Floats:
    """Return the returns between equities along the last axis, which is one shorter."""
    with np.errstate(invalid="ignore", divide="ignore"):
        made: Floats = equity[..., 1:] / equity[..., :-1] - 1.0
    return made


def sums_of_daily(returns: Floats) -> tuple[Floats, Floats]:
    """Return the sums of daily returns and of their squares along the last axis."""
    return returns.sum(axis=-1), (returns * returns).sum(axis=-1)


def sums_of_bars(equity: Floats, position: npt.NDArray[np.int8]) -> tuple[Floats, Floats]:
    """Return the sums of per-bar equity returns and of their squares, two numbers; ``position`` is zero where flat."""
    made, lanes = np.empty(2), np.zeros((2, kernel_returns.LANES))
    padded = np.concatenate([equity, np.zeros(kernel_returns.STEP)])
    kernel_returns.sum_bars(padded, position.astype(np.float64), kernel_returns.WEIGHTS, *lanes, made)
    return made[0], made[1]


def sharpe_of(count: int, sums: Floats, squares: Floats) -> Floats:
    """Return mean / standard deviation (ddof 1) of returns from their sums; NaN without variance or two returns."""
    if count < 2:
        return np.full(np.shape(sums), np.nan)
    mean = sums / count
    variance = (squares - sums * mean) / (count - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0.0, mean / np.sqrt(np.maximum(variance, 0.0)), np.nan)
