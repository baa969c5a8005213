"""When to try again and how often to ask: back-off, attempts in a span, request weight by the clock minute; pure."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["Attempts", "Backoff", "WeightBudget"]

MINUTE_US: Final = 60_000_000


class Backoff:
    """Waits that double, each between half of itself and the whole, so that many clients do not come back together.

    Parameters
    ----------
    first_us, most_us
        The first wait and the longest.
    dice
        Returns numbers from 0 to 1.
    """

    def __init__(self, first_us: int, most_us: int, dice: Callable[[], float] = random.random) -> None:
        self._first_us, self._most_us, self._dice = first_us, most_us, dice
        self._next_us = first_us

    def next_us(self) -> int:
        """Return how long to wait now; the next wait is twice as long."""
        wait_us = self._next_us
        self._next_us = min(2 * wait_us, self._most_us)
        return int(wait_us * (0.5 + 0.5 * self._dice()))

    def reset(self) -> None:
        """Begin with the first wait again."""
        self._next_us = self._first_us


class Attempts:
    """Keeps attempts under a number within any span of time."""

    def __init__(self, most: int, span_us: int) -> None:
        self._span_us = span_us
        self._times: deque[int] = deque(maxlen=most)

    def next_us(self, now_us: int) -> int:
        """Return how long to wait before the next attempt."""
        if len(self._times) < (self._times.maxlen or 0):
            return 0
        return max(0, self._times[0] + self._span_us - now_us)

    def count(self, now_us: int) -> None:
        """Note an attempt."""
        self._times.append(now_us)


class WeightBudget:
    """Request weight that may be spent in each clock minute of the exchange.

    Parameters
    ----------
    minute_weight
        What may be spent in a minute.
    """

    def __init__(self, minute_weight: int) -> None:
        self._minute_weight = minute_weight
        self._minute = -1
        self._used = 0
        self._blocked_until_us = 0

    def delay_us(self, now_us: int, weight: int) -> int:
        """Return how long to wait before spending that weight; ``now_us`` is the exchange's time."""
        self._turn(now_us)
        until_us = self._blocked_until_us
        # A request dearer than a whole minute's share must still be made some time: with a minute of its own.
        if self._used and self._used + weight > self._minute_weight:
            until_us = max(until_us, (self._minute + 1) * MINUTE_US)
        return max(0, until_us - now_us)

    def spend(self, now_us: int, weight: int) -> None:
        """Note a request about to be made."""
        self._turn(now_us)
        self._used += weight

    def learn(self, now_us: int, used: int) -> None:
        """Take in what the venue says is used in this minute, by all programs of this address."""
        self._turn(now_us)
        self._used = max(self._used, used)

    def block(self, until_us: int) -> None:
        """Ask nothing before that time, as the venue demanded."""
        self._blocked_until_us = max(self._blocked_until_us, until_us)

    def _turn(self, now_us: int) -> None:
        minute = now_us // MINUTE_US
        if minute > self._minute:
            self._minute, self._used = minute, 0
