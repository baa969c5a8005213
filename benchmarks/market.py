"""Makes the recordings that are measured: two symbols, tick by tick, the same rows from the same seed.

It is no model of a market and has nothing to do with ``livepairs synthesize``, so that a change there moves no figure.
What matters for speed is as on a venue: arrivals in bursts, prices on ticks that mostly stay, quantities in few lots.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.schema import TRADES, symbol_column

__all__ = ["BTC", "DAY_US", "ETH", "START_US", "make_recording", "make_trades"]

START_US = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z
DAY_US = 86_400_000_000
BLOCKS = 24
BTC, ETH = "BTCUSDT", "ETHUSDT"
SHARE_OF_BTC = 0.6
TICK = {BTC: 0.1, ETH: 0.01}
RNG_TYPE = np.random.Generator


def make_recording(path: Path, trades: int, *, span_us: int = DAY_US, seed: int = 7) -> Path:
    """Write a recording of that many trades over the span, hour by hour, and return its path."""
    from livepairs.stores.recording import RecordingWriter  # which most cases have no use for, and count as theirs

    rng = np.random.default_rng(seed)
    counts = {BTC: int(trades * SHARE_OF_BTC), ETH: trades - int(trades * SHARE_OF_BTC)}
    level = 0.0
    written = dict.fromkeys(counts, 0)
    with RecordingWriter(path, source="benchmark", is_synthetic=True, symbols=(BTC, ETH)) as writer:
        for block in range(BLOCKS):
            start_us, end_us = (START_US + span_us * edge // BLOCKS for edge in (block, block + 1))
            mids, level = _mids(rng, start_us, end_us, level)
            for symbol, count in counts.items():
                ids = range(written[symbol], count * (block + 1) // BLOCKS)
                if ids:
                    writer.append(make_trades(rng, symbol, mids[symbol], (start_us, end_us), ids))
                written[symbol] = ids.stop
        writer.finish()
    return path


def _mids(rng: RNG_TYPE, start_us: int, end_us: int, level: float) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Return both mid prices at each tenth of a second: one random walk, and a spread that comes back to zero."""
    steps = max(1, (end_us - start_us) // 100_000)
    walk = level + np.cumsum(rng.normal(0.0, 1.2e-5, steps))
    noise = rng.normal(0.0, 6e-6, steps + 600)
    kernel = np.exp(-np.arange(600) / 150.0)
    spread = np.convolve(noise, kernel, mode="valid")[:steps]
    return {BTC: 61_740.5 * np.exp(walk), ETH: 2_683.4 * np.exp(1.1 * walk + spread)}, float(walk[-1])


def make_trades(
    rng: RNG_TYPE, symbol: str, mids: NDArray[np.float64], span: tuple[int, int], ids: range
) -> pa.RecordBatch:
    """Return a TRADES batch of one symbol between two times, one row for each id."""
    (start_us, end_us), rows = span, len(ids)
    ts = _times(rng, start_us, end_us, rows)
    is_maker = np.repeat(rng.random(rows // 3 + 1) < 0.5, 3)[:rows]  # one order takes several makers
    tick = TICK[symbol]
    mid = mids[np.minimum((ts - start_us) // 100_000, len(mids) - 1)]
    price = np.round(np.floor(mid / tick + np.where(is_maker, 0.0, 1.0)) * tick, 2)
    lots = 1 + np.floor(np.exp(rng.normal(1.5, 1.8, rows))).astype(np.int64)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(ts).view(TRADES.field("ts").type),
            pa.array(ts + rng.integers(2_000, 40_000, rows)).view(TRADES.field("ts").type),
            symbol_column(symbol, rows),
            pa.array(np.arange(ids.start, ids.stop)),
            pa.array(price),
            pa.array(np.minimum(lots, 5_000) / 1_000),
            pa.array(is_maker),
        ],
        schema=TRADES,
    )


def _times(rng: RNG_TYPE, start_us: int, end_us: int, rows: int) -> NDArray[np.int64]:
    """Return sorted times in whole milliseconds: half of the trades alone, half in bursts of some ten."""
    span_ms = (end_us - start_us) // 1000
    alone = rng.integers(0, span_ms, rows - rows // 2)
    bursts = rng.integers(0, span_ms, rows // 20 + 1)
    burst = np.minimum(bursts[rng.integers(0, len(bursts), rows // 2)] + rng.integers(0, 30, rows // 2), span_ms - 1)
    return start_us + 1000 * np.sort(np.concatenate([alone, burst]))
