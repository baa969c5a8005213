"""The sums of products of a window that slides, of every pair at once: what the live scan reads at a fixed lag.

Time is cut into blocks at absolute bar numbers, as in ``stats/sliding.py`` and for its reasons: nothing is ever taken
off, and what comes out depends on the bars in the window alone, not on where the run began. A block's sums are made
once, when all of it and its lags are in the window. Blocks are cut into eras of as many blocks as a window always
holds; the sum over a window's blocks is then the tail of one era, added up backwards, and the head of the next::

      era                                   era
    | block | block | [block | block | block | block | block] | bars so far
             bars left [     tail            |      head    ]

The bars before the first whole block and after the last, and the distances between the blocks' means (Chan, Golub and
LeVeque 1983), are left for the tasks to multiply out: a sixth of the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.columns import lanes_of
from livepairs.scan.kernel_pair import MEAN, OWN, RISE, SQUARE, VARIATION
from livepairs.scan.kernel_products import LANES, TILE
from livepairs.stats.compiled import kernel
from livepairs.stats.elementary import log

__all__ = ["MOST_LAGS", "Products", "SlidingProducts"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

BLOCKS: Final = 12
"""A window holds about so many blocks: more would keep more matrices, fewer leave more bars to multiply each time."""

MOST_LAGS: Final = 8
"""With more lags than these the matrices kept take more memory than a scan is worth; it is made anew at each bar."""


@dataclass(frozen=True, slots=True)
class Products:
    """What every task reads; see ``kernel.scan_products`` for the shapes. Levels are not scaled, as columns are."""

    bars: int
    lines: Floats
    own: Floats
    level_sums: Floats
    lagged_sums: Floats
    levels: Floats
    level_lines: Floats
    changes: Floats
    change_lines: Floats

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.own)


@dataclass(slots=True)
class _Block:
    """A block's sums: ``(1 + lags + 1, series, series)``, levels about the block's mean, then changes by lag.

    ``mean`` is that of the levels, from the block's first level on.
    """

    sums: Floats
    mean: Floats


@kernel("f8[,r]", "f8[,]")
def _logs(closes: Floats, levels: Floats) -> None:
    for one in range(closes.shape[0]):
        for t in range(closes.shape[1]):
            levels[one, t] = log(closes[one, t])


class SlidingProducts:
    """Keeps the sums of the blocks of a window between one bar and the next.

    It is a memory and no more: what is asked for is compared with what is remembered, so any window may be asked for
    at any time, and what comes out is a function of it.

    Parameters
    ----------
    window
        Bars of the window.
    lags
        Lags of the test, at most ``MOST_LAGS``.
    is_log
        Whether prices are regressed as logarithms.
    """

    def __init__(self, window: int, lags: int, *, is_log: bool) -> None:
        self.window = window
        self.lags = lags
        self._is_log = is_log
        self._length = max(1, window // BLOCKS)
        # Wherever a window begins, so many whole blocks are in it, with their lags and the change before them.
        self._era = max(0, (window - lags - self._length) // self._length)
        self.forget()

    def forget(self) -> None:
        """Forget everything; nothing that comes out depends on it."""
        self._end = 0
        self._closes: Floats = np.empty((0, 0))
        self._levels: Floats = np.empty((0, 0))
        self._blocks: dict[int, _Block] = {}
        self._tails: dict[int, Floats] = {}
        self._head: tuple[int, Floats] | None = None

    def products(self, closes: Floats, end: int) -> Products:
        """Return what the tasks read of a window.

        Parameters
        ----------
        closes
            ``(series, window)``, finite, none of them constant; positive if logs are asked for.
        end
            Absolute number of the bar after the last.
        """
        self._take(closes, end)
        series, bars = closes.shape
        lines, own = self._own()
        first = end - bars
        whole = self._whole_blocks()
        sums = self._sum_of(whole, first)
        places = self._bars_left(whole, first)
        padded = -(-series // LANES) * LANES
        level_sums = np.zeros((series, padded))
        lagged_sums = np.zeros((self.lags + 1, series, padded))
        if sums is not None:
            level_sums[:, :series] = sums[0]
            lagged_sums[:, :, :series] = sums[1:]
        level_lines = self._levels_left(lines, places, whole, first)
        change_lines = [_changes(lines, places - lag) for lag in range(self.lags + 1)]
        auto = own[:, len(OWN) :]
        for lag, before in enumerate(change_lines):
            within = np.diagonal(lagged_sums[lag, :, :series])
            auto[:, lag] = 0.5 * within + np.einsum("st,st->s", change_lines[0], before)
        own[:, VARIATION] = np.maximum(auto[:, 0] - own[:, RISE] * own[:, RISE] / (bars - 1), 0.0)
        return Products(
            bars, lines, own, level_sums, lagged_sums,
            _tiles(level_lines), level_lines,
            np.concatenate([_tiles(part) for part in change_lines]), np.concatenate(change_lines),
        )  # fmt: skip

    def _own(self) -> tuple[Floats, Floats]:
        """Return the levels about their means, and what is known of each series alone but for its changes."""
        start = self._levels[:, :1]
        lines = self._levels - start
        mean = lines.mean(axis=1, keepdims=True)
        lines -= mean
        rest = lines.mean(axis=1, keepdims=True)
        lines -= rest
        own = np.ones((len(lines), len(OWN) + self.lags + 1))
        own[:, MEAN] = (start + (mean + rest))[:, 0]
        own[:, SQUARE] = np.einsum("st,st->s", lines, lines)
        own[:, RISE] = lines[:, -1] - lines[:, 0]
        return lines, own

    def _take(self, closes: Floats, end: int) -> None:
        """Note the window's levels; those of bars that were there before need not be made again."""
        step = end - self._end
        known = self._closes
        is_next = known.shape == closes.shape and 0 <= step < self.window
        if not (is_next and np.array_equal(known[:, step:], closes[:, : self.window - step])):
            self.forget()
            step = closes.shape[1]
        fresh = np.ascontiguousarray(closes[:, closes.shape[1] - step :])
        made = fresh.copy()
        if self._is_log and step:
            _logs(fresh, made)
        kept = self._levels[:, step:] if len(self._levels) else np.empty((len(closes), 0))
        self._levels = np.concatenate([kept, made], axis=1)
        self._closes = closes.copy()
        self._end = end

    def _whole_blocks(self) -> range:
        """Return the numbers of the window's whole blocks, always as many, the latest there are."""
        after = self._end // self._length
        return range(after - self._era, after)

    def _bars_left(self, whole: range, first: int) -> Places:
        """Return the places in the window of the bars that are in no whole block."""
        places = np.arange(self._end - first)
        if not whole:
            return places
        is_left = (places + first < whole.start * self._length) | (places + first >= whole.stop * self._length)
        return np.flatnonzero(is_left)

    def _levels_left(self, lines: Floats, places: Places, whole: range, first: int) -> Floats:
        """Return the levels that are in no whole block, and those of the blocks' means by the root of their bars."""
        rows = [np.take(lines, places, axis=1)]
        for number in whole:
            away = lines[:, number * self._length - first] + self._blocks[number].mean
            rows.append((math.sqrt(self._length) * away)[:, None])
        return _filled_up(np.concatenate(rows, axis=1))

    def _sum_of(self, whole: range, first: int) -> Floats | None:
        """Return the sums over the whole blocks; None if there are none."""
        for number in [number for number in self._blocks if number not in whole]:
            del self._blocks[number]
            self._tails.pop(number, None)
        if not whole:
            return None
        for number in whole:
            if number not in self._blocks:
                self._blocks[number] = self._make(number, first)
        border = whole.stop // self._era * self._era
        head = self._head_upto(range(border, whole.stop))
        tail = self._tail_from(range(whole.start, border))
        if head is None or tail is None:
            return head if tail is None else tail
        return tail + head

    def _make(self, number: int, first: int) -> _Block:
        start = number * self._length - first
        stop = start + self._length
        away = self._levels[:, start:stop] - self._levels[:, start : start + 1]
        mean = away.mean(axis=1)
        away -= mean[:, None]
        places = np.arange(start, stop)
        sums = np.stack([away @ away.T, *(_lagged(self._levels, places, lag) for lag in range(self.lags + 1))])
        return _Block(sums, mean)

    def _head_upto(self, numbers: range) -> Floats | None:
        """Return the sum over the first blocks of an era."""
        if not numbers:
            return None
        if self._head is not None and self._head[0] == numbers[-1]:
            return self._head[1]
        total = self._blocks[numbers[0]].sums
        rest = numbers[1:]
        if self._head is not None and self._head[0] in rest:
            at = rest.index(self._head[0])
            total, rest = self._head[1], rest[at + 1 :]
        for number in rest:
            total = total + self._blocks[number].sums
        self._head = numbers[-1], total
        return total

    def _tail_from(self, numbers: range) -> Floats | None:
        """Return the sum over the last blocks of an era, added up from its end."""
        if not numbers:
            return None
        if numbers[0] not in self._tails:
            total = self._blocks[numbers[-1]].sums
            self._tails[numbers[-1]] = total
            for number in reversed(numbers[:-1]):
                total = total + self._blocks[number].sums
                self._tails[number] = total
        return self._tails[numbers[0]]


def _lagged(levels: Floats, places: Places, lag: int) -> Floats:
    """Return the sum over bars of dy_t dx_(t-lag) + dx_t dy_(t-lag), for every two series."""
    product: Floats = _changes(levels, places) @ _changes(levels, places - lag).T
    return product + product.T


def _changes(levels: Floats, places: Places) -> Floats:
    """Return the changes that end at places; 0 where a window has none."""
    after = np.maximum(places, 1)
    changes: Floats = np.take(levels, after, axis=1) - np.take(levels, after - 1, axis=1)
    changes[:, places < 1] = 0.0
    return _filled_up(changes)


def _filled_up(rows: Floats) -> Floats:
    """Return rows with zeros after them, so that they are cut into tiles without a rest."""
    surplus = -rows.shape[1] % TILE
    return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, surplus))) if surplus else rows)


def _tiles(rows: Floats) -> Floats:
    return lanes_of(rows.reshape(len(rows), -1, TILE))
