"""Factories: PAIRS and BARS tables, and funding, from a list of plain bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyarrow as pa

from livepairs.backtest.funding import FUNDING, Funding
from livepairs.schema import BARS, PAIRS, Pair
from tests.backtest.reference import Bar

PAIR = Pair("ETHUSDT", "BTCUSDT")
START_US = 1_723_075_200_000_000  # 2024-08-08 00:00:00 UTC
SECOND = 1_000_000
DAY = 86_400 * SECOND


def make_bars(
    z: Sequence[float],
    y: Sequence[float] | None = None,
    x: Sequence[float] | None = None,
    *,
    beta: float = 1.0,
    interval_us: int = SECOND,
) -> list[Bar]:
    """One ready bar for each z; prices stand at 100 and 50 unless given, and each bar opens where the last closed."""
    y, x = y or [100.0] * len(z), x or [50.0] * len(z)
    return [
        Bar(START_US + i * interval_us, z[i], beta, True, (y[max(i - 1, 0)], x[max(i - 1, 0)]), (y[i], x[i]))
        for i in range(len(z))
    ]


def pairs_table(bars: Sequence[Bar], pair: Pair = PAIR) -> pa.Table:
    unknown = math.nan
    rows = [
        dict.fromkeys(PAIRS.names, unknown)
        | {"ts": bar.ts, "pair": str(pair), "z": bar.z, "beta": bar.beta, "is_ready": bar.is_ready}
        | {"y_close": bar.close[0], "x_close": bar.close[1]}
        for bar in bars
    ]
    return pa.Table.from_pylist(rows, schema=PAIRS)


def bars_table(bars: Sequence[Bar], pair: Pair = PAIR) -> pa.Table:
    rows = [
        {name: 0 if name == "trade_count" else 0.0 for name in BARS.names}
        | {"ts": bar.ts, "symbol": symbol, "open": bar.open[leg], "close": bar.close[leg]}
        | {"is_filled": bar.is_filled[leg]}
        for bar in bars
        for leg, symbol in enumerate((pair.y, pair.x))
    ]
    return pa.Table.from_pylist(rows, schema=BARS)


def funding_of(events: Sequence[tuple[int, int, float, float | None]], pair: Pair = PAIR) -> Funding:
    """Events as the reference takes them: (ts, leg, rate, mark price or None)."""
    rows = [
        {"ts": ts, "symbol": (pair.y, pair.x)[leg], "rate": rate, "mark_price": math.nan if mark is None else mark}
        for ts, leg, rate, mark in sorted(events, key=lambda event: event[0])
    ]
    ever = (0, START_US + 1000 * DAY)
    return Funding(pa.Table.from_pylist(rows, schema=FUNDING), {pair.y: ever, pair.x: ever})
