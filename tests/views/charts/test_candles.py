"""What a candle is drawn from."""

from __future__ import annotations

import math

import pyarrow as pa

from livepairs.schema import BARS
from livepairs.views.charts.candles import bar_columns
from livepairs.views.charts.candleset import COLUMNS, drawn


def bar(ts: int, open_: float, close: float, *, is_filled: bool = False) -> dict[str, object]:
    high, low = max(open_, close) + 1, min(open_, close) - 1
    volume = 0.0 if is_filled else 3.0
    values = (ts, "ETHUSDT", open_, high, low, close, volume, volume * close, 1.0, 4, is_filled)
    return dict(zip(BARS.names, values, strict=True))


def columns(*bars: dict[str, object]) -> dict[str, list[float]]:
    table = pa.Table.from_pylist(list(bars), schema=BARS)
    return {name: values.tolist() for name, values in drawn(bar_columns(table), 1000.0, 1000.0).items()}


def test_a_candle_has_its_body_between_open_and_close() -> None:
    found = columns(bar(1_000_000, 10.0, 12.0), bar(2_000_000, 12.0, 9.0))
    assert list(found) == COLUMNS
    assert found["ts"] == [1000.0, 2000.0]
    assert found["middle"] == [11.0, 10.5]
    assert found["body"] == [2.0, 3.0]
    assert found["fell"] == [0.0, 1.0]
    assert found["half_volume"] == [1.5, 1.5]


def test_a_bar_without_trades_has_no_candle() -> None:
    found = columns(bar(1_000_000, 10.0, 10.0, is_filled=True))
    assert all(math.isnan(found[name][0]) for name in ("open", "high", "low", "close", "middle", "body"))
    assert found["volume"] == [0.0]
