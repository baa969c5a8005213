"""The tables of a run: their schemas, their limits, and that they are emptied together."""

from __future__ import annotations

from livepairs.schema import BARS, EVENTS, PAIRS, TRADES
from livepairs.tables.board import EVENTS_KEPT, LAST_TRADES, Tables
from tests.factories import make_bars, make_trades


def test_each_hop_has_its_table_and_limit() -> None:
    tables = Tables(limit_rows=7)
    assert [t.schema for t in (tables.bars, tables.pairs, tables.events, tables.trades)] == [
        BARS,
        PAIRS,
        EVENTS,
        TRADES,
    ]
    limits = [t.limit_rows for t in (tables.bars, tables.pairs, tables.events, tables.trades)]
    assert limits == [7, 7, EVENTS_KEPT, LAST_TRADES]


def test_reset_empties_all() -> None:
    tables = Tables(limit_rows=7)
    tables.bars.append(make_bars({"A": [1.0]}))
    tables.trades.append(make_trades("A", [1]))
    tables.reset()
    assert len(tables.bars) == len(tables.trades) == 0
