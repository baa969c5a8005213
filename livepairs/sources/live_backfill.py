"""Fetches what is missing: the gaps in the ledger, and the trades of symbols that have been quiet suspiciously long.

What was noticed first is fetched first, in pages, under the venue's request weight. Rows that REST does not have yet
are asked for again, for it may trail the stream; those it no longer has, or never had, are given up and stay in the
ledger.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from livepairs.clock import Clock
from livepairs.columns import flags_column, ints_of
from livepairs.errors import FeedError
from livepairs.exchanges import Decoded, Reject
from livepairs.exchanges.binance_rest import AGG_TRADES_LIMIT
from livepairs.sources.live_ledger import Wanted
from livepairs.sources.live_limits import LiveLimits
from livepairs.sources.live_pace import Backoff
from livepairs.sources.live_rest import VenueRest
from livepairs.sources.live_wire import RefusedError

__all__ = ["BackFiller", "Missing"]

_LOG = logging.getLogger(__name__)


class Missing(Protocol):
    """What the back-filler works for."""

    def wanted(self) -> Wanted | None:
        """Return what to fetch next."""

    def questions(self) -> Iterator[tuple[str, int | None]]:
        """Yield symbols that have been quiet, with the id after their last one; None where they never had a trade."""

    def deliver(self, symbol: str, found: Decoded) -> None:
        """Take in rows that were missing."""

    def discover(self, symbol: str, found: Decoded) -> None:
        """Take in rows that nobody knew of: those the stream should have brought by now are missing."""

    def give_up(self, wanted: Wanted) -> None:
        """Note that these will not come."""


class BackFiller:
    """Fetches for as long as it is left running.

    Parameters
    ----------
    missing
        What it works for.
    rest
        What it asks.
    clock, limits
        What it waits by, and how often it tries.
    """

    def __init__(self, missing: Missing, rest: VenueRest, *, clock: Clock, limits: LiveLimits) -> None:
        self._missing, self._rest, self._clock, self._limits = missing, rest, clock, limits
        self._backoff = Backoff(limits.retry_us, limits.backoff_most_us)
        self._empty: tuple[Wanted | None, int] = (None, 0)
        self.problem = ""
        """Why nothing can be fetched at the moment, in a sentence; empty while it can."""

    async def run(self) -> None:
        """Fetch what is missing, and look out for more, until cancelled."""
        while True:
            wanted = self._missing.wanted()
            try:
                if wanted is not None:
                    await self._fill(wanted)
                    continue
                for symbol, from_id in self._missing.questions():
                    await self._look(symbol, from_id)
                    break
                self._well()
            except FeedError as error:
                self._unwell(str(error))
                await self._clock.sleep(self._backoff.next_us())
                continue
            await self._clock.sleep(self._limits.chunk_us)

    def _well(self) -> None:
        self.problem = ""

    def _unwell(self, problem: str) -> None:
        if problem != self.problem:
            _LOG.warning("back-fill waits: %s", problem)
        self.problem = problem

    async def _fill(self, wanted: Wanted) -> None:
        """Fetch a page of what is missing, and settle what the answer says of it."""
        size = min(AGG_TRADES_LIMIT, wanted.to_id - wanted.from_id + 1)
        try:
            found = await self._rest.agg_trades(wanted.symbol, wanted.from_id, size)
        except RefusedError as error:
            await self._settle_refusal(wanted, error)
            return
        self._well()
        top = _last_id(found)
        if top is None:
            await self._wait_for_tail(wanted)
            return
        self._backoff.reset()
        self._missing.deliver(wanted.symbol, _up_to(found, wanted.to_id))
        # The venue's rows are in order, so what it left out below the last one of the page it never had.
        self._missing.give_up(Wanted(wanted.symbol, wanted.from_id, min(top, wanted.to_id)))

    async def _settle_refusal(self, wanted: Wanted, error: RefusedError) -> None:
        kind = error.refusal.kind
        if kind in ("bad_symbol", "bad_request"):
            _LOG.warning("gap of %s from id %d stays: %s", wanted.symbol, wanted.from_id, error)
            self._missing.give_up(wanted)
        elif kind == "too_old":
            await self._give_up_old(wanted)
        else:
            raise error

    async def _give_up_old(self, wanted: Wanted) -> None:
        """Find, by halving, the first id the venue still has, and give up what is before it."""
        low, high = wanted.from_id, wanted.to_id + 1
        while high - low > 1:
            middle = (low + high) // 2
            try:
                await self._rest.agg_trades(wanted.symbol, middle, 1)
                high = middle
            except RefusedError as error:
                if error.refusal.kind != "too_old":
                    raise
                low = middle
        _LOG.warning("gap of %s from id %d to %d stays: older than the venue keeps", wanted.symbol, wanted.from_id, low)
        self._missing.give_up(Wanted(wanted.symbol, wanted.from_id, low))

    async def _wait_for_tail(self, wanted: Wanted) -> None:
        """Wait for rows the stream has announced and REST does not have yet; give up after some tries."""
        before, tries = self._empty
        tries = tries + 1 if before == wanted else 1
        self._empty = (wanted, tries)
        if tries >= self._limits.tail_tries:
            self._missing.give_up(wanted)
            return
        await self._clock.sleep(self._backoff.next_us())

    async def _look(self, symbol: str, from_id: int | None) -> None:
        found = await self._rest.agg_trades(symbol, from_id, AGG_TRADES_LIMIT)
        self._backoff.reset()
        if _last_id(found) is not None:
            self._missing.discover(symbol, found)


def _last_id(found: Decoded) -> int | None:
    numbers = [*ints_of(found.agg_trades.column("trade_id"))[-1:].tolist(), *(row.trade_id for row in found.rejects)]
    return max(numbers, default=None)


def _up_to(found: Decoded, to_id: int) -> Decoded:
    rows = found.agg_trades
    ids = ints_of(rows.column("trade_id"))
    if len(ids) and ids[-1] > to_id:
        rows = rows.filter(flags_column(np.asarray(ids <= to_id)))
    rejects: tuple[Reject, ...] = tuple(row for row in found.rejects if row.trade_id <= to_id)
    return Decoded(agg_trades=rows, rejects=rejects, rejected=found.rejected)
