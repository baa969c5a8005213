"""A market with known truth as a live source: ``synthetic:?seed=7`` paced by a clock, without end.

It gives the very rows that ``livepairs synthesize`` records for the same parameters. ``synthetic_market`` makes them;
this file only hands them out in time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import numpy as np
import pyarrow as pa

from livepairs.clock import Clock, SystemClock
from livepairs.schema import Chunk
from livepairs.sources.synthetic_market import Block, SyntheticMarket, Truth
from livepairs.sources.synthetic_params import SCHEME, SyntheticParams

__all__ = ["PACE_US", "SyntheticParams", "SyntheticSource", "Truth", "open_synthetic"]

PACE_US = 100_000
"""How often a chunk comes, in event time."""

LEAD_US = 900_000_000
"""How much history comes at once in the beginning, so that charts and windows are full when they are first seen."""


def open_synthetic(text: str, *, clock: Clock | None = None) -> SyntheticSource:
    """Open the source named by ``"synthetic:?seed=7"``, or by its part from the question mark on.

    Raises
    ------
    ConfigError
        If a key is unknown, or a value makes no sense.
    """
    return SyntheticSource(SyntheticParams.parse(SCHEME + text.strip().removeprefix(SCHEME)), clock=clock)


class SyntheticSource:
    """Plays a synthetic market at the pace of a clock, from the start of the market on.

    Parameters
    ----------
    params
        The market; its ``hours`` play no part here.
    clock
        What paces it; the machine's clock if None. Only the time elapsed matters, event time is the market's own.
    lead_us
        How much of the market is handed out at once, before the pace begins.
    """

    def __init__(self, params: SyntheticParams, *, clock: Clock | None = None, lead_us: int = LEAD_US) -> None:
        self.params = params
        self._market = SyntheticMarket(params)
        self._clock = SystemClock() if clock is None else clock
        self._lead_us = max(0, lead_us)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols it delivers, X first."""
        return self.params.symbols

    def truth(self) -> Truth:
        """Return what is known of the rows made so far, which is up to ten minutes more than was handed out."""
        return self._market.truth()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """Yield the lead at once, then ten chunks a second for as long as it is asked."""
        lead_end_us = self.params.start_us + self._lead_us
        origin_us = self._clock.now_us() - lead_end_us
        for block in self._market.blocks():
            for chunk in _cut(block, lead_end_us):
                if chunk.now_us >= lead_end_us:
                    await self._clock.sleep_until(origin_us + chunk.now_us + 1)
                yield chunk


def _cut(block: Block, lead_end_us: int) -> Iterator[Chunk]:
    """Yield the part of a block before the end of the lead as one chunk, the rest at the pace."""
    trade_times, mark_times = _times(block.trades), _times(block.marks)
    first_us = min(lead_end_us, block.end_us) if lead_end_us > block.start_us else block.start_us + PACE_US
    trade, mark = 0, 0
    for end_us in range(first_us, block.end_us + 1, PACE_US):
        next_trade, next_mark = int(np.searchsorted(trade_times, end_us)), int(np.searchsorted(mark_times, end_us))
        trades, marks = block.trades.slice(trade, next_trade - trade), block.marks.slice(mark, next_mark - mark)
        trade, mark = next_trade, next_mark
        yield Chunk(trades, marks, end_us - 1)


def _times(batch: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    times: np.ndarray[tuple[int], np.dtype[np.int64]] = batch.column("ts").cast(pa.int64()).to_numpy()
    return times
