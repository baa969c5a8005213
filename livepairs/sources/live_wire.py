"""One websocket connection: what it receives is stamped and put aside, and nothing else is done to it here.

``websockets`` opens, answers pings, keeps alive and closes. Plain text frames, which is all that a venue sends by the
thousand, are cut out of the byte stream here instead, since the library takes five microseconds for each; anything else
(control frames, fragments, long or compressed messages) goes through the library as usual.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from livepairs.clock import Clock
from livepairs.errors import FeedError
from livepairs.exchanges import VenueRefusal
from livepairs.exchanges.binance_rest import read_refusal
from livepairs.sources.live_limits import LiveLimits

__all__ = ["Batch", "Inbox", "Line", "RefusedError", "is_loopback", "open_line"]

PLAIN_TEXT: Final = 0x81
CONTROL_BIT: Final = 0x08
LONGEST_HEAD: Final = 65_536
HEAD_END: Final = b"\r\n\r\n"


class RefusedError(FeedError):
    """The venue answered the handshake with something else than a connection."""

    def __init__(self, refusal: VenueRefusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.sentence)


class Batch(NamedTuple):
    """Frames in the order they came, the local time of each, and whether frames before them were dropped."""

    frames: list[bytes]
    stamps_us: list[int]
    is_after_loss: bool = False


class Inbox:
    """Frames received and not decoded yet, up to a limit; what comes beyond is dropped and counted.

    Parameters
    ----------
    limit
        Frames it holds.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A new part begins after each loss, so that whoever takes them knows exactly where frames are missing.
        self._parts: deque[Batch] = deque([Batch([], [])])
        self._is_losing = False
        self.depth = 0
        self.received = 0
        """Frames that ever came."""
        self.dropped = 0
        """Frames that ever found it full."""

    def put(self, frames: list[bytes], now_us: int) -> None:
        """Put frames aside that were received at one time."""
        self.received += len(frames)
        excess = self.depth + len(frames) - self._limit
        if excess > 0:
            self.dropped += excess
            frames = frames[: len(frames) - excess]
        if frames:
            if self._is_losing:
                if not self._parts[-1].frames:
                    self._parts.pop()
                self._parts.append(Batch([], [], is_after_loss=True))
            part = self._parts[-1]
            part.frames.extend(frames)
            part.stamps_us.extend([now_us] * len(frames))
            self.depth += len(frames)
        self._is_losing = excess > 0

    @property
    def oldest_us(self) -> int | None:
        """When the next frame to be taken came; None if there is none."""
        return self._parts[0].stamps_us[0] if self.depth else None

    def take(self, most: int) -> Batch | None:
        """Take the oldest frames, at most that many; None if there are none."""
        if not self.depth:
            return None
        part = self._parts.popleft()
        if len(part.frames) > most:
            self._parts.appendleft(Batch(part.frames[most:], part.stamps_us[most:]))
            part = Batch(part.frames[:most], part.stamps_us[:most], part.is_after_loss)
        if not self._parts:
            self._parts.append(Batch([], []))
        self.depth -= len(part.frames)
        return part

    def clear(self) -> int:
        """Throw everything away and return how many frames that were."""
        thrown, self.depth = self.depth, 0
        self.dropped += thrown
        self._parts = deque([Batch([], [])])
        return thrown


class _Tap(ClientConnection):
    """A connection whose messages go into an inbox, stamped with the time at which their bytes were read."""

    def __init__(self, inbox: Inbox, clock: Clock, on_lost: Callable[[], None], *args: Any, **options: Any) -> None:
        # Any: the library's own arguments are passed through.
        super().__init__(*args, **options)
        self._inbox, self._clock, self._on_lost = inbox, clock, on_lost
        self._rest = b""
        self._fragments: list[bytes] = []
        self._has_head = False
        self._is_plain = True
        self._now_us = 0

    def data_received(self, data: bytes) -> None:
        self._now_us = self._clock.now_us()
        if not self._is_plain:
            super().data_received(data)
            return
        data = self._rest + data if self._rest else data
        self._rest = b""
        at = 0 if self._has_head else self._read_head(data)
        if at < len(data):
            self._read_frames(data, at)

    def _read_head(self, data: bytes) -> int:
        """Hand the answer to the handshake to the library, alone; return where the frames begin."""
        end = data.find(HEAD_END) + len(HEAD_END)
        if end < len(HEAD_END):
            if len(data) > LONGEST_HEAD:
                return self._give_up_plain(data, 0)
            self._rest = data
            return len(data)
        self._has_head = True
        if not data.startswith(b"HTTP/1.1 101"):
            return self._give_up_plain(data, 0)
        super().data_received(data[:end])
        return end

    def _read_frames(self, data: bytes, at: int) -> None:
        frames: list[bytes] = []
        end = len(data)
        while end - at >= 2:
            size = data[at + 1]
            start = at + 2
            if size == 126:
                if end - at < 4:
                    break
                size = data[at + 2] << 8 | data[at + 3]
                start = at + 4
            elif size > 126:
                at = self._give_up_plain(data, at, frames)
                break
            stop = start + size
            if stop > end:
                break
            if data[at] == PLAIN_TEXT:
                frames.append(data[start:stop])
            elif data[at] & CONTROL_BIT and self._is_open():
                super().data_received(data[at:stop])
                if not self._is_open():  # a goodbye: what follows it is to be ignored
                    at = self._give_up_plain(data, stop, frames)
                    break
            else:
                at = self._give_up_plain(data, at, frames)
                break
            at = stop
        self._rest = data[at:]
        if frames:
            self._inbox.put(frames, self._now_us)

    def _is_open(self) -> bool:
        return self.protocol.state is State.OPEN

    def _give_up_plain(self, data: bytes, at: int, frames: list[bytes] | None = None) -> int:
        """Leave this and everything that follows to the library."""
        if frames:
            self._inbox.put(frames.copy(), self._now_us)
            frames.clear()
        self._is_plain = False
        super().data_received(data[at:])
        return len(data)

    def process_event(self, event: Event) -> None:
        if self.response is None or not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._fragments.append(bytes(event.data))
            if event.fin:
                self._inbox.put([b"".join(self._fragments)], self._now_us)
                self._fragments.clear()
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._on_lost()


class Line:
    """An open connection and its inbox."""

    def __init__(self, connection: ClientConnection, inbox: Inbox, opened_us: int) -> None:
        self._connection = connection
        self.inbox = inbox
        self.opened_us = opened_us
        """Local time at which it opened."""
        self.farewell = ""
        """Why it was given up, in words; empty where nobody did."""
        self.is_retired = False
        """Whether another connection had taken over before it ended, so that nothing is missing after it."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will be received."""
        return self._connection.protocol.state is not State.OPEN

    @property
    def ending(self) -> str:
        """How it ended, in words; empty while it is open."""
        if not self.is_ended:
            return ""
        code, reason = self._connection.close_code, self._connection.close_reason
        if code is None or code == 1006:
            return "connection lost without a goodbye (1006)"
        return f"connection closed by the venue ({code}{' ' + reason if reason else ''})"

    async def send(self, frame: bytes) -> None:
        """Send a text message; raises FeedError if the connection is gone."""
        try:
            await self._connection.send(frame, text=True)
        except (WebSocketException, OSError) as error:
            raise FeedError(f"connection lost while subscribing: {error}") from error

    async def close(self) -> None:
        """Say goodbye, and hang up if that is not answered in time."""
        try:
            await self._connection.close()
        finally:
            self._connection.transport.abort()


async def open_line(url: str, clock: Clock, limits: LiveLimits, on_lost: Callable[[], None]) -> Line:
    """Open a connection.

    Parameters
    ----------
    url
        The whole address.
    on_lost
        Called once, when the connection is gone.

    Raises
    ------
    RefusedError
        If the venue answered with something else.
    FeedError
        If it did not answer.
    """
    inbox = Inbox(limits.queue_frames)

    def tap(*args: Any, **options: Any) -> ClientConnection:  # Any: handed on
        return _Tap(inbox, clock, on_lost, *args, **options)

    async def opened() -> ClientConnection:
        return await connect(
            url,
            create_connection=tap,  # type: ignore[arg-type]  # documented as a factory, annotated as a class
            # Compressed frames would all take the slow way, and a venue's messages are small.
            compression=None,
            proxy=None if is_loopback(url) else True,
            open_timeout=None,
            close_timeout=limits.close_us / 1e6,
        )

    try:
        connection = await _within(clock, limits.open_us, opened())
    except InvalidStatus as error:
        response = error.response
        headers = dict(response.headers.raw_items())
        raise RefusedError(read_refusal(response.status_code, headers, bytes(response.body or b""))) from error
    except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
        raise FeedError(f"no connection: {_words(error, url)}") from error
    return Line(connection, inbox, clock.now_us())


async def _within(clock: Clock, limit_us: int, work: Coroutine[Any, Any, ClientConnection]) -> ClientConnection:
    """Return what comes of the work, or raise TimeoutError after so long by the clock."""
    task, timer = asyncio.ensure_future(work), asyncio.ensure_future(clock.sleep(limit_us))
    try:
        await asyncio.wait((task, timer), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError(f"the venue did not answer within {limit_us / 1e6:.3g} s")
        return task.result()
    finally:
        task.cancel()
        timer.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)


def _words(error: BaseException, url: str) -> str:
    host = urlsplit(url).netloc
    if isinstance(error, socket.gaierror):
        return f"the name {host} cannot be looked up (is there a network?)"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refuses connections"
    return f"{host}: {str(error) or type(error).__name__}"


def is_loopback(url: str) -> bool:
    """Return whether an address is this machine's own, which no proxy can reach."""
    return (urlsplit(url).hostname or "") in ("127.0.0.1", "localhost", "::1")
