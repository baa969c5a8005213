"""The tables of one run."""

from __future__ import annotations

from typing import Final

from livepairs.schema import BARS, EVENTS, PAIRS, TRADES
from livepairs.tables.ring import Table

__all__ = ["Tables"]

LAST_TRADES: Final = 2_000
EVENTS_KEPT: Final = 10_000


class Tables:
    """What a run has to show: closed bars, pair statistics, events, and the last trades.

    Parameters
    ----------
    limit_rows
        Bars and pair rows kept.
    """

    def __init__(self, *, limit_rows: int) -> None:
        self.bars = Table(BARS, limit_rows=limit_rows)
        self.pairs = Table(PAIRS, limit_rows=limit_rows)
        self.events = Table(EVENTS, limit_rows=EVENTS_KEPT)
        self.trades = Table(TRADES, limit_rows=LAST_TRADES)

    def reset(self) -> None:
        """Drop all rows."""
        for table in (self.bars, self.pairs, self.events, self.trades):
            table.reset()
