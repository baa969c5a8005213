"""Any test of a window as a stream: keep the window, and compute anew on the bars that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, series

__all__ = ["Recomputed"]

T = TypeVar("T")


class Recomputed(Generic[T]):
    """Apply a function of whole windows to a stream of bars.

    Parameters
    ----------
    statistic
        Takes as many arrays ``(window,)`` as ``update`` does, oldest bar first.
    window
        Bars, at least 1.
    every
        Compute at bars whose absolute number is divisible by it; 1 is each bar.
    first_bar
        Absolute number of the first bar.

    Notes
    -----
    ``value_t = statistic(bars t - window + 1 .. t)``, the definition of a rolling statistic (Zivot and Wang, "Modeling
    financial time series", 2006, chapter 9). What to do where there is no cheaper recursion: values depend on the bars
    in the window alone, at the price of one whole computation each.

    Examples
    --------
    >>> stream = Recomputed(np.ptp, 3)
    >>> [stream.update(value) for value in (1.0, 5.0, 2.0, 9.0)]
    [None, None, np.float64(4.0), np.float64(7.0)]
    """

    def __init__(self, statistic: Callable[..., T], window: int, *, every: int = 1, first_bar: int = 0) -> None:
        if window < 1 or every < 1:
            raise ConfigError(f"window of {window} bars every {every} cannot be computed; use 1 or more of both")
        self._statistic = statistic
        self._window = window
        self._every = every
        self._bar = first_bar
        self._kept: Floats | None = None

    def update(self, *values: ArrayLike) -> T | None:
        """Take in the next bars, one array an input, and return the value of the newest bar that asks for one.

        None where no bar asks for one, or the window is not full there.
        """
        columns = np.stack([series(value) for value in values])
        held = columns if self._kept is None else np.concatenate([self._kept, columns], axis=1)
        self._bar += columns.shape[1]
        self._kept = held[:, -self._window :]
        # How many bars have come after the newest one whose number is divisible.
        since = (self._bar - 1) % self._every
        end = held.shape[1] - since
        if since >= columns.shape[1] or end < self._window:
            return None
        return self._statistic(*held[:, end - self._window : end])
