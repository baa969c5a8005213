"""The pair machine: BARS batches in, PAIRS batches out.

A machine holds one kernel state per pair, and what it was last told of each symbol. It reads BARS as they close and
knows nothing of where they come from; slicing them otherwise (at bar times) changes no bit of the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import (
    codes_of,
    flags_column,
    floats_column,
    floats_columns,
    floats_of,
    ints_column,
    ints_of,
    names_column,
    times_column,
)
from livepairs.errors import ConfigError
from livepairs.pairs.hedge import read_hedge
from livepairs.pairs.kernel import IS_READY, STATISTICS, advance
from livepairs.pairs.layout import Layout, make_layout
from livepairs.schema import BARS, PAIRS, Pair, check, empty
from livepairs.stats.elementary import log

__all__ = ["PRICES", "PairMachine", "PairParams"]

PRICES: Final = ("log", "level")
"""What a pair is computed on: the logarithm of the close, or the close."""

LONGEST_WINDOW: Final = 1_000_000
MOST_LAGS: Final = 32
FEW_ROWS: Final = 64
NO_ROWS: Final = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class PairParams:
    """How a pair's numbers are computed; windows are in bars.

    Raises
    ------
    ConfigError
        If a window or the number of lags cannot be used.
    """

    hedge_window: int = 300
    z_window: int = 300
    corr_window: int = 300
    adf_lags: int = 1
    price: str = "log"
    hedge: str = "ols"
    """How the hedge ratio is found, as ``hedge.read_hedge`` takes it."""

    def __post_init__(self) -> None:
        if self.price not in PRICES:
            raise ConfigError(f"price {self.price!r} is not known; use one of {', '.join(PRICES)}")
        if not 0 <= self.adf_lags <= MOST_LAGS:
            raise ConfigError(f"adf lags {self.adf_lags} are out of range; use 0 to {MOST_LAGS}")
        # The ADF regression has hedge_window - 1 - lags rows and lags + 1 unknowns, and needs two to spare.
        shortest = {"hedge": 2 * self.adf_lags + 5, "z": 2, "corr": 3}
        for name, least in shortest.items():
            window = getattr(self, f"{name}_window")
            if not least <= window <= LONGEST_WINDOW:
                raise ConfigError(f"{name} window of {window} bars is out of range; use {least} to {LONGEST_WINDOW}")
        read_hedge(self.hedge, window=self.hedge_window)

    @property
    def warmup_bars(self) -> int:
        """Bars both legs must have before every statistic has a full window."""
        return max(self.hedge_window + self.z_window - 1, self.corr_window + 1)


class _PairState:
    """One pair's kernel state, and the last bar it has seen."""

    def __init__(self, params: PairParams) -> None:
        method = read_hedge(params.hedge, window=params.hedge_window)
        self.layout = make_layout(
            params.hedge_window,
            params.z_window,
            params.corr_window,
            lags=params.adf_lags,
            is_log=params.price == "log",
            method=method.code,
        )
        self.numbers = np.zeros(self.layout[Layout.SIZE])
        settings = self.layout[Layout.SETTINGS]
        self.numbers[settings : settings + 2] = method.first, method.second
        self.last: NDArray[np.float64] | None = None

    def advance(self, first_bar: int, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the statistics of consecutive bars, ``(len(STATISTICS), n)``."""
        table = np.empty((len(STATISTICS), len(y)))
        advance(self.numbers, self.layout, first_bar, y, x, table.reshape(-1))
        self.last = table[:, -1]
        return table


class PairMachine:
    """Turns closed bars into rows of pair statistics.

    Parameters
    ----------
    pairs
        The pairs, in the order their rows take within a bar time.
    params
        Windows, lags and price scale, the same for all pairs.
    interval_us
        Length of a bar in microseconds.
    """

    def __init__(
        self, pairs: Sequence[Pair], params: PairParams | None = None, *, interval_us: int = 1_000_000
    ) -> None:
        self.pairs = tuple(pairs)
        self.params = params or PairParams()
        self._interval_us = interval_us
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        self._states = {pair: _PairState(self.params) for pair in self.pairs}

    def update(self, bars: pa.RecordBatch) -> pa.RecordBatch:
        """Take in closed bars and return the rows of every pair whose legs both have one.

        Parameters
        ----------
        bars
            A BARS batch that splits no bar time; may be empty.

        Returns
        -------
        pa.RecordBatch
            A PAIRS batch; statistics are NaN, and ``is_ready`` false, until their windows are full.
        """
        if bars.num_rows == 0:
            return empty(PAIRS)
        legs = _Legs(check(bars, BARS))
        parts = [part for pair in self.pairs if (part := self._rows_of(pair, legs)) is not None]
        if not parts:
            return empty(PAIRS)
        if len(parts) == 1:
            return parts[0]
        joined = pa.Table.from_batches(parts).combine_chunks().to_batches()[0]
        order = np.argsort(ints_of(joined.column("ts")), kind="stable")
        return joined.take(ints_column(order))

    def _rows_of(self, pair: Pair, legs: _Legs) -> pa.RecordBatch | None:
        y_ts, y_close = legs.of(pair.y)
        x_ts, x_close = legs.of(pair.x)
        # Both series are without holes and end together, so the shorter one says where both are known.
        rows = min(len(y_ts), len(x_ts))
        if rows == 0:
            return None
        ts, y_close, x_close = y_ts[-rows:], y_close[-rows:], x_close[-rows:]
        table = self._states[pair].advance(int(ts[0]) // self._interval_us, y_close, x_close)
        columns = [
            times_column(ts),
            names_column(str(pair), rows),
            floats_column(y_close),
            floats_column(x_close),
            *floats_columns(table[:IS_READY]),
            flags_column(table[IS_READY] != 0.0),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=PAIRS)

    def peek(self, closes: Mapping[str, float]) -> dict[Pair, float]:
        """Return the indicative "z now" of each pair, from prices of bars not closed yet.

        It measures the spread at these prices with the hedge ratio, mean and deviation of the last closed bar, and
        changes nothing. Pairs that are not warm, or lack a price, are left out.

        Parameters
        ----------
        closes
            Latest price by symbol.
        """
        now: dict[Pair, float] = {}
        for pair, state in self._states.items():
            if state.last is None or pair.y not in closes or pair.x not in closes:
                continue
            z = self._z_at(state.last, closes[pair.y], closes[pair.x])
            if math.isfinite(z):
                now[pair] = z
        return now

    def _z_at(self, last: NDArray[np.float64], y: float, x: float) -> float:
        row: dict[str, float] = dict(zip(STATISTICS, last.tolist(), strict=True))
        if not math.isfinite(row["z"]):
            # Not warm, or the spread only shows rounding: what has no z at the close has none in between.
            return math.nan
        if self.params.price == "log":
            y, x = log(y), log(x)
        return (y - row["alpha"] - row["beta"] * x - row["mean"]) / row["std"]


class _Legs:
    """The rows of a BARS batch by symbol."""

    def __init__(self, bars: pa.RecordBatch) -> None:
        self._ts = ints_of(bars.column("ts"))
        self._close = floats_of(bars.column("close"))
        self._rows = _rows_by_name(bars.column("symbol"))

    def of(self, symbol: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the times and closes of a symbol's rows; none if it has none."""
        chosen = self._rows.get(symbol, NO_ROWS)
        return self._ts[chosen], self._close[chosen]


def _rows_by_name(names: pa.Array) -> dict[str, NDArray[np.int64]]:
    """Return the row numbers of each name; a few rows are quicker in plain Python."""
    if len(names) <= FEW_ROWS:
        rows: dict[str, list[int]] = {}
        for row, name in enumerate(names.to_pylist()):
            rows.setdefault(name, []).append(row)
        return {name: np.array(numbers) for name, numbers in rows.items()}
    encoded = names.dictionary_encode()
    codes = codes_of(encoded)
    return {name: np.flatnonzero(codes == code) for code, name in enumerate(encoded.dictionary.to_pylist())}
