"""The tables of one run."""

from __future__ import annotations

from typing import Final

from livepairs.schema import BARS, EVENTS, FEED, PAIRS, TRADES
from livepairs.tables.ring import Table

__all__ = ["Tables"]

LAST_TRADES: Final = 2_000
EVENTS_KEPT: Final = 10_000


class Tables:
    """What a run has to show: closed bars, pair statistics, events, the last trades, and how the feed came in.

    Of the feed there are rows only while a rule asks for them.

    Parameters
    ----------
    limit_rows
        Bars, pair rows and rows of the feed kept.
    """

    def __init__(self, *, limit_rows: int) -> None:
        self.bars = Table(BARS, limit_rows=limit_rows)
        self.pairs = Table(PAIRS, limit_rows=limit_rows)
        self.events = Table(EVENTS, limit_rows=EVENTS_KEPT)
        self.trades = Table(TRADES, limit_rows=LAST_TRADES)
        self.feed = Table(FEED, limit_rows=limit_rows)

    def reset(self) -> None:
        """Drop all rows."""
        for table in (self.bars, self.pairs, self.events, self.trades, self.feed):
            table.reset()
