"""Bars at which something is true, as bits: to leap to the next of them without looking at those between.

A signal is a row of words of 32 bars, the lowest bit first, in 64-bit integers. The next bar is found with two
multiplications at most for near ones and a word a step for far ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from livepairs.stats.compiled import part

__all__ = ["WORD", "next_bar"]

WORD: Final = 32

# The top five bits of a power of two times this number tell which power it was (Leiserson, Prokop and Randall, 1998).
SEQUENCE: Final = 0x077CB531
SHIFT: Final = 27
LOW_BITS: Final = 0xFFFFFFFF


@part
def next_bar(words: Sequence[int], places: Sequence[int], first: int, bar: int, end: int) -> int:
    """Return the first bar from ``bar`` on that a signal has, or ``end`` if there is none before that.

    Parameters
    ----------
    words
        Signals, one after the other.
    places
        Which bit a power of two is, by the top five bits of its product with the sequence, ``(32,)``.
    first
        Where the signal's words begin.
    bar, end
        Where to look.
    """
    if bar >= end:
        return end
    word = bar >> 5
    bits = words[first + word] >> (bar & 31)
    base = bar
    last = (end - 1) >> 5
    while bits == 0 and word < last:
        word += 1
        bits = words[first + word]
        base = word << 5
    if bits == 0:
        return end
    return min(end, base + places[(((bits & -bits) * SEQUENCE) & LOW_BITS) >> SHIFT])
