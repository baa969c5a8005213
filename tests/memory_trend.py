"""Tells a leak from noise in what a process says it has in use."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

__all__ = ["growth"]


def growth(samples: Sequence[tuple[float, int]]) -> float:
    """Return by how much memory grows, bytes a minute.

    Of each minute the least counts: what is held for a moment (a segment being sealed, a burst being fetched) comes on
    top of it and goes again. Of those the median slope between any two, after Theil and Sen, which no single odd minute
    moves.

    Parameters
    ----------
    samples
        Minute and bytes in use, in any order; several a minute, for two minutes or more.
    """
    least: dict[int, int] = {}
    for minute, size in samples:
        least[int(minute)] = min(size, least.get(int(minute), size))
    return median((b - a) / (after - before) for (before, a), (after, b) in combinations(sorted(least.items()), 2))
