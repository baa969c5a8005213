"""PAIRS of one hedge window to the z of any z window, bit for bit what a replay with that window would have shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.pairs.kernel import STATISTICS, Z
from livepairs.pairs.kernel_rescore import rescore
from livepairs.pairs.layout import Layout, make_layout
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
    y_close, x_close, beta, spread
        Columns of PAIRS from the pair's first bar on, ``(n,)``.
    """

    params: PairParams
    first_bar: int
    y_close: Floats
    x_close: Floats
    beta: Floats
    spread: Floats

    @classmethod
    def of(cls, pairs: pa.Table, params: PairParams, *, interval_us: int) -> Spreads:
        """Take them from the PAIRS rows of one pair, all from its first bar on, at least one."""
        first = pairs.column("ts")[0].cast(pa.int64()).as_py() // interval_us
        columns = (np.ascontiguousarray(pairs.column(c).to_numpy()) for c in ("y_close", "x_close", "beta", "spread"))
        return cls(params, first, *columns)


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
    layout = make_layout(params.hedge_window, z_window, 3, lags=params.adf_lags, is_log=params.price == "log")
    out = np.full(len(STATISTICS) * (n - start), np.nan)
    columns = (column[start:] for column in (spreads.y_close, spreads.x_close, spreads.beta, spreads.spread))
    rescore(np.zeros(layout[Layout.SIZE]), layout, spreads.first_bar + start, *columns, out)
    z[start:] = out.reshape(len(STATISTICS), -1)[Z]
    return z, is_ready
