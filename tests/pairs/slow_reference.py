"""The pair's numbers written from their definitions (docs/numbers.md): every window on its own, in long double.

Inputs are the doubles the kernel works on. Everything is measured from the window's first row, for at a price level of
100,000 even long double would spend five of its digits on the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from statsmodels.tsa.adfvalues import mackinnonp

from livepairs.pairs.machine import PairParams

LN2 = np.log(np.longdouble(2.0))


@dataclass(frozen=True)
class Reference:
    """One entry a bar, NaN until its window is full; ``slope`` is that behind the half-life, ``scale`` the residuals'
    deviation and ``size`` that of the numbers which cancel in ``alpha``."""

    beta: np.ndarray
    alpha: np.ndarray
    spread: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    z: np.ndarray
    corr: np.ndarray
    coint_stat: np.ndarray
    coint_p: np.ndarray
    slope: np.ndarray
    scale: np.ndarray
    size: np.ndarray


def reference(y: np.ndarray, x: np.ndarray, params: PairParams) -> Reference:
    bars = len(y)
    ys, xs = (sliding_window_view(leg.astype(np.longdouble), params.hedge_window) for leg in (y, x))
    y_away, x_away = _centred(ys), _centred(xs)
    beta = (x_away * y_away).sum(axis=1) / (x_away * x_away).sum(axis=1)
    residuals = y_away - beta[:, None] * x_away
    y_mean, x_mean = ys[:, 0] - y_away[:, 0], xs[:, 0] - x_away[:, 0]
    spread = _late(residuals[:, -1], bars)
    mean, std = _deviation(spread, params.z_window)
    stat = _late(_adf(residuals, params.adf_lags), bars)
    return Reference(
        beta=_late(beta, bars),
        alpha=_late(y_mean - beta * x_mean, bars),
        spread=spread,
        mean=mean,
        std=std,
        z=(spread - mean) / std,
        corr=_correlation(np.diff(y.astype(np.longdouble)), np.diff(x.astype(np.longdouble)), params.corr_window, bars),
        coint_stat=stat,
        coint_p=np.array([mackinnonp(float(s), regression="c", N=2) if np.isfinite(s) else np.nan for s in stat]),
        slope=_late(_slope(residuals), bars),
        scale=_late(np.sqrt((residuals * residuals).mean(axis=1)), bars),
        size=_late(np.abs(y_mean) + np.abs(beta * x_mean), bars),
    )


def _late(values: np.ndarray, bars: int) -> np.ndarray:
    return np.concatenate([np.full(bars - len(values), np.nan, np.longdouble), values])


def _centred(windows: np.ndarray) -> np.ndarray:
    from_first = windows - windows[:, :1]
    return from_first - from_first.mean(axis=1, keepdims=True)


def _deviation(spread: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    windows = sliding_window_view(spread, window)
    away = _centred(windows)
    mean = windows[:, 0] - away[:, 0]
    std = np.sqrt((away * away).sum(axis=1) / (window - 1))
    return _late(mean, len(spread)), _late(std, len(spread))


def _correlation(dy: np.ndarray, dx: np.ndarray, window: int, bars: int) -> np.ndarray:
    y_away, x_away = (_centred(sliding_window_view(leg, window)) for leg in (dy, dx))
    squares = (y_away * y_away).sum(axis=1) * (x_away * x_away).sum(axis=1)
    return _late((y_away * x_away).sum(axis=1) / np.sqrt(squares), bars)


def _adf(residuals: np.ndarray, lags: int) -> np.ndarray:
    """Return the t value of the lagged level among the lagged differences, without constant, by projections."""
    changes = np.diff(residuals, axis=1)
    rows = changes.shape[1] - lags
    level, change = residuals[:, lags:-1].copy(), changes[:, lags:].copy()
    basis: list[np.ndarray] = []
    for j in range(1, lags + 1):
        lagged = changes[:, lags - j : changes.shape[1] - j].copy()
        _project_out(lagged, basis)
        basis.append(lagged)
    _project_out(level, basis)
    _project_out(change, basis)
    square = (level * level).sum(axis=1)
    slope = (level * change).sum(axis=1) / square
    error = change - slope[:, None] * level
    variance = (error * error).sum(axis=1) / (rows - lags - 1)
    return slope / np.sqrt(variance / square)


def _project_out(vectors: np.ndarray, basis: list[np.ndarray]) -> None:
    for _ in range(2):
        for other in basis:
            vectors -= ((vectors * other).sum(axis=1) / (other * other).sum(axis=1))[:, None] * other


def _slope(residuals: np.ndarray) -> np.ndarray:
    before = _centred(residuals[:, :-1])
    return (before * np.diff(residuals, axis=1)).sum(axis=1) / (before * before).sum(axis=1)
