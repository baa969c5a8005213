"""Takes what is due from the outbox, one channel beside the other, and does not give up soon.

Each channel is a task of its own, so that an endpoint that hangs holds up no other. A failed bundle is tried again
after a pause that doubles, with chance in it so that a thousand servers do not come back together, for a day; then it
is a dead letter, which stays visible and can be sent again. Caps and quiet hours hold bundles back and drop none: what
waits is told together once it may be. All waiting goes through the clock.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final

from livepairs.alerts.rule import Channel, RuleSet
from livepairs.clock import Clock
from livepairs.delivery import Transport
from livepairs.delivery.notice import Notice, notice_of
from livepairs.errors import DeliveryError, HistoryError, LivepairsError
from livepairs.stores.outbox import Bundle, Outbox

__all__ = ["GIVE_UP_US", "Postman", "hand_over", "pause_us"]

_LOG = logging.getLogger(__name__)

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US

FIRST_PAUSE_US: Final = 5 * SECOND_US
LONGEST_PAUSE_US: Final = 30 * MINUTE_US
GIVE_UP_US: Final = 24 * HOUR_US
"""How long a bundle is tried for, from its first attempt."""

PATIENCE_S: Final = 60.0
"""How long a transport may take at most."""

LEASE_US: Final = 3 * MINUTE_US
"""How long a bundle that was taken is nobody else's; longer than any transport takes."""

MOST_EVENTS: Final = 500
"""Events of one bundle."""

AWAY_US: Final = 5 * SECOND_US
"""How long to wait for a database that is away."""

KEPT_US: Final = 7 * 24 * HOUR_US
"""How long it is remembered what was delivered."""


def pause_us(attempts: int, chance: float) -> int:
    """Return how long to wait after so many failed attempts.

    Parameters
    ----------
    attempts
        From 1.
    chance
        From 0 to 1; the pause is between half of what it may be and all of it.

    Examples
    --------
    >>> [pause_us(attempts, 1.0) // 1_000_000 for attempts in (1, 2, 3, 9, 10, 1000)]
    [5, 10, 20, 1280, 1800, 1800]
    """
    longest = min(LONGEST_PAUSE_US, FIRST_PAUSE_US << min(attempts - 1, 20))
    return int(longest * (0.5 + 0.5 * chance))


async def hand_over(open_transport: Callable[[], Transport], notice: Notice) -> None:
    """Give a notice to a transport, which is not waited for without end.

    Raises
    ------
    DeliveryError
        If it was not taken, whatever the reason; the sentence holds nothing of the address.
    """
    try:
        transport = open_transport()
        async with asyncio.timeout(PATIENCE_S):
            await transport.send(notice)
    except DeliveryError:
        raise
    except LivepairsError as error:
        raise DeliveryError(str(error)) from None
    except TimeoutError:
        raise DeliveryError(f"not done within {PATIENCE_S:g} s") from None
    except Exception as error:  # noqa: BLE001 - a border: other people's code, whose words may hold the address
        raise DeliveryError(f"failed ({type(error).__name__})") from None


class Postman:
    """Delivers what waits in one outbox, until it is cancelled.

    Parameters
    ----------
    outbox
        What is to be told.
    clock
        What all waiting goes through.
    rules
        Gives the rules in force, whose channels say when and how often they may be used.
    open_transport
        Makes a channel's transport; what it raises is a failed attempt.
    draw
        Gives a number from 0 to 1 for each pause.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        rules: Callable[[], RuleSet],
        open_transport: Callable[[str], Transport],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._outbox, self._clock, self._rules = outbox, clock, rules
        self._open_transport, self._draw = open_transport, draw
        self._transports: dict[str, Transport] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._news: dict[str, asyncio.Event] = {}
        self._forgot_us: int | None = None

    def wake(self) -> None:
        """Say that there may be something to tell; on its loop."""
        self._woken.set()
        for news in self._news.values():
            news.set()

    async def work(self) -> None:
        """Deliver, until cancelled."""
        try:
            while True:
                self._woken.clear()
                await self._look_for_channels()
                await self._woken.wait()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            for transport in self._transports.values():
                await transport.close()

    async def _look_for_channels(self) -> None:
        while True:
            try:
                channels = self._outbox.channels()
                self._forget()
                break
            except HistoryError as error:
                _LOG.warning("notifications wait: %s", error)
                await self._clock.sleep(AWAY_US)
        for channel in channels:
            if channel not in self._tasks:
                self._news[channel] = asyncio.Event()
                self._tasks[channel] = asyncio.create_task(self._serve(channel))

    def _forget(self) -> None:
        now_us = self._clock.now_us()
        if self._forgot_us is None or now_us - self._forgot_us > HOUR_US:
            self._forgot_us = now_us
            self._outbox.forget(before_us=now_us - KEPT_US)

    async def _serve(self, channel: str) -> None:
        while True:
            news = self._news[channel]
            news.clear()
            try:
                again_us = await self._turn(channel)
            except HistoryError as error:
                _LOG.warning("notifications of %s wait: %s", channel, error)
                again_us = self._clock.now_us() + AWAY_US
            await self._wait(news, again_us)

    async def _wait(self, news: asyncio.Event, until_us: int | None) -> None:
        if until_us is None:
            await news.wait()
            return
        waits = {asyncio.ensure_future(self._clock.sleep_until(until_us)), asyncio.ensure_future(news.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _turn(self, channel: str) -> int | None:
        """Deliver one bundle if one may be; return when to look again, None for when there is news."""
        now_us = self._clock.now_us()
        held_us = self._held_until(channel, now_us)
        if held_us is not None:
            return held_us
        bundle = self._outbox.retake(channel, now_us=now_us, lease_us=LEASE_US)
        if bundle is None:
            since_us = self._outbox.oldest_fresh_us(channel, now_us)
            if since_us is None:
                return self._outbox.next_due_us(channel)
            gathered_us = since_us + self._plan(channel).digest_us
            if now_us < gathered_us:
                due_us = self._outbox.next_due_us(channel)
                return gathered_us if due_us is None or due_us <= now_us else min(gathered_us, due_us)
            bundle = self._outbox.take(channel, now_us=now_us, lease_us=LEASE_US, limit=MOST_EVENTS)
        if bundle is not None:
            await self._deliver(bundle)
        return self._clock.now_us()

    def _held_until(self, channel: str, now_us: int) -> int | None:
        """Return when to ask again if the channel may not be used now: the next minute, or when the cap leaves room."""
        plan = self._plan(channel)
        if plan.is_quiet(now_us, self._rules().zone):
            return now_us - now_us % MINUTE_US + MINUTE_US
        if plan.most_per_hour is not None:
            sent = self._outbox.delivered_us(channel, now_us - HOUR_US)
            if len(sent) >= plan.most_per_hour:
                return sent[-plan.most_per_hour] + HOUR_US
        return None

    def _plan(self, channel: str) -> Channel:
        try:
            return self._rules().channel(channel)
        except KeyError:  # taken out of the rules since: what waits is still told
            return Channel(name=channel)

    async def _deliver(self, bundle: Bundle) -> None:
        try:
            await self._send(bundle)
        except DeliveryError as error:
            self._failed(bundle, error)
            return
        self._outbox.delivered(bundle, now_us=self._clock.now_us())
        _LOG.info("told %s of %d events", bundle.channel, len(bundle.events))

    async def _send(self, bundle: Bundle) -> None:
        await hand_over(lambda: self._transport(bundle.channel), notice_of(bundle, now_us=self._clock.now_us()))

    def _transport(self, channel: str) -> Transport:
        transport = self._transports.get(channel)
        if transport is None:
            transport = self._transports[channel] = self._open_transport(channel)
        return transport

    def _failed(self, bundle: Bundle, error: DeliveryError) -> None:
        now_us = self._clock.now_us()
        named = f"channel {bundle.channel!r}"
        sentence = str(error) if str(error).startswith(named) else f"{named}: {error}"
        if error.is_final or now_us - bundle.tried_us >= GIVE_UP_US:
            self._outbox.give_up(bundle, now_us=now_us, error=sentence)
            _LOG.error("%d events were not told: %s", len(bundle.events), sentence)
            return
        wait_us = max(pause_us(bundle.attempts + 1, self._draw()), error.retry_us or 0)
        self._outbox.failed(bundle, due_us=now_us + wait_us, error=sentence)
        _LOG.warning("%s; tried again in %.0f s", sentence, wait_us / SECOND_US)
