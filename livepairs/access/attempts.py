"""How often somebody may try a password. Pure: the time is an argument."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

__all__ = ["Attempts"]

WINDOW_S: Final = 900.0
"""How long a failure counts."""

BY_BOTH: Final = 5
"""Failures in the window of one address at one name."""

BY_ADDRESS: Final = 20
"""Failures in the window of one address at any names."""

BY_NAME: Final = 50
"""Failures in the window at one name from anywhere; high, or a stranger could lock a user out for good."""

REMEMBERED: Final = 10_000
"""Addresses and names counted at a time; beyond that the one that has been quiet for longest is forgotten."""


class Attempts:
    """Counts failures by address and by name."""

    def __init__(self) -> None:
        self._failures_s: OrderedDict[Hashable, list[float]] = OrderedDict()

    def wait_s(self, address: str, name: str, *, now_s: float) -> float:
        """Return how long it is until this may be tried; 0 for now."""
        return max(self._wait_s(key, limit, now_s) for key, limit in _limits(address, name).items())

    def failed(self, address: str, name: str, *, now_s: float) -> None:
        """Count a failure."""
        for key, limit in _limits(address, name).items():
            failures = self._failures_s.setdefault(key, [])
            failures[:] = [*self._recent(failures, now_s)[-limit:], now_s]
            self._failures_s.move_to_end(key)
        while len(self._failures_s) > REMEMBERED:
            self._failures_s.popitem(last=False)

    def passed(self, address: str, name: str) -> None:
        """Forget the failures of an address at a name: whoever it was knows the password."""
        self._failures_s.pop((address, name), None)

    def _wait_s(self, key: Hashable, limit: int, now_s: float) -> float:
        recent = self._recent(self._failures_s.get(key, []), now_s)
        return 0.0 if len(recent) < limit else max(0.0, recent[-limit] + WINDOW_S - now_s)

    @staticmethod
    def _recent(failures: list[float], now_s: float) -> list[float]:
        return [time_s for time_s in failures if time_s > now_s - WINDOW_S]


def _limits(address: str, name: str) -> dict[Hashable, int]:
    return {(address, name): BY_BOTH, ("address", address): BY_ADDRESS, ("name", name): BY_NAME}
