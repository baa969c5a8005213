"""Work that a page has done on another thread: at most one piece at a time, and of what waits the newest only.

For what may take longer than a page may hold up the server's loop: a database, a recording. What comes back is taken by
the page's own refresh, on the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from livepairs.errors import LivepairsError

__all__ = ["Aside"]

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Aside(Generic[T]):
    """One line of work for one page.

    Parameters
    ----------
    notify
        Has ``take`` called soon, where the page may be changed; called on the server's loop.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        self._notify = notify
        self._waiting: Callable[[], T] | None = None
        self._is_busy = False
        self._done: list[T | LivepairsError] = []

    @property
    def is_busy(self) -> bool:
        """Whether something is being worked on."""
        return self._is_busy

    def ask(self, make: Callable[[], T]) -> None:
        """Have this made; what waits already is dropped for it. Call it on the server's loop."""
        self._waiting = make
        if not self._is_busy:
            self._next()

    def take(self) -> T | LivepairsError | None:
        """Return what has come since the last call, or the error it ended with; None if nothing has."""
        return self._done.pop() if self._done else None

    def close(self) -> None:
        """Drop what waits; what is being made comes to nothing."""
        self._waiting = None
        self._notify = lambda: None

    def _next(self) -> None:
        make, self._waiting = self._waiting, None
        if make is None:
            return
        self._is_busy = True
        future = asyncio.get_running_loop().run_in_executor(None, _guarded, make)
        # An empty context: what comes back must not remember which session asked first (see hub.publisher).
        future.add_done_callback(self._finish, context=contextvars.Context())

    def _finish(self, future: asyncio.Future[T | LivepairsError]) -> None:
        self._is_busy = False
        if not future.cancelled():
            self._done = [future.result()]
        self._next()
        self._notify()


def _guarded(make: Callable[[], T]) -> T | LivepairsError:
    try:
        return make()
    except LivepairsError as error:
        return error
    except Exception as error:  # noqa: BLE001 - nobody else waits for this thread, so this is where it must be heard of
        _log.exception("work for a page failed")
        return LivepairsError(f"an internal error ({type(error).__name__}); the server's log says more")
