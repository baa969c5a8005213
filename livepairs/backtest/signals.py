"""The signals of a sweep: for each level of the grid, the bars at which z says enter, leave or calm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from livepairs.backtest.kernel_signals import LOW_BITS, SEQUENCE, SHIFT, WORD
from livepairs.backtest.rows import Floats

__all__ = ["PLACES", "Signals", "pack_bits", "signals_of"]

Words = npt.NDArray[np.int64]


def _places() -> Words:
    places = np.empty(WORD, dtype=np.int64)
    for bit in range(WORD):
        places[((SEQUENCE << bit) & LOW_BITS) >> SHIFT] = bit
    return places


PLACES: Final = _places()
"""What ``next_bar`` takes as ``places``."""


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of some parameter sets.

    Parameters
    ----------
    words
        ``(count * words,)``; the first signal is "the row is ready".
    count
        How many signals there are.
    entry, exit
        For each set, which signal enters, and which leaves a short spread: the next leaves a long one, and the one
        after that ends a lock.
    """

    words: Words
    count: int
    entry: Words
    exit: Words


def pack_bits(is_true: npt.NDArray[np.bool_]) -> Words:
    """Return the words of a signal, a word more than the bars fill."""
    bits = np.packbits(is_true, bitorder="little")
    words = np.zeros(len(is_true) // WORD + 1, dtype=np.uint32)
    words.view(np.uint8)[: len(bits)] = bits
    return words.astype(np.int64)


def signals_of(z: Floats, entry_z: Floats, ready: npt.NDArray[Any], levels: Floats) -> Signals:
    """Return the signals of parameter sets.

    Parameters
    ----------
    z, entry_z, ready
        As ``Scores`` has them.
    levels
        Entry, exit and stop of each set, ``(m, 3)``.
    """
    made = [pack_bits(ready != 0.0)]
    distance = np.abs(entry_z)
    stops = {stop: _stopped(z, distance, stop) for stop in np.unique(levels[:, 2]).tolist()}
    reached = {entry: pack_bits(distance >= entry) for entry in np.unique(levels[:, 0]).tolist()}
    back = {leave: (pack_bits(z <= leave), pack_bits(z >= -leave)) for leave in np.unique(levels[:, 1]).tolist()}
    entries: dict[tuple[float, float], int] = {}
    exits: dict[tuple[float, float], int] = {}
    for entry, leave, stop in levels.tolist():
        above, below, within = stops[stop]
        if (entry, stop) not in entries:
            entries[entry, stop] = len(made)
            made.append(reached[entry] & within)
        if (leave, stop) not in exits:
            exits[leave, stop] = len(made)
            short, long = back[leave]
            made += [short | above, long | below, short & long]
    places = [(entries[entry, stop], exits[leave, stop]) for entry, leave, stop in levels.tolist()]
    entry_of, exit_of = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return Signals(np.concatenate(made), len(made), entry_of, exit_of)


def _stopped(z: Floats, distance: Floats, stop: float) -> tuple[Words, Words, Words]:
    """Return where a short spread is stopped, where a long one, and where one may be entered."""
    return pack_bits(z >= stop), pack_bits(z <= -stop), pack_bits(distance < stop)
