"""Keeps one connection alive: opens it, watches it, replaces it before the venue cuts it, and says where it stands.

State is rebuilt from what is wanted at each connection, never carried over. Whatever ends a connection is followed by
another one, after a wait that doubles until data has come again; only a venue that refuses this address for good, or a
person, ends the trying. While a connection is replaced both run: what the new one receives waits until the old one has
been read to its end, so that trades stay in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from livepairs.clock import Clock
from livepairs.errors import FeedError
from livepairs.exchanges.binance_routes import Market, connect_path, subscribe_frames, url_share
from livepairs.sources.live_feed import FeedStatus
from livepairs.sources.live_limits import LiveLimits
from livepairs.sources.live_pace import Attempts, Backoff
from livepairs.sources.live_watch import Watch
from livepairs.sources.live_wire import Batch, Line, RefusedError, open_line

__all__ = ["Supervisor", "Taken", "first_of"]

_LOG = logging.getLogger(__name__)

MESSAGE_GAP_US: Final = 250_000
"""Between messages to the venue: it takes five a second on spot, pongs included."""

Opener = Callable[[str, Clock, LiveLimits, Callable[[], None]], Awaitable[Line]]


@dataclass(frozen=True, slots=True)
class Taken:
    """Frames, and why some may be missing before them; None if nothing happened since the frames before."""

    batch: Batch
    cause: str | None


class Supervisor:
    """Keeps a connection for these streams.

    Parameters
    ----------
    market, endpoint
        Whose paths; scheme, host and port of the websocket.
    watch
        What tells whether there is data; it also names the streams.
    clock, limits
        What it waits by, and for how long.
    opener
        What opens a connection.
    """

    def __init__(
        self,
        market: Market,
        endpoint: str,
        watch: Watch,
        *,
        clock: Clock,
        limits: LiveLimits,
        opener: Opener = open_line,
    ) -> None:
        self._url = endpoint + connect_path(market, watch.names)
        self._asked_later = subscribe_frames(url_share(watch.names)[1], first_id=1)
        self._watch, self._clock, self._limits, self._opener = watch, clock, limits, opener
        self._backoff = Backoff(limits.backoff_us, limits.backoff_most_us)
        self._attempts = Attempts(limits.connects, limits.connects_us)
        # In the order in which they are read: one that has ended stays until its inbox is empty.
        self._lines: deque[Line] = deque()
        self._woken = asyncio.Event()
        self._turned = asyncio.Event()
        self._is_wanted = True
        self._complaint = ""
        self._cause: str | None = None
        self._rotate_at_us = 0
        self._opened = 0
        self._dropped = 0
        self.status: FeedStatus = "connecting"
        self.sentence = "connecting"

    @property
    def reconnects(self) -> int:
        """Connections opened after the first one."""
        return max(0, self._opened - 1)

    @property
    def is_stopped(self) -> bool:
        """Whether there is no connection because none is wanted."""
        return self.status == "stopped"

    @property
    def depth(self) -> int:
        """Frames waiting to be decoded."""
        return sum(line.inbox.depth for line in self._lines)

    @property
    def dropped(self) -> int:
        """Frames that found the queue full, or were thrown away as stale."""
        return self._dropped + sum(line.inbox.dropped for line in self._lines)

    @property
    def oldest_us(self) -> int | None:
        """Local time of the next frame to be taken; None if there is none."""
        self._drop_ended()
        return self._lines[0].inbox.oldest_us if self._lines else None

    def take(self, most: int) -> Taken | None:
        """Take the oldest frames, at most that many, of one connection and without a loss among them."""
        self._drop_ended()
        batch = self._lines[0].inbox.take(most) if self._lines else None
        if batch is None:
            return None
        cause, self._cause = self._cause, None
        return Taken(batch, "the queue was full" if batch.is_after_loss else cause)

    def complain(self, why: str) -> None:
        """Ask for the present connection to be replaced, throwing away what waits to be decoded."""
        if self._lines and not self._complaint:
            self._complaint = why
            for line in self._lines:
                line.inbox.clear()
            self._woken.set()

    def rotate(self) -> None:
        """Ask for the present connection to be replaced without a hole, as soon as that can be."""
        self._rotate_at_us = 0
        self._woken.set()

    def has_data(self) -> None:
        """Note that rows have come, which is what ends the waiting."""
        self._backoff.reset()

    def start(self) -> None:
        """Keep a connection from now on; also after a refusal."""
        if not self._is_wanted or self.status == "refused":
            self._is_wanted = True
            self._turned.set()

    def stop(self) -> None:
        """Keep none from now on."""
        if self._is_wanted:
            self._is_wanted = False
            self._turned.set()

    async def run(self) -> None:
        """Keep a connection while one is wanted, until cancelled."""
        while True:
            self._turned.clear()
            if self._is_wanted:
                await self._keep_until_turned()
            else:
                self._say("stopped", "stopped; nothing is received")
                await self._turned.wait()

    async def _keep_until_turned(self) -> None:
        keeping, turned = asyncio.ensure_future(self._keep()), asyncio.ensure_future(self._turned.wait())
        try:
            await asyncio.wait((keeping, turned), return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                keeping.result()  # it ends by itself only with a mistake of ours, which must not pass unseen
        finally:
            for task in (keeping, turned):
                task.cancel()
            await asyncio.gather(keeping, turned, return_exceptions=True)
            await self._hang_up("stopped")

    async def _keep(self) -> None:
        while True:
            line = await self._connect()
            cause = await self._tend(line)
            await self._hang_up(cause)
            await self._wait(cause)

    async def _hang_up(self, cause: str) -> None:
        """Close every connection; what has been received is still read."""
        self._watch.disconnected()
        self._complaint = ""
        for line in list(self._lines):
            if not line.farewell:
                line.farewell = cause
            await line.close()

    async def _connect(self) -> Line:
        while True:
            try:
                return await self._open()
            except RefusedError as error:
                await self._wait_refused(error)
            except FeedError as error:
                await self._wait(str(error))

    async def _open(self) -> Line:
        """Open a connection and subscribe what the address did not hold."""
        while (delay_us := self._attempts.next_us(self._clock.now_us())) > 0:
            self._say("waiting", f"waiting {_seconds(delay_us)}: too many connections were tried lately")
            await self._clock.sleep(delay_us)
        self._attempts.count(self._clock.now_us())
        if not self._lines or self._lines[-1].is_ended:
            self._say("connecting", f"connecting to {self._url.partition('?')[0]}")
        line = await self._opener(self._url, self._clock, self._limits, self._woken.set)
        try:
            for frame in self._asked_later:
                await self._clock.sleep(MESSAGE_GAP_US)
                await line.send(frame)
        except BaseException:
            await line.close()
            raise
        self._lines.append(line)
        self._opened += 1
        _LOG.info("connected to %s", self._url.partition("?")[0])
        return line

    async def _wait(self, why: str) -> None:
        delay_us = self._backoff.next_us()
        self._say("waiting", f"{why}; trying again in {_seconds(delay_us)}")
        _LOG.info("%s; trying again in %s", why, _seconds(delay_us))
        await self._clock.sleep(delay_us)

    async def _wait_refused(self, error: RefusedError) -> None:
        refusal = error.refusal
        if refusal.is_fatal:
            self._say("refused", refusal.sentence)
            _LOG.warning("%s", refusal.sentence)
            await asyncio.Event().wait()  # until turned
        delay_us = max(self._backoff.next_us(), int((refusal.retry_after_s or 0.0) * 1e6))
        self._say("waiting", refusal.sentence)
        _LOG.warning("%s; trying again in %s", refusal.sentence, _seconds(delay_us))
        await self._clock.sleep(delay_us)

    async def _tend(self, line: Line) -> str:
        """Watch a connection, and those that replace it, until one must be given up; return why."""
        self._watch.connected(line.opened_us)
        self._take_charge(line)
        while True:
            self._woken.clear()
            now_us = self._clock.now_us()
            cause = line.ending or self._complaint or self._watch.silence(now_us)
            if cause:
                return cause
            if now_us >= self._rotate_at_us:
                line = await self._replace(line)
                continue
            self._describe(now_us)
            await self._nap(now_us + 2 * self._limits.chunk_us)

    def _take_charge(self, line: Line) -> None:
        self._rotate_at_us = line.opened_us + self._limits.rotate_us
        self._complaint = ""

    def _describe(self, now_us: int) -> None:
        silent = ", ".join(self._watch.silent_streams(now_us))
        if not self._watch.has_data:
            self._say("subscribed", "connected and subscribed; no data so far")
        elif silent:
            self._say("silent", f"connected, but no data of {silent}")
        else:
            self._say("live", "live")

    async def _replace(self, old: Line) -> Line:
        """Open a second connection, let it take over, and close the first; return the one to watch from now on."""
        self._say("rotating", "changing over to a new connection")
        try:
            new = await self._open()
        except FeedError as error:
            _LOG.warning("the new connection failed, staying with the old one: %s", error)
            self._rotate_at_us = self._clock.now_us() + self._backoff.next_us()
            return old
        if await self._takes_over(old, new):
            old.is_retired = not old.is_ended
            await old.close()
            self._watch.taken_over(new.opened_us)
            self._take_charge(new)
            return new
        _LOG.warning("the new connection had no data, staying with the old one")
        self._lines.remove(new)
        await new.close()
        self._rotate_at_us = self._clock.now_us() + self._backoff.next_us()
        return old

    async def _takes_over(self, old: Line, new: Line) -> bool:
        """Wait until the new connection has data and both have overlapped; return whether it can go on alone."""
        deadline_us = self._clock.now_us() + self._limits.first_data_us
        while not new.inbox.received:
            if new.is_ended or self._clock.now_us() >= deadline_us:
                return False
            self._woken.clear()
            await self._nap(self._clock.now_us() + self._limits.chunk_us)
        overlapped_us = self._clock.now_us() + self._limits.overlap_us
        while not (old.is_ended or new.is_ended) and self._clock.now_us() < overlapped_us:
            self._woken.clear()
            await self._nap(overlapped_us)
        return not new.is_ended

    async def _nap(self, until_us: int) -> None:
        """Wait until then, or until something happens."""
        await first_of(self._clock, self._woken, until_us)

    def _drop_ended(self) -> None:
        """Let go of connections that have ended and been read to their end."""
        while self._lines and self._lines[0].is_ended and not self._lines[0].inbox.depth:
            line = self._lines.popleft()
            self._dropped += line.inbox.dropped
            self._cause = line.farewell or line.ending if not line.is_retired else self._cause

    def _say(self, status: FeedStatus, sentence: str) -> None:
        self.status, self.sentence = status, sentence


async def first_of(clock: Clock, event: asyncio.Event, until_us: int) -> None:
    """Wait until an event is set or a time is reached, whichever is first."""
    waits: list[asyncio.Future[object]] = [
        asyncio.ensure_future(event.wait()),
        asyncio.ensure_future(clock.sleep_until(until_us)),
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _seconds(span_us: int) -> str:
    return f"{span_us / 1e6:.3g} s"
