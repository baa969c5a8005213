"""Spoils the order of aggregated trades on the wire, while the book keeps the truth.

Places (see ``book``) go in as they become due, and come out as they are to be sent: some left out, held back, turned
round or sent twice.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tampering"]

Places = NDArray[np.int64]

_PATIENCE_US: Final = 5_000_000
"""How long trades wait for others to be turned round with, before they go alone."""

_NONE: Final[Places] = np.empty(0, np.int64)


class Tampering:
    """What is still to be done to the trades to come, symbol by symbol; nothing at first."""

    def __init__(self) -> None:
        self._to_skip: Counter[str] = Counter()
        self._to_repeat: Counter[str] = Counter()
        self._to_turn: Counter[str] = Counter()
        self._turning: dict[str, tuple[int, Places]] = {}
        self._to_hold: dict[str, tuple[int, int]] = {}
        self._held: list[tuple[int, str, Places]] = []

    def skip(self, symbol: str, count: int) -> None:
        """Never send the next trades."""
        self._to_skip[symbol] += count

    def repeat(self, symbol: str, count: int) -> None:
        """Send the last trades once more after the next ones."""
        self._to_repeat[symbol] += count

    def turn(self, symbol: str, count: int) -> None:
        """Send the next trades in one go, the last first."""
        self._to_turn[symbol] += count

    def hold(self, symbol: str, count: int, until_us: int) -> None:
        """Send the next trades not before a time of the venue, after those that came later."""
        self._to_hold[symbol] = (count, until_us)

    @property
    def is_holding(self) -> bool:
        """Whether trades that are due were held back and are still to be sent."""
        return bool(self._held or self._turning)

    def order(self, symbol: str, start: int, end: int, now_us: int) -> Places:
        """Return the places to send now, of which those from ``start`` up to but without ``end`` are due."""
        places: Places = np.arange(start, end)
        if end > start:
            skipped = min(self._to_skip[symbol], end - start)
            self._to_skip[symbol] -= skipped
            places = self._kept(symbol, places[skipped:])
            places = self._turned(symbol, places, now_us)
            if len(places) and self._to_repeat[symbol]:
                again = np.arange(max(0, end - self._to_repeat.pop(symbol)), end)
                places = np.concatenate([places, again])
        elif symbol in self._turning and now_us - self._turning[symbol][0] >= _PATIENCE_US:
            self._to_turn[symbol] = 0
            places = self._turning.pop(symbol)[1][::-1]
        released = [entry for entry in self._held if entry[1] == symbol and entry[0] <= now_us]
        if released:
            self._held = [entry for entry in self._held if not (entry[1] == symbol and entry[0] <= now_us)]
            places = np.concatenate([places, *(held for _, _, held in released)])
        return places

    def _kept(self, symbol: str, places: Places) -> Places:
        count, until_us = self._to_hold.get(symbol, (0, 0))
        if not count or not len(places):
            return places
        self._held.append((until_us, symbol, places[:count]))
        self._to_hold[symbol] = (max(0, count - len(places)), until_us)
        return places[count:]

    def _turned(self, symbol: str, places: Places, now_us: int) -> Places:
        """Gather as many places as are to be turned round; until there are, nothing overtakes them."""
        wanted = self._to_turn[symbol]
        if not wanted:
            return places
        since_us, gathered = self._turning.pop(symbol, (now_us, _NONE))
        gathered = np.concatenate([gathered, places])
        if len(gathered) < wanted:
            self._turning[symbol] = since_us, gathered
            return _NONE
        self._to_turn[symbol] = 0
        return np.concatenate([gathered[:wanted][::-1], gathered[wanted:]])
