"""A venue's trades as they happen: one supervised connection, what it missed fetched again, nothing lost silently.

``LiveSource`` joins the parts, each in a file beside this one: the supervisor keeps a connection, whose inbox this loop
empties; ``exchanges`` decodes; the sequencer orders, stamps and counts; the ledger knows which ids are missing; the
back-filler fetches them. All of it runs on the loop that iterates ``chunks``.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

from livepairs.clock import Clock
from livepairs.errors import ConfigError, FeedError, did_you_mean
from livepairs.exchanges.binance_routes import Market
from livepairs.schema import Chunk
from livepairs.sources.live_backfill import BackFiller
from livepairs.sources.live_feed import FeedState
from livepairs.sources.live_intake import Intake
from livepairs.sources.live_ledger import Ledger
from livepairs.sources.live_limits import Endpoints, LiveLimits
from livepairs.sources.live_offset import ClockOffset
from livepairs.sources.live_pace import Backoff
from livepairs.sources.live_rest import VenueRest
from livepairs.sources.live_sequence import Sequencer
from livepairs.sources.live_supervisor import Supervisor, first_of
from livepairs.sources.live_watch import Watch

__all__ = ["LiveSource"]

_LOG = logging.getLogger(__name__)

FEED_US: Final = 100_000
"""How often the account of the feed is renewed."""


class LiveSource:
    """A venue's live trades and marks as a source.

    ``chunks`` may be iterated once at a time; everything it opened is closed with the iterator. All else may be called
    and read from any thread.

    Parameters
    ----------
    market
        ``"um"`` or ``"spot"``.
    symbols
        In capitals, as the venue spells them.
    endpoints
        Where the market is served.
    clock
        What paces it and stamps what is received.
    close_us
        Length of a bar and its grace in the run this feeds, microseconds: a chunk comes at the moment a bar closes, and
        rows that come out of their order are late at it.
    limits
        How long it waits for what.
    """

    def __init__(
        self,
        market: Market,
        symbols: Sequence[str],
        *,
        endpoints: Endpoints,
        clock: Clock,
        close_us: tuple[int, int] = (1_000_000, 500_000),
        limits: LiveLimits | None = None,
    ) -> None:
        if not symbols:
            raise ConfigError(f"a live source of {market} has no symbols; name at least one, as BTCUSDT")
        self._market, self._symbols, self._endpoints = market, tuple(symbols), endpoints
        self._clock, self._close_us = clock, close_us
        self._limits = limits or LiveLimits()
        self._lock = threading.Lock()
        self._is_wanted = True
        self._running: tuple[asyncio.AbstractEventLoop, Supervisor] | None = None
        self._watch = Watch(market, self._symbols, self._limits)
        self.feed = FeedState(queue_limit=self._limits.queue_frames, streams=self._watch.states(0, 0))
        """How it is doing; replaced, never changed."""

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._symbols

    def start(self) -> None:
        """Connect again after ``stop`` or a refusal; from any thread."""
        self._turn(is_wanted=True)

    def stop(self) -> None:
        """Hang up, and yield nothing until started again; what is missed meanwhile becomes a gap. From any thread."""
        self._turn(is_wanted=False)

    def _turn(self, *, is_wanted: bool) -> None:
        with self._lock:
            self._is_wanted = is_wanted
            running = self._running
        if running is not None:
            loop, supervisor = running
            with suppress(RuntimeError):  # the loop has closed: it is over anyway
                loop.call_soon_threadsafe(supervisor.start if is_wanted else supervisor.stop)

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Connect and yield chunks until closed.

        Raises
        ------
        ConfigError
            If the venue does not trade a symbol; before the first chunk.
        """
        offset, limits = ClockOffset(), self._limits
        watch = self._watch = Watch(self._market, self._symbols, limits)
        supervisor = Supervisor(self._market, self._endpoints.ws, watch, clock=self._clock, limits=limits)
        rest = VenueRest(self._market, self._endpoints.rest, clock=self._clock, offset=offset, limits=limits)
        ledger = Ledger(limits.most_gaps)
        interval_us, grace_us = self._close_us
        sequencer = Sequencer(self._symbols, interval_us=interval_us, grace_us=grace_us, ledger=ledger)
        intake = Intake(sequencer, supervisor, watch, offset=offset, clock=self._clock, limits=limits)
        filler = BackFiller(intake, rest, clock=self._clock, limits=limits)
        async with rest:
            await self._check(rest)
            with self._lock:
                self._running = asyncio.get_running_loop(), supervisor
                if not self._is_wanted:
                    supervisor.stop()
            tasks = [
                asyncio.ensure_future(work)
                for work in (supervisor.run(), filler.run(), self._keep_time(rest, intake.doubt))
            ]
            try:
                feed_due_us = 0
                while True:
                    await self._clock.sleep_until(intake.next_us())
                    for task in tasks:
                        if task.done():
                            task.result()  # only a mistake of ours ends one, and it must end the run visibly
                    chunk = intake.chunk()
                    if self._clock.now_us() >= feed_due_us:
                        feed_due_us = self._clock.now_us() + FEED_US
                        self.feed = intake.feed(filler.problem or rest.problem)
                    if not supervisor.is_stopped or chunk.trades.num_rows or chunk.marks.num_rows:
                        yield chunk
            finally:
                self._running = None
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _check(self, rest: VenueRest) -> None:
        """Ask for the venue's clock and symbols; a venue that does not answer is left to the supervisor."""
        try:
            await rest.ask_time()
            known = await rest.symbols()
        except FeedError as error:
            _LOG.warning("the venue's clock and symbols could not be asked for: %s", error)
            return
        for symbol in self._symbols:
            if symbol not in known:
                raise ConfigError(
                    f"symbol {symbol!r} is not traded at binance-{self._market}{did_you_mean(symbol, known)}; "
                    f"name one of its {len(known)} symbols"
                )

    async def _keep_time(self, rest: VenueRest, doubt: asyncio.Event) -> None:
        """Ask for the venue's clock now and then: when in doubt, and often at first, for a quick answer tells most."""
        pause = Backoff(self._limits.retry_us, self._limits.clock_us)
        while True:
            await first_of(self._clock, doubt, self._clock.now_us() + pause.next_us())
            if doubt.is_set():
                pause.reset()
            try:
                await rest.ask_time()
            except FeedError as error:
                _LOG.debug("the venue's clock could not be asked for: %s", error)
            doubt.clear()  # what came before the answer says nothing about it
            await self._clock.sleep(self._limits.retry_us)
