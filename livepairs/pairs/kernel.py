"""The arithmetic of one pair, bar by bar: closes in, one row of statistics out.

Everything comes from four sliders (``stats.sliding``), so each value depends only on the bars in its windows. ``y`` and
``x`` below are log prices, or prices if the layout says so.

=============  ====================================================================  =========================
slider         vector at bar i                                                       window
=============  ====================================================================  =========================
levels         y_i, x_i                                                              hedge_window
regression     y_(i-1), x_(i-1), dy_i, dx_i, then dy_(i-j), dx_(i-j), j = 1..lags    hedge_window - 1 - lags
spread         spread_i                                                              z_window
changes        dy_i, dx_i                                                            corr_window
=============  ====================================================================  =========================

A residual is e = (y - mean y) - beta (x - mean x), so any sum of products of residuals and their differences follows
from the co-moments of the legs (``residuals.from_moments``). Where the legs are so nearly collinear that this would
cancel, the residuals of the window are formed one by one instead (``residuals.one_by_one``).
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.pairs.hedge import FIXED, OLS
from livepairs.pairs.layout import Layout
from livepairs.pairs.relation import relate_otherwise
from livepairs.pairs.residuals import from_moments, half_life_of, one_by_one
from livepairs.stats.cointegration import mackinnon_p
from livepairs.stats.compiled import kernel, part
from livepairs.stats.elementary import ROUNDING, log
from livepairs.stats.sliding import slide

__all__ = ["STATISTICS", "advance", "score"]

Numbers = MutableSequence[float]

STATISTICS: Final = (
    "beta",
    "alpha",
    "spread",
    "mean",
    "std",
    "z",
    "corr",
    "coint_stat",
    "coint_p",
    "half_life",
    "is_ready",
)
"""What ``advance`` writes for each bar, in this order."""

(BETA, ALPHA, SPREAD, MEAN, STD, Z, CORR, COINT_STAT, COINT_P, HALF_LIFE, IS_READY) = range(11)

NEAR_COLLINEAR: Final = 1e-5
"""Below this share of unexplained variance, co-moments of levels have lost too many digits for residuals."""

LARGEST: Final = 1e100
"""Prices as they are, from here up, are taken as NaN: their squares would overflow to infinity."""

HEDGE_WINDOW: Final = Layout.HEDGE_WINDOW
Z_WINDOW: Final = Layout.Z_WINDOW
CORR_WINDOW: Final = Layout.CORR_WINDOW
LAGS: Final = Layout.LAGS
IS_LOG: Final = Layout.IS_LOG
Y_RING: Final = Layout.Y_RING
X_RING: Final = Layout.X_RING
LEVELS: Final = Layout.LEVELS
REGRESSION: Final = Layout.REGRESSION
SPREAD_SLIDER: Final = Layout.SPREAD
CHANGES: Final = Layout.CHANGES
VECTOR: Final = Layout.VECTOR
MOMENTS: Final = Layout.MOMENTS
REGRESSION_MOMENTS: Final = Layout.REGRESSION_MOMENTS
OTHER_MOMENTS: Final = Layout.OTHER_MOMENTS
SETTINGS: Final = Layout.SETTINGS
METHOD: Final = Layout.METHOD


@kernel("f8[]", "i8[r]", "i8", "f8[r]", "f8[r]", "f8[]")
def advance(
    state: Numbers,
    layout: Sequence[int],
    first_bar: int,
    y_close: Sequence[float],
    x_close: Sequence[float],
    out: Numbers,
) -> None:
    """Take in consecutive closed bars of both legs and write one row of ``STATISTICS`` for each.

    Parameters
    ----------
    state, layout
        Zeros at the start, carried from call to call; and where things stand in it (``layout.make_layout``).
    first_bar
        Absolute number of the first bar: its open divided by the interval.
    y_close, x_close
        Closes, ``(n,)``.
    out
        Receives the statistics, ``(len(STATISTICS) * n,)``, one after the other; NaN where a window
        is not full or a value has no meaning.
    """
    rows = len(y_close)
    for row in range(rows):
        y = y_close[row]
        x = x_close[row]
        if layout[IS_LOG] == 1:
            y = log(y)
            x = log(x)
        elif not (y < LARGEST and x < LARGEST):
            y = x = math.nan
        for column in range(len(STATISTICS)):
            out[column * rows + row] = math.nan
        _advance_one(state, layout, first_bar + row, y, x, out, row, rows)


@part
def _advance_one(
    state: Numbers, layout: Sequence[int], bar: int, y: float, x: float, out: Numbers, row: int, rows: int
) -> None:
    window = layout[HEDGE_WINDOW]
    lags = layout[LAGS]
    vector = layout[VECTOR]
    seen = int(state[0])
    state[0] = seen + 1.0
    state[layout[Y_RING] + bar % window] = y
    state[layout[X_RING] + bar % window] = x
    if seen > lags:
        _set_regression_vector(state, layout, bar)
        sample = window - 1 - lags
        slide(state, layout[REGRESSION], 4 + 2 * lags, sample, bar, vector, layout[REGRESSION_MOMENTS])
    if seen > 0:
        out[CORR * rows + row] = _correlation(state, layout, bar, y, x)
    state[vector] = y
    state[vector + 1] = x
    if slide(state, layout[LEVELS], 2, window, bar, vector, layout[MOMENTS]):
        _relate(state, layout, bar, y, x, out, row, rows)
        score(state, layout, bar, ROUNDING * (math.fabs(y) + math.fabs(out[row] * x)), out, row, rows)
    longest = max(window + layout[Z_WINDOW] - 1, layout[CORR_WINDOW] + 1)
    out[IS_READY * rows + row] = 1.0 if seen + 1 >= longest else 0.0


@part
def _set_regression_vector(state: Numbers, layout: Sequence[int], bar: int) -> None:
    """Write previous levels, then differences from the newest back, both legs side by side."""
    window = layout[HEDGE_WINDOW]
    vector = layout[VECTOR]
    for leg in range(2):
        ring = layout[Y_RING + leg]
        state[vector + leg] = state[ring + (bar - 1) % window]
        for j in range(layout[LAGS] + 1):
            newer = state[ring + (bar - j) % window]
            state[vector + 2 + 2 * j + leg] = newer - state[ring + (bar - j - 1) % window]


@part
def _correlation(state: Numbers, layout: Sequence[int], bar: int, y: float, x: float) -> float:
    """Return Pearson's correlation of the last one-bar changes; NaN until full, or if a leg did not move."""
    before = (bar - 1) % layout[HEDGE_WINDOW]
    vector = layout[VECTOR]
    at = layout[OTHER_MOMENTS]
    state[vector] = y - state[layout[Y_RING] + before]
    state[vector + 1] = x - state[layout[X_RING] + before]
    if not slide(state, layout[CHANGES], 2, layout[CORR_WINDOW], bar, vector, at):
        return math.nan
    yy, yx, xx = state[at + 4], state[at + 5], state[at + 6]
    if not (yy > 0.0 and xx > 0.0):
        return math.nan
    return max(-1.0, min(1.0, yx / (math.sqrt(yy) * math.sqrt(xx))))


@part
def _relate(
    state: Numbers, layout: Sequence[int], bar: int, y: float, x: float, out: Numbers, row: int, rows: int
) -> None:
    """Write hedge ratio, intercept, spread, cointegration and half-life from a full hedge window."""
    at = layout[MOMENTS]
    yy, yx, xx = state[at + 4], state[at + 5], state[at + 6]
    beta = math.nan
    shift = math.nan
    is_near = False
    if xx > 0.0:
        beta = yx / xx
        shift = 0.0
        is_near = yy - beta * yx < NEAR_COLLINEAR * yy
        if is_near:
            beta, shift, stat, life = one_by_one(state, layout, bar, beta)
        else:
            stat, life = from_moments(state, layout, bar, beta)
        out[COINT_STAT * rows + row] = stat
        out[COINT_P * rows + row] = mackinnon_p(stat)
        out[HALF_LIFE * rows + row] = life
    if layout[METHOD] != OLS:
        # Engle and Granger's test stays that of least squares: MacKinnon's table is of its residuals and no others.
        beta, shift = relate_otherwise(state, layout, bar)
        out[HALF_LIFE * rows + row] = half_life_of(state, layout, bar, beta, is_near) if xx > 0.0 else math.nan
    out[BETA * rows + row] = beta
    if layout[METHOD] == FIXED:
        # As it was said, to the last bit.
        alpha = state[layout[SETTINGS] + 1]
        out[ALPHA * rows + row] = alpha
        out[SPREAD * rows + row] = y - alpha - beta * x
        return
    out[ALPHA * rows + row] = (state[at] + state[at + 2]) + shift - beta * (state[at + 1] + state[at + 3])
    y_away = (y - state[at]) - state[at + 2]
    x_away = (x - state[at + 1]) - state[at + 3]
    out[SPREAD * rows + row] = (y_away - shift) - beta * x_away


@part
def score(state: Numbers, layout: Sequence[int], bar: int, noise: float, out: Numbers, row: int, rows: int) -> None:
    """Write mean, standard deviation and z of the last spreads; no z where the spread only shows rounding."""
    window = layout[Z_WINDOW]
    at = layout[OTHER_MOMENTS]
    state[layout[VECTOR]] = out[SPREAD * rows + row]
    if not slide(state, layout[SPREAD_SLIDER], 1, window, bar, layout[VECTOR], at):
        return
    std = math.sqrt(state[at + 2] / (window - 1.0))
    out[MEAN * rows + row] = state[at] + state[at + 1]
    out[STD * rows + row] = std
    if std > noise:
        out[Z * rows + row] = ((out[SPREAD * rows + row] - state[at]) - state[at + 1]) / std
