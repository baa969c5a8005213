"""The sums of products of a window that slides, of every pair at once: what the live scan reads at a fixed lag.

Time is cut into blocks at absolute bar numbers, as in ``stats/sliding.py`` and for its reasons: nothing is ever taken
off, and what comes out depends on the bars in the window alone, not on where the run began. A block's sums are made
once, when all of it and its lags are in the window. Blocks are cut into eras of as many blocks as a window always
holds; the sum over a window's blocks is then the tail of one era, added up backwards, and the head of the next::

      era                                   era
    | block | block | [block | block | block | block | block] | bars so far
             bars left [     tail            |      head    ]

The bars before the first whole block and after the last, and the distances between the blocks' means (Chan, Golub and
LeVeque 1983), are multiplied out at each bar: a sixth of the window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.kernel_pair import MEAN, OWN, RISE, SQUARE, VARIATION
from livepairs.scan.kernel_products import LANES
from livepairs.stats.compiled import kernel
from livepairs.stats.elementary import log

__all__ = ["MOST_LAGS", "Products", "SlidingProducts"]

Floats = NDArray[np.float64]

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
        # Closes and levels lie in twice the room they need, to be moved once in a window and not at every bar.
        self._room: Floats = np.empty((2, 0, 0))
        self._begin = 0
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
        sums = np.empty((1 + self.lags + 1, series, -(-series // LANES) * LANES))
        sums[:, :, series:] = 0.0
        known = sums[:, :, :series]
        self._sum_into(known, whole, first)
        spans = self._bars_left(whole, first)
        left = self._levels_left(lines, spans, whole, first)
        known[0] += left @ left.T
        _add_lagged(known[1:], lines, spans)
        own[:, len(OWN) :] = 0.5 * np.diagonal(known[1:], axis1=1, axis2=2).T
        own[:, VARIATION] = np.maximum(own[:, len(OWN)] - own[:, RISE] * own[:, RISE] / (bars - 1), 0.0)
        return Products(bars, lines, own, sums[0], sums[1:])

    def _own(self) -> tuple[Floats, Floats]:
        """Return the levels about their means, and what is known of each series alone but for its changes."""
        start = self._levels[:, :1]
        lines = np.empty(self._levels.shape)
        own = np.ones((len(lines), len(OWN) + self.lags + 1))
        # Some at a time, so that they stay in the cache from one step to the next.
        for some in (slice(at, at + LANES) for at in range(0, len(lines), LANES)):
            part = np.subtract(self._levels[some], start[some], out=lines[some])
            mean = part.mean(axis=1, keepdims=True)
            part -= mean
            rest = part.mean(axis=1, keepdims=True)
            part -= rest
            own[some, MEAN] = (start[some] + (mean + rest))[:, 0]
            own[some, SQUARE] = np.einsum("st,st->s", part, part)
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
            self._room = np.empty((2, len(closes), 2 * step))
        fresh = np.ascontiguousarray(closes[:, closes.shape[1] - step :])
        made = fresh.copy()
        if self._is_log and step:
            _logs(fresh, made)
        self._append(np.stack([fresh, made]))
        self._end = end

    def _append(self, fresh: Floats) -> None:
        """Add closes and levels after those there are, of which as many are dropped from the window's start."""
        kept = self.window - fresh.shape[2]
        if self._begin + self.window + fresh.shape[2] > self._room.shape[2]:
            self._room[:, :, :kept] = self._room[:, :, self._begin + self.window - kept :][:, :, :kept].copy()
            self._begin = -fresh.shape[2]
        self._begin += fresh.shape[2]
        window = self._room[:, :, self._begin : self._begin + self.window]
        window[:, :, kept:] = fresh
        self._closes, self._levels = window

    def _whole_blocks(self) -> range:
        """Return the numbers of the window's whole blocks, always as many, the latest there are."""
        after = self._end // self._length
        return range(after - self._era, after)

    def _bars_left(self, whole: range, first: int) -> list[range]:
        """Return the places in the window of the bars that are in no whole block."""
        bars = self._end - first
        if not whole:
            return [range(bars)]
        return [range(whole.start * self._length - first), range(whole.stop * self._length - first, bars)]

    def _levels_left(self, lines: Floats, spans: Sequence[range], whole: range, first: int) -> Floats:
        """Return the levels that are in no whole block, and those of the blocks' means by the root of their bars."""
        rows = [lines[:, span.start : span.stop] for span in spans]
        for number in whole:
            away = lines[:, number * self._length - first] + self._blocks[number].mean
            rows.append((math.sqrt(self._length) * away)[:, None])
        return np.concatenate(rows, axis=1)

    def _sum_into(self, sums: Floats, whole: range, first: int) -> None:
        """Write the sums over the whole blocks."""
        for number in [number for number in self._blocks if number not in whole]:
            del self._blocks[number]
            self._tails.pop(number, None)
        for number in whole:
            if number not in self._blocks:
                self._blocks[number] = self._make(number, first)
        border = whole.stop // self._era * self._era if whole else 0
        tail, head = self._tail_from(range(whole.start, border)), self._head_upto(range(border, whole.stop))
        np.add(0.0 if tail is None else tail, 0.0 if head is None else head, out=sums)

    def _make(self, number: int, first: int) -> _Block:
        start = number * self._length - first
        stop = start + self._length
        away = self._levels[:, start:stop] - self._levels[:, start : start + 1]
        mean = away.mean(axis=1)
        away -= mean[:, None]
        sums = np.zeros((1 + self.lags + 1, len(away), len(away)))
        sums[0] = away @ away.T
        _add_lagged(sums[1:], self._levels, [range(start, stop)])
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


def _add_lagged(sums: Floats, levels: Floats, spans: Sequence[range]) -> None:
    """Add the sum over bars of dy_t dx_(t-lag) + dx_t dy_(t-lag), for every two series and each lag."""
    changes = _changes(levels, spans, 0)
    for lag in range(len(sums)):
        product = changes @ (_changes(levels, spans, lag) if lag else changes).T
        sums[lag] += product
        sums[lag] += product.T if lag else product  # which is its own transpose


def _changes(levels: Floats, spans: Sequence[range], lag: int) -> Floats:
    """Return the changes that end ``lag`` bars before those in spans; 0 where a window has none."""
    changes = np.zeros((len(levels), sum(map(len, spans))))
    end = 0
    for span in spans:
        end += len(span)
        first, last = max(span.start - lag, 1), span.stop - lag
        if first < last:
            into = changes[:, end - (last - first) : end]
            np.subtract(levels[:, first:last], levels[:, first - 1 : last - 1], out=into)
    return changes
