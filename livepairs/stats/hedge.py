"""What every hedge ratio's stream returns, and the one that never moves.

All have the same ``update(y, x) -> Hedge``, so one can stand in for another.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats, require, two_series

__all__ = ["FixedHedge", "Hedge", "HedgeStream"]


class Hedge(NamedTuple):
    """The relation of two legs at each bar, ``(n,)`` each.

    Notes
    -----
    ``spread = y - alpha - beta x``, as in Engle and Granger, Econometrica 55 (1987).

    Examples
    --------
    >>> Hedge(np.array([0.5]), np.array([1.0]), np.array([-0.25])).beta
    array([0.5])
    """

    beta: Floats
    alpha: Floats
    spread: Floats


class HedgeStream(Protocol):
    """Anything that follows a hedge ratio.

    Notes
    -----
    What it promises is ``spread = y - alpha - beta x`` (Engle and Granger 1987). How beta comes about is its
    own affair.

    Examples
    --------
    >>> stream: HedgeStream = FixedHedge(0.5)
    """

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars of both legs, ``(n,)`` each, and return the relation at each of them."""


class FixedHedge:
    """A hedge ratio the user has decided on.

    Parameters
    ----------
    beta, alpha
        Slope and intercept; ``beta = 1, alpha = 0`` of log prices is the plain ratio of prices.

    Notes
    -----
    ``spread = y - alpha - beta x`` with constants. As nothing is estimated, the right test of such a spread is a plain
    ``adf_test``, not Engle-Granger (Engle and Granger, Econometrica 55, 1987, test 3).

    Examples
    --------
    >>> FixedHedge(2.0, 1.0).update([5.0, 7.5], [2.0, 3.0]).spread
    array([0. , 0.5])
    """

    def __init__(self, beta: float, alpha: float = 0.0) -> None:
        require("beta", abs(beta), 0.0)
        require("alpha", abs(alpha), 0.0)
        self.beta = beta
        self.alpha = alpha

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars and return the same relation at each."""
        ys, xs = two_series(y, x)
        return Hedge(np.full(len(ys), self.beta), np.full(len(ys), self.alpha), ys - self.alpha - self.beta * xs)
