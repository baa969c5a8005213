"""The difference of two clocks, from what each message says about it; pure.

Local clock minus exchange clock is never more than the lag of any message (nothing arrives before it was sent), and
lies between the two ends of any question answered with the exchange's time. Each bound loosens as it ages, because
clocks drift apart.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ClockOffset"]

DRIFT: Final = 100e-6
"""What two clocks are taken to drift apart at most: a poor quartz does 100 microseconds a second."""

STAMP_US: Final = 1_000
"""The exchange stamps whole milliseconds, rounded down."""

ONE_WAY_US: Final = 125_000
"""How much of a slow answer's time is taken for the way there at most: half around the world."""

MOST_LATENCY_US: Final = 1_000_000
"""Without an answer about the time, a clock that differs by less is believed and the rest taken for latency."""


class ClockOffset:
    """Estimates local clock minus exchange clock, in microseconds."""

    def __init__(self) -> None:
        self._low: tuple[float, int] | None = None
        self._high: tuple[float, int] | None = None

    def add_lag(self, lag_us: int, now_us: int) -> bool:
        """Take in a lag: local receipt minus the exchange's event time, seen at ``now_us`` of the local clock.

        One that contradicts what the exchange itself said of its clock is passed over, and False returned: a mistaken
        stamp, or a clock that was set or stood still, which only another answer of the exchange can tell.
        """
        low = self._bound(self._low, now_us, sign=-1)
        if low is not None and lag_us < low - STAMP_US:
            return False
        self._lower(lag_us, now_us)
        return True

    def add_answer(self, asked_us: int, answered_us: int, exchange_us: int) -> None:
        """Take in an answer about the exchange's time, with the local times of question and answer."""
        least, most = asked_us - exchange_us - STAMP_US, answered_us - exchange_us
        high, low = self._bound(self._high, answered_us, sign=1), self._bound(self._low, answered_us, sign=-1)
        if (high is not None and least > high) or (low is not None and most < low):
            # One of the clocks was set: what was known before no longer holds.
            self._low = self._high = None
            low = None
        self._lower(most, answered_us)
        if low is None or least > low:
            self._low = (least, answered_us)

    def _lower(self, most: float, now_us: int) -> None:
        high = self._bound(self._high, now_us, sign=1)
        if high is None or most < high:
            self._high = (most, now_us)

    @staticmethod
    def _bound(known: tuple[float, int] | None, now_us: int, *, sign: int) -> float | None:
        return None if known is None else known[0] + sign * DRIFT * max(0, now_us - known[1])

    def at(self, now_us: int) -> int:
        """Return the estimate at a local time; 0 as long as nothing contradicts it."""
        high, low = self._bound(self._high, now_us, sign=1), self._bound(self._low, now_us, sign=-1)
        if high is None:
            return 0
        if low is None:
            return round(min(max(0.0, high - MOST_LATENCY_US), high))
        return round(high - min((high - low) / 2, ONE_WAY_US))
