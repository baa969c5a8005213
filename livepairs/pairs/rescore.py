"""PAIRS of one hedge window to the z of any z window, bit for bit what a replay with that window would have shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import floats_of
from livepairs.pairs.kernel_rescore import BLOCK_SLOTS, measure_noise, rescore
from livepairs.pairs.machine import PairParams

__all__ = ["Spreads", "z_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spreads:
    """What z is made of, for one hedge window.

    Parameters
    ----------
    params
        What the rows were made with; any z window.
    first_bar
        Absolute number of the first row's bar.
    beta, spread
        Columns of PAIRS from the pair's first bar on, ``(n,)``.
    noise
        The standard deviation below which a spread only shows rounding, ``(n,)``.
    """

    params: PairParams
    first_bar: int
    beta: Floats
    spread: Floats
    noise: Floats

    @classmethod
    def of(cls, pairs: pa.Table, params: PairParams, *, interval_us: int) -> Spreads:
        """Take them from the PAIRS rows of one pair, all from its first bar on, at least one."""
        first = pairs.column("ts")[0].cast(pa.int64()).as_py() // interval_us
        y, x, beta, spread = (_column(pairs, name) for name in ("y_close", "x_close", "beta", "spread"))
        noise = np.empty(len(spread))
        measure_noise(y, x, beta, int(params.price == "log"), noise)
        return cls(params, first, beta, spread, noise)


def _column(pairs: pa.Table, name: str) -> Floats:
    return np.concatenate([floats_of(piece) for piece in pairs.column(name).chunks])


def z_of(spreads: Spreads, z_window: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return z and ``is_ready`` of each row over another z window, ``(n,)`` each.

    Raises
    ------
    ConfigError
        If the window cannot be used.
    """
    params = replace(spreads.params, z_window=z_window)
    n = len(spreads.spread)
    z = np.full(n, np.nan)
    is_ready = np.arange(n) >= params.warmup_bars - 1
    # The slider of spreads takes its first when the hedge window is full.
    start = params.hedge_window - 1
    if start >= n:
        return z, is_ready
    counts = np.arange(1.0, z_window + 1.0)
    shares = np.concatenate([1.0 / counts, (z_window - counts) / z_window])
    blocks = np.empty(BLOCK_SLOTS * z_window)
    first = spreads.first_bar + start
    rescore(z_window, first, shares, spreads.spread[start:], spreads.noise[start:], blocks, z[start:])
    return z, is_ready
