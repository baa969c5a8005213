"""Coarser rows of finer ones: bars of a longer interval, by how each column's values become one. Pure.

A coarser bar is made of whole finer ones: the first open, the highest high, the lowest low, the last close, the sum of
the volumes. It never spans a boundary of its own length in UTC, so it is the bar that interval would have. So coarser
ones of coarser ones are those of the finest, sums to their rounding and everything else to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

__all__ = ["CANDLE", "HIGHEST", "LAST", "LOWEST", "OPENING", "SUM", "Columns", "coarser", "joined"]

Columns = dict[str, np.ndarray]

OPENING, HIGHEST, LOWEST, LAST, SUM = "opening", "highest", "lowest", "last", "sum"
"""How a column of several rows becomes one value; NaN counts for none of them."""

CANDLE: Final = {"open": OPENING, "high": HIGHEST, "low": LOWEST, "close": LAST, "volume": SUM}
"""How the columns of a candle do."""


def coarser(columns: Columns, step_ms: float, how: Mapping[str, str]) -> Columns:
    """Return rows with one for each step in which there is any, its ``ts`` the step's begin.

    Parameters
    ----------
    columns
        ``ts`` in milliseconds, ascending, and the columns named in ``how``, each ``(n,)``.
    step_ms
        Length of a coarser bar.
    how
        How each column's values become one.
    """
    step = np.floor(columns["ts"] / step_ms)
    if not len(step):
        return {"ts": columns["ts"], **{name: columns[name] for name in how}}
    firsts = np.flatnonzero(np.diff(step, prepend=step[0] - 1))
    made = {"ts": step[firsts] * step_ms}
    for name, way in how.items():
        made[name] = _folded(columns[name], firsts, way)
    return made


def _folded(values: np.ndarray, firsts: np.ndarray, way: str) -> np.ndarray:
    is_there = np.isfinite(values)
    if way == SUM:
        total: np.ndarray = np.add.reduceat(np.where(is_there, values, 0.0), firsts)
        return total
    if way in (HIGHEST, LOWEST):
        worst, fold = (-np.inf, np.maximum) if way == HIGHEST else (np.inf, np.minimum)
        found = fold.reduceat(np.where(is_there, values, worst), firsts)
        return np.where(np.isfinite(found), found, np.nan)
    rows = np.arange(len(values))
    if way == OPENING:
        place = np.minimum.reduceat(np.where(is_there, rows, len(values)), firsts)
        return np.where(place < len(values), values[np.minimum(place, len(values) - 1)], np.nan)
    place = np.maximum.reduceat(np.where(is_there, rows, -1), firsts)
    return np.where(place >= firsts, values[place], np.nan)


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the rows of several blocks of the same columns, one after the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
