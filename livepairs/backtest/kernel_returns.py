"""Sums of per-bar equity returns, in one order for the backtest and the sweep, so that both have the same bits.

Flat bars return nothing, so only the returns of positions are added, each in a lane: the k-th of a position in lane
``k % LANES``, because a processor adds many lanes in one step and a single sum only one by one. The return of the bar
that left the position has a sum of its own.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

import numpy as np

from livepairs.stats.compiled import kernel, part

__all__ = ["LANES", "STEP", "WEIGHTS", "add_returns", "return_of", "sum_bars", "total"]

Numbers = MutableSequence[float]

LANES: Final = 32

STEP: Final = 8
"""Returns of a step; more than a position has are taken in vain."""

WEIGHTS: Final = np.repeat([1.0, 0.0], [LANES, STEP])
"""What a return counts, and one beyond the position: a product where a branch would cost more."""


@part
def return_of(before: float, after: float) -> float:
    """Return ``after / before - 1``; before an equity of zero, of which nobody asks for returns, some number."""
    return after / (before if before != 0.0 else 1.0) - 1.0


@part
def add_returns(
    marks: Sequence[float], flat: float, held: int, weights: Sequence[float], sums: Numbers, squares: Numbers
) -> None:
    """Add the returns of a position while it is held.

    Parameters
    ----------
    marks
        Equity less ``flat``: before the position, then at each close in it, then ``STEP`` that count nothing.
    flat
        What all marks lack.
    held
        Returns to add.
    weights
        ``WEIGHTS``.
    sums, squares
        Of the returns and of their squares by lane, ``(LANES,)``.
    """
    for first in range(0, held, LANES):
        left = min(held - first, LANES)
        # Steps of a vector's length, with no rest; what goes beyond counts nothing.
        steps = (left + STEP - 1) // STEP * STEP
        before = marks[first : first + steps]
        after = marks[first + 1 : first + steps + 1]
        counts = weights[LANES - left : LANES - left + steps]
        for lane in range(steps):
            made = return_of(flat + before[lane], flat + after[lane]) * counts[lane]
            sums[lane] += made
            squares[lane] += made * made


@part
def total(lanes: Sequence[float]) -> float:
    """Return the sum of all lanes."""
    made = 0.0
    for lane in range(LANES):
        made += lanes[lane]
    return made


@kernel("f8[r]", "f8[r]", "f8[r]", "f8[]", "f8[]", "f8[]", checks_division=False)
def sum_bars(
    equity: Sequence[float],
    position: Sequence[float],
    weights: Sequence[float],
    sums: Numbers,
    squares: Numbers,
    made: Numbers,
) -> None:
    """Write the sum of all per-bar equity returns and of their squares.

    Parameters
    ----------
    equity
        At each close, ``(n + STEP,)``.
    position
        Zero where flat, ``(n,)``.
    weights
        ``WEIGHTS``.
    sums, squares
        Zeros, ``(LANES,)``.
    made
        Receives the two sums.
    """
    made[0] = 0.0
    made[1] = 0.0
    bar = 1
    while bar < len(position):
        # A position that the end of the data closed within its first bar shows by its costs alone.
        if position[bar] != 0.0 or equity[bar] != equity[bar - 1]:
            first = bar - 1
            while bar < len(position) and position[bar] != 0.0:
                bar += 1
            add_returns(equity[first:], 0.0, bar - 1 - first, weights, sums, squares)
            left = return_of(equity[bar - 1], equity[bar]) if bar < len(position) else 0.0
            made[0] += left
            made[1] += left * left
        bar += 1
    made[0] += total(sums)
    made[1] += total(squares)
