"""How long it takes to wake the views, over all runs, in the buckets that a histogram wants. Thread-safe."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Final

__all__ = ["PUBLISH_TIMES", "PublishTimes"]

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class PublishTimes:
    """Counts by duration."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0
        self._skipped = 0
        self._lock = threading.Lock()

    def add(self, took_s: float) -> None:
        """Count one."""
        with self._lock:
            self._counts[bisect_left(BOUNDS_S, took_s)] += 1
            self._sum_s += took_s

    def skip(self) -> None:
        """Count an update that a page was not sent, since its browser had not taken the last one."""
        with self._lock:
            self._skipped += 1

    @property
    def skipped(self) -> int:
        """Updates that were not sent; what they told came with a later one."""
        return self._skipped

    def read(self) -> tuple[list[tuple[str, int]], float]:
        """Return how many took at most each bound, in seconds as a text, and the sum of all."""
        with self._lock:
            counts, sum_s = list(self._counts), self._sum_s
        bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
        return [(bound, sum(counts[: number + 1])) for number, bound in enumerate(bounds)], sum_s


PUBLISH_TIMES: Final = PublishTimes()
"""Of this process."""
