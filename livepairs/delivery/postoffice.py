"""The postman's thread: he works beside the server, on a loop of his own, from the first event that is to be told.

And what a page may ask of delivery besides: where a channel leads, and a test message.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from livepairs.delivery.postman import Postman

__all__ = ["PostOffice"]

_LOG = logging.getLogger(__name__)

CLOSE_S: Final = 5.0


class PostOffice:
    """Lets a postman work on a thread. Thread-safe.

    Parameters
    ----------
    employ
        Makes the postman, on that thread.
    describe
        Says of a channel what may be said of its address; ConfigError if it has none that can be used.
    send_trial
        Sends a channel a test message; DeliveryError if it is not taken.
    """

    def __init__(
        self,
        employ: Callable[[], Postman],
        *,
        describe: Callable[[str], str],
        send_trial: Callable[[str], Awaitable[None]],
    ) -> None:
        self._employ, self._send_trial = employ, send_trial
        self.describe = describe
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._postman: Postman | None = None
        self._is_closing = False

    def wake(self) -> None:
        """Say that there is something to tell; the first time, he begins."""
        with self._lock:
            if self._is_closing:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="livepairs-postman", daemon=True)
                self._thread.start()
            elif self._loop is not None and self._postman is not None:
                with suppress(RuntimeError):  # he has stopped by himself, which the log says
                    self._loop.call_soon_threadsafe(self._postman.wake)

    def try_out(self, channel: str) -> None:
        """Send a channel a test message, and wait until the other side has taken it; not on a server's loop.

        Raises
        ------
        DeliveryError
            If it does not; nothing is tried again.
        """

        async def send() -> None:
            await self._send_trial(channel)

        asyncio.run(send())

    def close(self) -> None:
        """Let him stop. What he is at stays in the outbox and is told after the next start."""
        with self._lock:
            self._is_closing = True
            thread, loop, work = self._thread, self._loop, self._work
        if loop is not None and work is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(work.cancel)
        if thread is not None:
            thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._live())
        except Exception:  # noqa: BLE001 - the thread's border: notifications stop, and nothing else does
            _LOG.exception("notifications have stopped because of an internal error")

    async def _live(self) -> None:
        with self._lock:
            if self._is_closing:
                return
            self._postman = self._employ()
            self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        await self._postman.work()
