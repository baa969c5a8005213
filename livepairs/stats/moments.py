"""Sliding means and co-moments of whole batches of bars: what the streams of a window stand on.

The arithmetic is ``sliding.slide``; this file only carries its state from batch to batch. So a stream's value depends
on the bars in its window and their absolute numbers, never on where the run began or how it was cut.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, two_series
from livepairs.stats.compiled import kernel
from livepairs.stats.sliding import moments_size, slide, slider_size, triangle

__all__ = ["LegsWindow", "Moments", "SlidingMoments"]


@kernel("f8[]", "i8", "i8", "i8", "i8", "f8[r]", "f8[]")
def _slide_rows(
    state: MutableSequence[float],
    d: int,
    window: int,
    vector: int,
    first_bar: int,
    rows: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """Slide over ``(n, d)`` rows and write each one's moments, NaN while the window is not full."""
    result = vector + d
    size = 2 * d + d * (d + 1) // 2
    for row in range(len(rows) // d):
        for a in range(d):
            state[vector + a] = rows[row * d + a]
        is_full = slide(state, 0, d, window, first_bar + row, vector, result)
        for a in range(size):
            out[row * size + a] = state[result + a] if is_full else math.nan


@dataclass(frozen=True, slots=True)
class Moments:
    """Means and sums of products of deviations of the window that ends at each bar.

    Parameters
    ----------
    values
        ``(n, moments_size(dimensions))``: reference, mean less reference, upper triangle of moments.
    dimensions
        Length of a vector.
    window
        Vectors in a window.
    """

    values: Floats
    dimensions: int
    window: int

    def mean(self, a: int) -> Floats:
        """Return the means of one dimension, ``(n,)``."""
        mean: Floats = self.values[:, a] + self.values[:, self.dimensions + a]
        return mean

    def away(self, a: int, values: Floats) -> Floats:
        """Return how far each value is from its window's mean, without the digits that a high level would cost."""
        away: Floats = (values - self.values[:, a]) - self.values[:, self.dimensions + a]
        return away

    def product(self, a: int, b: int) -> Floats:
        """Return the sums of products of two dimensions' deviations, ``(n,)``."""
        product: Floats = self.values[:, 2 * self.dimensions + triangle(a, b, self.dimensions)]
        return product


class SlidingMoments:
    """Turns consecutive vectors into the moments of the last ``window`` of them.

    Parameters
    ----------
    dimensions
        Length of a vector.
    window
        Vectors in a window.
    least
        The shortest window that makes sense to the caller.
    first_bar
        Absolute number of the first bar (its open divided by the interval). Results agree to the bit between runs
        that count alike.

    Raises
    ------
    ConfigError
        If the window is too short.
    """

    def __init__(self, dimensions: int, window: int, *, least: int, first_bar: int = 0) -> None:
        if window < least:
            raise ConfigError(f"window of {window} bars is too short; use {least} or more")
        self.dimensions = dimensions
        self.window = window
        self._bar = first_bar
        self._vector = slider_size(dimensions, window)
        self._state = np.zeros(self._vector + dimensions + moments_size(dimensions))

    def update(self, *columns: Floats) -> Moments:
        """Take in the next vectors, one array a dimension, and return their windows' moments."""
        rows = np.column_stack(columns)
        out = np.empty((len(rows), moments_size(self.dimensions)))
        _slide_rows(
            self._state, self.dimensions, self.window, self._vector, self._bar, rows.reshape(-1), out.reshape(-1)
        )
        self._bar += len(rows)
        return Moments(out, self.dimensions, self.window)


class LegsWindow:
    """What every stream over a window of two legs begins with.

    Parameters
    ----------
    window
        Bars, at least 2.
    first_bar
        Absolute number of the first bar.
    """

    def __init__(self, window: int, *, first_bar: int = 0) -> None:
        self._moments = SlidingMoments(2, window, least=2, first_bar=first_bar)

    def _take(self, y: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats, Moments]:
        """Take in the next bars and return both legs and their windows' moments."""
        ys, xs = two_series(y, x)
        return ys, xs, self._moments.update(ys, xs)
