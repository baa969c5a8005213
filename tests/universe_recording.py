"""Writes a recording of many symbols: one trade a symbol and bar, some of them tied, some of them odd."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from livepairs.stores.writer import RecordingWriter
from tests.factories import make_trades

START_US = 1_767_600_000_000_000
BAR_US = 60_000_000


def closes_of(symbols: int, bars: int, seed: int = 5) -> dict[str, np.ndarray]:
    """Return closes: every third symbol follows the one before it, the others walk on their own."""
    dice = np.random.default_rng(seed)
    market = np.cumsum(dice.normal(0.0, 3e-4, bars))
    closes: dict[str, np.ndarray] = {}
    before = market
    for number in range(symbols):
        if number % 3 == 1:
            noise = np.zeros(bars)
            for bar in range(1, bars):
                noise[bar] = 0.7 * noise[bar - 1] + dice.normal(0.0, 4e-4)
            path = 0.8 * before + noise
        else:
            path = 0.5 * market + np.cumsum(dice.normal(0.0, 6e-4, bars))
        before = path
        closes[f"C{number:03d}USDT"] = np.round(100.0 * (1 + number) * np.exp(path), 6)
    return closes


def write_universe(path: Path, symbols: int, bars: int) -> Path:
    """Write the recording and return its path; beside those symbols there are a dead, a constant and a doubled one."""
    closes = closes_of(symbols, bars)
    closes["DEADUSDT"] = np.full(bars, np.nan)
    closes["DEADUSDT"][:2] = (5.0, 5.1)
    closes["FLATUSDT"] = np.full(bars, 1.0)
    closes["TWINUSDT"] = closes["C000USDT"]
    with RecordingWriter(path, source="synthetic:universe", is_synthetic=True, symbols=tuple(closes)) as writer:
        for place, (symbol, prices) in enumerate(closes.items()):
            traded = np.flatnonzero(~np.isnan(prices))
            times = START_US + traded * BAR_US + 1_000 * (place % 500)
            writer.append(make_trades(symbol, times.tolist(), price=prices[traded]))
        writer.finish()
    return path
