"""One publisher for each loop that has somebody to wake, made with the first subscriber and gone with the last."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from livepairs.hub.publisher import Publisher

__all__ = ["Publishers"]


class Publishers:
    """Wakes subscribers on whichever loops they are. Thread-safe.

    Parameters
    ----------
    rate_hz
        Calls a second, at most, that a subscriber gets.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._by_loop: dict[asyncio.AbstractEventLoop, Publisher] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._by_loop)

    def subscribe(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back on the running loop after each change; return what ends it, to be called on the same loop.

        Raises
        ------
        RuntimeError
            If no event loop is running.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            publisher = self._by_loop.setdefault(loop, Publisher(loop, self._rate_hz))
            unsubscribe = publisher.subscribe(callback)

        def leave() -> None:
            unsubscribe()
            with self._lock:
                if not publisher.subscriber_count:
                    self._by_loop.pop(loop, None)

        return leave

    def changed(self, *, is_urgent: bool = False) -> None:
        """Say that something changed, and whether somebody waits for it; from any thread."""
        for publisher in tuple(self._by_loop.values()):
            publisher.changed(is_urgent=is_urgent)

    def clear(self) -> None:
        """Let everybody go."""
        self._by_loop.clear()
