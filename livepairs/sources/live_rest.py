"""Asks a venue's REST interface: paced under its request weight, its refusals told apart, its clock noted.

One request at a time: the back-filler, the clock and the check of symbols share the venue's patience.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from livepairs.clock import Clock
from livepairs.errors import FeedError
from livepairs.exchanges import Decoded, VenueRefusal, WireError
from livepairs.exchanges.binance_rest import (
    agg_trades_path,
    exchange_info_path,
    read_agg_trades,
    read_refusal,
    read_symbols,
    read_time,
    time_path,
)
from livepairs.exchanges.binance_routes import Market
from livepairs.sources.live_limits import MINUTE_WEIGHT, LiveLimits
from livepairs.sources.live_offset import ClockOffset
from livepairs.sources.live_pace import WeightBudget
from livepairs.sources.live_wire import RefusedError, is_loopback

if TYPE_CHECKING:
    import aiohttp

__all__ = ["VenueRest"]

T = TypeVar("T")

_LOG = logging.getLogger(__name__)

WEIGHTS: Final[dict[Market, dict[str, int]]] = {
    "um": {"aggTrades": 20, "time": 1, "exchangeInfo": 1},
    "spot": {"aggTrades": 4, "time": 1, "exchangeInfo": 20},
}
USED_WEIGHT: Final = "X-MBX-USED-WEIGHT-1M"
UNSAID_WAIT_S: Final = 60.0
"""How long to wait where the venue says that it is too much but not until when: its budgets are by the minute."""


class VenueRest:
    """Asks one venue; to be used as an asynchronous context manager.

    Parameters
    ----------
    market
        Whose paths and weights.
    base
        Scheme, host and port.
    clock
        The local clock.
    offset
        Where the answers about the time go, and what the venue's minute is known by.
    limits
        How long a request may take, and what share of the budget may be spent.
    """

    def __init__(self, market: Market, base: str, *, clock: Clock, offset: ClockOffset, limits: LiveLimits) -> None:
        self._market, self._base, self._clock, self._offset, self._limits = market, base, clock, offset, limits
        self._budget = WeightBudget(int(MINUTE_WEIGHT[market] * limits.weight_share))
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Lock()
        self.problem = ""
        """Why nothing is asked at the moment, in a sentence; empty while it may be."""

    async def __aenter__(self) -> Self:
        import aiohttp  # a tenth of a second, and of use to live runs only

        self._session = aiohttp.ClientSession(
            trust_env=not is_loopback(self._base),
            timeout=aiohttp.ClientTimeout(total=self._limits.request_us / 1e6),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask_time(self) -> None:
        """Ask for the venue's clock and tell the estimate.

        Raises
        ------
        FeedError
            If there is no usable answer.
        """
        await self._get("time", time_path(self._market), self._note_time)

    def _note_time(self, body: bytes, asked_us: int, answered_us: int) -> None:
        self._offset.add_answer(asked_us, answered_us, read_time(body))

    async def symbols(self) -> tuple[str, ...]:
        """Return the symbols that can be traded.

        Raises
        ------
        FeedError
            If there is no usable answer.
        """
        return await self._get("exchangeInfo", exchange_info_path(self._market), lambda body, _, __: read_symbols(body))

    async def agg_trades(self, symbol: str, from_id: int | None, limit: int) -> Decoded:
        """Return trades from an id on, or the latest ones, stamped with the local time at which the answer came.

        Raises
        ------
        RefusedError, FeedError
            If the venue refused, or there is no usable answer.
        """
        path = agg_trades_path(self._market, symbol, from_id, limit)
        return await self._get(
            "aggTrades", path, lambda body, _, answered_us: read_agg_trades(body, symbol, answered_us)
        )

    async def _get(self, kind: str, path: str, read: Callable[[bytes, int, int], T]) -> T:
        """Ask when the budget allows it, and read the body with the local times of question and answer."""
        async with self._turn:
            await self._await_budget(WEIGHTS[self._market][kind])
            asked_us = self._clock.now_us()
            status, headers, body = await self._request(path)
            answered_us = self._clock.now_us()
        if status != 200:
            refusal = read_refusal(status, headers, body)
            self._obey(refusal)
            raise RefusedError(refusal)
        try:
            return read(body, asked_us, answered_us)
        except WireError as error:
            raise FeedError(str(error)) from error

    async def _await_budget(self, weight: int) -> None:
        while (delay_us := self._budget.delay_us(self._exchange_us(), weight)) > 0:
            self.problem = f"as much was asked as may be; on in {delay_us / 1e6:.0f} s"
            await self._clock.sleep(delay_us)
        self.problem = ""
        self._budget.spend(self._exchange_us(), weight)

    def _exchange_us(self) -> int:
        now_us = self._clock.now_us()
        return now_us - self._offset.at(now_us)

    async def _request(self, path: str) -> tuple[int, dict[str, str], bytes]:
        import aiohttp
        from yarl import URL

        assert self._session is not None, "used outside its context"
        try:
            # The path is the venue's own spelling already; a second round of quoting would change it.
            async with self._session.get(URL(self._base + path, encoded=True)) as response:
                body = await response.read()
                headers = dict(response.headers)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise FeedError(f"no answer from {self._base}: {str(error) or type(error).__name__}") from error
        used = headers.get(USED_WEIGHT, "")
        if used.isdecimal():
            self._budget.learn(self._exchange_us(), int(used[:9]))
        return response.status, headers, body

    def _obey(self, refusal: VenueRefusal) -> None:
        if refusal.kind == "wait" or refusal.retry_after_s is not None:
            wait_s = UNSAID_WAIT_S if refusal.retry_after_s is None else refusal.retry_after_s
            until_us = self._exchange_us() + int(wait_s * 1e6)
            self._budget.block(max(until_us, refusal.retry_at_us or 0))
            _LOG.warning("%s", refusal.sentence)
