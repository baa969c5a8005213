"""Sums of per-bar equity returns, in one order for the backtest and the sweep, so that both have the same bits.

Flat bars return nothing, so only the equities that may differ from the one before are kept: a *tape* that begins with
the capital and holds each close in a position and the close after it. Its returns are summed in lanes, the k-th return
of the tape in lane ``k % LANES``, because a processor adds many lanes in one step and a single sum only one by one.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.stats.compiled import kernel, part

__all__ = ["LANES", "add_rows", "sum_lanes", "sum_tape"]

Numbers = MutableSequence[float]

LANES: Final = 64


@part
def add_rows(tape: Sequence[float], count: int, sums: Numbers, squares: Numbers) -> int:
    """Add the returns of as many whole rows of lanes as the tape has, and return how many returns that were.

    Parameters
    ----------
    tape
        Equities; the first ``count`` are valid, at least one.
    count
        How many.
    sums, squares
        Of the returns and of their squares by lane, ``(LANES,)``.
    """
    rows = (count - 1) // LANES
    for row in range(rows):
        before = tape[row * LANES : row * LANES + LANES]
        after = tape[row * LANES + 1 : row * LANES + 1 + LANES]
        for lane in range(len(before)):
            base = before[lane]
            made = after[lane] / (base if base != 0.0 else 1.0) - 1.0
            sums[lane] += made
            squares[lane] += made * made
    return rows * LANES


@part
def sum_lanes(
    tape: Sequence[float], count: int, sums: Sequence[float], squares: Sequence[float]
) -> tuple[float, float]:
    """Return the sums of all lanes, with those returns that are left on the tape: fewer than a row."""
    total = 0.0
    total_squares = 0.0
    for lane in range(LANES):
        made = 0.0
        if lane + 1 < count:
            base = tape[lane]
            made = tape[lane + 1] / (base if base != 0.0 else 1.0) - 1.0
        total += sums[lane] + made
        total_squares += squares[lane] + made * made
    return total, total_squares


@kernel("f8[r]", "f8[]", "f8[]", checks_division=False)
def sum_tape(tape: Sequence[float], lanes: Numbers, made: Numbers) -> None:
    """Write the sum of a tape's returns and of their squares.

    Parameters
    ----------
    tape
        Equities, at least one.
    lanes
        Zeros, ``(2 * LANES,)``.
    made
        Receives the two sums.
    """
    done = add_rows(tape, len(tape), lanes[:LANES], lanes[LANES:])
    left = tape[done:]
    made[0], made[1] = sum_lanes(left, len(left), lanes[:LANES], lanes[LANES:])
