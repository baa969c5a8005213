"""One connected client as the venue sees it: what it subscribed to, what waits for it, and whether it keeps the rules.

Nothing here waits. The venue calls ``attend`` at each of its turns, which pings, counts and hangs up when it is time;
what is to be closed politely is handed back to the venue as a close code.
"""

from __future__ import annotations

import math
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from livepairs.venue.requests import Answer, Subscriptions, answer
from livepairs.venue.routes import Endpoint
from livepairs.venue.rules import Rules
from livepairs.venue.wire import Frames

__all__ = ["Client", "VenueConnection"]

_COUNTED: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG)
_PING: Final = 0x89


class VenueConnection(ServerConnection):
    """A connection that tells about each frame it receives, pings and pongs included."""

    endpoint: Endpoint
    on_frame: Callable[[Frame], None] | None = None

    def process_event(self, event: Any) -> None:  # Any: a request or a frame; the library's own union is private
        super().process_event(event)
        if self.on_frame is not None and isinstance(event, Frame):
            self.on_frame(event)


class Client:
    """A client and all that is going wrong for it.

    Parameters
    ----------
    connection
        An open connection.
    rules
        What it may do.
    now_us
        The machine's time.
    is_spot
        Whose dialect is spoken.
    """

    def __init__(self, connection: VenueConnection, rules: Rules, now_us: int, *, is_spot: bool) -> None:
        endpoint = connection.endpoint
        self.connection, self.endpoint, self._rules, self._is_spot = connection, endpoint, rules, is_spot
        self.subscriptions = Subscriptions(endpoint.streams, endpoint.is_combined)
        self.opened_us, self.sent = now_us, 0
        self._stalled_until_us: float = -math.inf
        self._silent: dict[str, float] = {}
        self._frames_per_s: float = math.inf
        self.is_frozen = False
        self._allowance, self._allowed_us = float(rules.messages_burst), now_us
        self._pinged_us, self._unanswered = now_us, deque[tuple[int, bytes]]()
        self._outbox: list[Frames] = []
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes, self._credit, self._credited_us = 0, 0.0, now_us
        self._is_defiant, self._unanswered_messages = False, 0

    @property
    def is_open(self) -> bool:
        """Whether anything can be sent."""
        return self.connection.protocol.state is State.OPEN and not self.connection.transport.is_closing()

    def receive(self, frame: Frame, now_us: int) -> None:
        """Count a frame against the limit, and cross off the ping that a pong answers."""
        if frame.opcode not in _COUNTED:
            return
        if frame.opcode is Opcode.PONG:
            payload = bytes(frame.data)
            while any(sent == payload for _, sent in self._unanswered):
                self._unanswered.popleft()
        regained = (now_us - self._allowed_us) / 1e6 * self._rules.messages_per_s
        self._allowance = min(self._rules.messages_burst, self._allowance + regained) - 1
        self._allowed_us = now_us
        self._is_defiant |= self._allowance < 0
        if not self._is_defiant and frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._unanswered_messages += 1

    def answer(self, message: str | bytes) -> Answer | None:
        """Answer a message and take over the subscriptions that follow; None for one too many."""
        if self._unanswered_messages == 0:
            return None
        self._unanswered_messages -= 1
        given = answer(message, self.subscriptions, streams_limit=self._rules.streams, is_spot=self._is_spot)
        self.subscriptions = given.subscriptions
        return given

    def deliver(self, stream: str, frames: Frames, now_us: int) -> None:
        """Put messages of a stream into the outbox, unless the stream or the connection has fallen silent."""
        if now_us < self._stalled_until_us or now_us < self._silent.get(stream, -math.inf):
            return
        self._outbox.append(frames)
        self.sent += len(frames)

    def flush(self, now_us: int) -> None:
        """Send what is in the outbox, as far as the client is allowed to be quick."""
        if self.is_frozen or not self.is_open:
            self._outbox.clear()
            return
        if math.isinf(self._frames_per_s) and not self._waiting:
            if self._outbox:
                self.connection.transport.write(b"".join([frames.content for frames in self._outbox]))
                self._outbox.clear()
        else:
            self._flush_slowly(now_us)
        if self.connection.transport.get_write_buffer_size() + self._waiting_bytes > self._rules.backlog_bytes:
            self.hang_up()

    def _flush_slowly(self, now_us: int) -> None:
        for frames in self._outbox:
            self._waiting.extend(frames.split())
            self._waiting_bytes += len(frames.content)
        self._outbox.clear()
        if math.isinf(self._frames_per_s):
            count = len(self._waiting)
        else:
            self._credit += (now_us - self._credited_us) / 1e6 * self._frames_per_s
            count = min(int(self._credit), len(self._waiting))
            self._credit = self._credit - count if self._waiting else 0.0
        self._credited_us = now_us
        ready = b"".join(self._waiting.popleft() for _ in range(count))
        self._waiting_bytes -= len(ready)
        if ready:
            self.connection.transport.write(ready)

    def stall(self, until_us: float) -> None:
        """Deliver nothing before a time; what would have been is lost to this client."""
        self._stalled_until_us = until_us

    def silence(self, stream: str, until_us: float) -> None:
        """Deliver nothing of a stream before a time."""
        self._silent[stream] = until_us

    def slow_down(self, frames_per_s: float, now_us: int) -> None:
        """Send no more than so many messages a second from now on; the others wait."""
        self._frames_per_s, self._credited_us, self._credit = frames_per_s, now_us, 0.0

    def freeze(self) -> None:
        """Neither read nor write any more: the other end is still there for TCP, and for nobody else."""
        self.is_frozen = True
        self.connection.transport.pause_reading()

    def attend(self, now_us: int, venue_us: int) -> tuple[int, str] | None:
        """Ping if it is time; return the close code and reason if it is time for those, and hang up if for that."""
        if self.is_frozen or not self.is_open:
            return None
        if self._is_defiant:
            return 1008, "Too many requests"
        if now_us - self.opened_us >= self._rules.lifetime_us:
            if self._rules.is_cut_announced:
                return 1001, ""
            self.hang_up()
        elif self._unanswered and now_us - self._unanswered[0][0] >= self._rules.pong_within_us:
            self.hang_up()
        elif now_us - self._pinged_us >= self._rules.ping_every_us:
            payload = str(venue_us // 1_000).encode()
            self._pinged_us = now_us
            self._unanswered.append((now_us, payload))
            self.connection.transport.write(bytes((_PING, len(payload))) + payload)
        return None

    def hang_up(self, *, is_reset: bool = False) -> None:
        """End the TCP connection without a close frame: at once, or with a reset."""
        raw = self.connection.transport.get_extra_info("socket")
        if is_reset and raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.transport.abort()
