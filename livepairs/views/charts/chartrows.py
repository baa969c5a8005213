"""Which bars a window is drawn with: exact ones where they have room, coarser ones where they have not. Pure.

A coarser bar is made of whole finer ones: the first open, the highest high, the lowest low, the last close, the sum of
the volumes. It never spans a boundary of its own length in UTC, so it is the bar that interval would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from livepairs.views.columns import Columns

__all__ = [
    "HIGHEST", "LAST", "LOWEST", "OPENING", "PIXELS_A_BAR", "SUM", "coarser", "joined", "length_name", "step_for",
]  # fmt: skip

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_STEPS: Final = (
    *(size * 100_000 for size in (1, 2, 5)),
    *(size * _SECOND for size in (1, 2, 5, 10, 15, 30)),
    *(size * _MINUTE for size in (1, 2, 5, 10, 15, 30)),
    *(size * _HOUR for size in (1, 2, 4, 6, 12, 24)),
)
PIXELS_A_BAR: Final = 1.25
"""Bars closer than this cannot be told apart."""

OPENING, HIGHEST, LOWEST, LAST, SUM = "opening", "highest", "lowest", "last", "sum"
"""How a column of several rows becomes one value; NaN counts for none of them."""


def step_for(span_us: float, interval_us: int, pixels: float) -> int:
    """Return the length of the bars to draw a window with: the shortest that has room, in microseconds.

    Examples
    --------
    >>> step_for(300e6, 1_000_000, 900), step_for(86_400e6, 1_000_000, 900), step_for(86_400e6, 60_000_000, 2000)
    (1000000, 120000000, 60000000)
    """
    steps = [interval_us, *(step for step in _STEPS if step > interval_us and step % interval_us == 0)]
    return next((step for step in steps if span_us * PIXELS_A_BAR <= pixels * step), steps[-1])


def length_name(step_us: int) -> str:
    """Return what bars of a length are called.

    Examples
    --------
    >>> length_name(1_000_000), length_name(7_200_000_000), length_name(100_000)
    ('1 s', '2 h', '0.1 s')
    """
    for unit, size in (("d", 24 * _HOUR), ("h", _HOUR), ("min", _MINUTE)):
        if step_us >= size and step_us % size == 0:
            return f"{step_us // size} {unit}"
    return f"{step_us / _SECOND:g} s"


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
