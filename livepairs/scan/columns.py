"""A universe of closes as the kernels read it: centred, scaled, cut into blocks of lanes, and its spectra.

Everything here is done once a scan, in one process; workers on other machines receive the result, so they all work on
the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.kernel_pair import OWN
from livepairs.scan.kernel_products import LANES, TILE
from livepairs.scan.params import ScanParams
from livepairs.stats.compiled import kernel
from livepairs.stats.elementary import log

__all__ = ["Columns", "lanes_of", "prepare_columns"]

Floats = NDArray[np.float64]

SMOOTH: Final = (2, 3, 5)
"""Prime factors of lengths whose Fourier transform is quick."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What every task reads; see ``kernel.scan_tasks`` for the shapes.

    Parameters
    ----------
    bars
        Bars of the window.
    most_lags
        The largest lag, or the only one.
    is_aic
        Whether the AIC chooses among the lags up to ``most_lags``.
    """

    bars: int
    most_lags: int
    is_aic: bool
    levels: Floats
    lines: Floats
    spectra: Floats
    waves: Floats
    cosines: Floats
    own: Floats
    penalties: Floats

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.own)


@kernel("f8[,r]", "i8", "f8[,]", "f8[,]", releases_gil=True)
def centre(closes: Any, is_log: int, levels: Any, moments: Any) -> None:  # arrays, or memory views of them
    """Write prices about their mean, divided by a power of two that brings their changes near one.

    Parameters
    ----------
    closes
        ``(series, bars)``.
    levels
        The same shape or longer, written.
    moments
        ``(series, 3)``, written: mean, divisor, sum of squares of the centred and divided prices.
    """
    bars = closes.shape[1]
    for one in range(closes.shape[0]):
        start = log(closes[one, 0]) if is_log == 1 else closes[one, 0]
        total = 0.0
        # About the first price, so that the sum loses nothing at a level of 100,000.
        for t in range(bars):
            levels[one, t] = (log(closes[one, t]) if is_log == 1 else closes[one, t]) - start
            total += levels[one, t]
        mean = total / bars
        largest = 0.0
        rest = 0.0
        for t in range(bars):
            levels[one, t] -= mean
            rest += levels[one, t]
            if t > 0:
                largest = max(largest, math.fabs(levels[one, t] - levels[one, t - 1]))
        rest /= bars
        exponent = math.frexp(largest)[1] if largest > 0.0 else 0
        square = 0.0
        for t in range(bars):
            levels[one, t] = math.ldexp(levels[one, t] - rest, -exponent)
            square += levels[one, t] * levels[one, t]
        moments[one, 0] = start + (mean + rest)
        moments[one, 1] = math.ldexp(1.0, exponent)
        moments[one, 2] = square


def prepare_columns(closes: Floats, params: ScanParams) -> Columns:
    """Prepare a universe.

    Parameters
    ----------
    closes
        ``(series, bars)``, finite, none of them constant; positive if logs are asked for.
    params
        What is asked of the scan.
    """
    series, bars = closes.shape
    most = params.most_lags(bars)
    levels = np.zeros((series, _multiple(bars, TILE)))
    moments = np.empty((series, 3))
    centre(np.ascontiguousarray(closes, np.float64), int(params.price == "log"), levels, moments)
    changes = np.diff(levels[:, :bars], axis=1)
    spectra, cosines, auto = _spectra(changes, most)
    rise = levels[:, bars - 1] - levels[:, 0]
    variation = np.maximum(auto[:, 0] - rise * rise / (bars - 1), 0.0)
    own = np.column_stack([moments, variation, rise, auto])
    assert own.shape[1] == len(OWN) + most + 1
    rows = bars - 1 - most
    penalties = np.array([math.exp(2.0 * lag / rows) for lag in range(most + 1)])
    return Columns(
        bars,
        most,
        params.lags is None,
        lanes_of(levels.reshape(series, -1, TILE)),
        levels,
        lanes_of(spectra),
        spectra,
        cosines,
        np.ascontiguousarray(own),
        penalties,
    )


def _spectra(changes: Floats, most: int) -> tuple[Floats, Floats, Floats]:
    """Return folded spectra ``(series, folds, 4)``, cosines ``(folds, rows)``, own autocovariances ``(series, lags)``.

    Column k // 2 of the cosines is lag k if k is even; the odd lags begin at the tile after them.
    """
    length = _quick_length(changes.shape[1] + most + 1)
    quarter = length // 4
    folds = _multiple(quarter + 1, TILE)
    spectrum = np.fft.rfft(changes, length, axis=1)
    weights = np.full(length // 2 + 1, 2.0)
    weights[[0, -1]] = 1.0
    spectrum *= np.sqrt(2.0 * weights / length)
    low = spectrum[:, : quarter + 1]
    # The middle frequency meets itself when the spectrum is folded, and counts once.
    high = spectrum[:, ::-1][:, : quarter + 1].copy()
    high[:, quarter] = 0.0
    parts = [low.real, low.imag, high.real, high.imag]
    folded = np.zeros((len(changes), folds, len(parts)))
    for place, part in enumerate(parts):
        folded[:, : quarter + 1, place] = part
    half = _multiple(most // 2 + 1, TILE)
    cosines = np.zeros((folds, half + _multiple((most + 1) // 2, TILE)))
    table = np.cos(2.0 * np.pi / length * np.arange(length))
    for lag in range(most + 1):
        cosines[: quarter + 1, lag // 2 + lag % 2 * half] = table[np.arange(quarter + 1) * lag % length]
    power = np.square(parts[0]) + np.square(parts[1]), np.square(parts[2]) + np.square(parts[3])
    even, odd = power[0] + power[1], power[0] - power[1]
    auto = np.empty((len(changes), most + 1))
    for lag in range(most + 1):
        # Not by a matrix product, whose last bits depend on the number of threads that work on it.
        cosine = cosines[: quarter + 1, lag // 2 + lag % 2 * half]
        auto[:, lag] = 0.5 * np.einsum("sf,f->s", odd if lag % 2 else even, cosine)
    return folded, cosines, auto


def lanes_of(rows: Floats) -> Floats:
    """Return ``(series, n, m)`` as ``(blocks, n, m * LANES)``, the last block filled up with zeros."""
    series, length, width = rows.shape
    padded = np.zeros((_multiple(series, LANES), length, width))
    padded[:series] = rows
    blocks = padded.reshape(-1, LANES, length, width).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(blocks).reshape(len(blocks), length, width * LANES)


def _multiple(count: int, of: int) -> int:
    return -(-count // of) * of


def _quick_length(least: int) -> int:
    """Return the smallest multiple of 4 from ``least`` on without prime factors above 5."""
    length = _multiple(least, 4)
    while True:
        rest = length
        for factor in SMOOTH:
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 4
