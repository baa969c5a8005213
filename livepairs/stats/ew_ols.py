"""Hedge ratio by exponentially weighted least squares: old bars fade instead of falling out of a window."""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import require, two_series
from livepairs.stats.compiled import kernel, part
from livepairs.stats.hedge import Hedge

__all__ = ["EwOls"]


FADE_SLOTS: Final = 7
"""Numbers that ``fade`` keeps: weight, first y and x, means of y and x from there, co-moment, square of x."""


@part
def fade(state: MutableSequence[float], at: int, decay: float, y: float, x: float) -> float:
    """Take a bar into weight, means and co-moments at ``at`` (zeros to begin with) and return beta; NaN at first."""
    if state[at] == 0.0:
        # Means are kept relative to the first bar, so that a price level costs no digits.
        state[at + 1] = y
        state[at + 2] = x
    faded = decay * state[at]
    state[at] = faded + 1.0
    y_away = (y - state[at + 1]) - state[at + 3]
    x_away = (x - state[at + 2]) - state[at + 4]
    rest = faded / state[at]
    state[at + 3] += y_away / state[at]
    state[at + 4] += x_away / state[at]
    state[at + 5] = decay * state[at + 5] + rest * x_away * y_away
    state[at + 6] = decay * state[at + 6] + rest * x_away * x_away
    return state[at + 5] / state[at + 6] if state[at + 6] > 0.0 else math.nan


@kernel("f8[]", "f8", "f8[r]", "f8[r]", "f8[]")
def _fade(
    state: MutableSequence[float], decay: float, y: Sequence[float], x: Sequence[float], out: MutableSequence[float]
) -> None:
    """Advance bar by bar; write beta, alpha and spread one after the other."""
    rows = len(y)
    for row in range(rows):
        beta = fade(state, 0, decay, y[row], x[row])
        out[row] = beta
        out[rows + row] = (state[1] + state[3]) - beta * (state[2] + state[4])
        out[2 * rows + row] = ((y[row] - state[1]) - state[3]) - beta * ((x[row] - state[2]) - state[4])


class EwOls:
    """Regress y on x, with intercept, where a bar's weight halves every ``half_life`` bars.

    Parameters
    ----------
    half_life
        Bars, above 0.

    Notes
    -----
    Weighted least squares with weights ``2^(-age / half_life)``, by West's update of means and co-moments
    (Communications of the ACM 22, 1979) with a fading total weight. Unlike a window it never quite forgets: after k
    half-lives where one began still weighs ``2^-k``. A NaN in a leg would stay for ever, so hand in bars that have
    closes.

    Examples
    --------
    >>> EwOls(2.0).update([1.0, 3.0, 5.0], [0.0, 1.0, 2.0]).beta
    array([nan,  2.,  2.])
    """

    def __init__(self, half_life: float) -> None:
        require("half-life", half_life, 1e-9)
        self._decay = 2.0 ** (-1.0 / half_life)
        self._state = np.zeros(FADE_SLOTS)

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars and return the relation at each; NaN until x has moved."""
        ys, xs = two_series(y, x)
        out = np.empty((3, len(ys)))
        _fade(self._state, self._decay, ys, xs, out.reshape(-1))
        return Hedge(out[0], out[1], out[2])
