"""One visitor's download: a recording handed to the browser piece by piece, each one asked for by the browser.

The browser asks for the next piece when it has the last one, so neither side holds more than one, and a page that is
closed in the middle leaves nothing behind. It goes through the page's own connection, so it works wherever the page
does: behind a prefix, a login, or ``panel serve``.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from livepairs.errors import LivepairsError
from livepairs.stores.carry import FORMS, carried
from livepairs.stores.recording import Recording

__all__ = ["Takeaway"]


class Takeaway:
    """At most one download at a time.

    Parameters
    ----------
    send
        Tells the browser something: ``take`` (begin, name and type), ``piece`` (bytes), ``done`` or ``broken``.
    notify
        Has ``flush`` called soon, where something may be sent.
    """

    def __init__(self, send: Callable[[Mapping[str, Any]], None], notify: Callable[[], None]) -> None:
        self._send = send
        self._notify = notify
        self._pieces: Iterator[bytes] | None = None
        self._is_reading = False
        self._task: asyncio.Task[None] | None = None
        self._ready: list[dict[str, Any]] = []

    def begin(self, recording: Recording, form: str, *, limit_bytes: int) -> None:
        """Begin a download; one under way is dropped.

        Raises
        ------
        RecordingError
            If the recording is too large.
        KeyError
            If there is no such form.
        """
        self.close()
        ending, mime, _make = FORMS[form]
        self._pieces = carried(recording, form, limit_bytes=limit_bytes)
        size = sum(entry.bytes for entry in recording.manifest.files)
        self._ready.append({"say": "take", "name": f"{recording.name}{ending}", "mime": mime, "size": size})
        self._notify()

    def more(self) -> None:
        """Read the next piece, aside; only one at a time, however often the browser asks."""
        if self._pieces is None or self._is_reading:
            return
        self._is_reading = True
        loop = asyncio.get_running_loop()
        # An empty context: what is told later must not remember which session asked first (see hub.publisher).
        self._task = loop.create_task(self._read(self._pieces), context=contextvars.Context())

    def flush(self) -> None:
        """Send what is ready; call it where the session may be written to."""
        ready, self._ready = self._ready, []
        for message in ready:
            self._send(message)

    def close(self) -> None:
        """Drop the download under way."""
        self._pieces = None
        self._ready.clear()

    async def _read(self, pieces: Iterator[bytes]) -> None:
        try:
            piece = await asyncio.to_thread(next, pieces, None)
            message = {"say": "done"} if piece is None else {"say": "piece", "data": piece}
        except LivepairsError as error:
            message = {"say": "broken", "text": f"The download broke off: {error}."}
        self._is_reading = False
        if self._pieces is not pieces:
            return  # dropped meanwhile
        if message["say"] != "piece":
            self._pieces = None
        self._ready.append(message)
        self._notify()
