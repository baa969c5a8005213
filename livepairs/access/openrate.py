"""How many pages an address may open: building one takes the server tenths of a second, and anybody may ask for one."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["OpenRate"]

MOST_ADDRESSES: Final = 10_000
"""Remembered at a time, so that whoever has many addresses cannot fill the memory: the longest silent is forgotten."""


class OpenRate:
    """Counts pages by address: some at once, and then so many a minute.

    Parameters
    ----------
    per_minute
        Pages a minute for one address, and how many of them may come at once.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str, now_s: float) -> float:
        """Count a page, and return 0; or the seconds after which the next one is allowed, and count nothing.

        Parameters
        ----------
        address
            Whose browser asks.
        now_s
            A clock that never goes back, seconds.

        Examples
        --------
        >>> rate = OpenRate(2)
        >>> [rate.wait_s("a", 0.0) for _ in range(3)], rate.wait_s("b", 0.0), rate.wait_s("a", 30.0)
        ([0.0, 0.0, 30.0], 0.0, 0.0)
        """
        left, since_s = self._left.pop(address, (float(self._per_minute), now_s))
        left = min(float(self._per_minute), left + (now_s - since_s) * self._per_minute / 60)
        is_let = left >= 1 - 1e-9  # a minute's sixty seconds do not add up to one exactly
        self._left[address] = (left - 1 if is_let else left, now_s)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if is_let else (1 - left) * 60 / self._per_minute
