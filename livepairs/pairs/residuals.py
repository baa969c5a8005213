"""Stationarity of the residuals of the current hedge window: ADF statistic and half-life, two ways.

Both take the current hedge ratio over the whole window. ``from_moments`` costs nothing per bar of the window;
``one_by_one`` forms every residual and is exact where the legs are nearly collinear.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.pairs.layout import Layout
from livepairs.stats.cointegration import adf_from_products
from livepairs.stats.compiled import part
from livepairs.stats.elementary import ROUNDING
from livepairs.stats.half_life import half_life_from_slope
from livepairs.stats.sliding import triangle

__all__ = ["from_moments", "half_life_of", "one_by_one"]

Numbers = MutableSequence[float]

HEDGE_WINDOW: Final = Layout.HEDGE_WINDOW
LAGS: Final = Layout.LAGS
Y_RING: Final = Layout.Y_RING
X_RING: Final = Layout.X_RING
RESIDUALS: Final = Layout.RESIDUALS
MOMENTS: Final = Layout.MOMENTS
REGRESSION_MOMENTS: Final = Layout.REGRESSION_MOMENTS
PRODUCTS: Final = Layout.PRODUCTS
VECTOR: Final = Layout.VECTOR


@part
def from_moments(state: Numbers, layout: Sequence[int], bar: int, beta: float) -> tuple[float, float]:
    """Return the ADF statistic and the half-life in bars from the co-moments of the legs."""
    lags = layout[LAGS]
    size = lags + 2
    count = layout[HEDGE_WINDOW] - 1.0 - lags
    products = layout[PRODUCTS]
    means = layout[VECTOR]  # the vector has been taken in, its place is free
    for a in range(size):
        state[means + a] = _mean(state, layout, _dimension(a, lags), beta)
    for a in range(size):
        for b in range(a, size):
            mixed = _moment(state, layout, _dimension(a, lags), _dimension(b, lags), beta)
            state[products + a * size + b] = mixed + count * state[means + a] * state[means + b]
    stat = adf_from_products(state, products, size, count)
    return stat, half_life_from_slope(_slope_of_change(state, layout, bar, beta, count))


@part
def _dimension(variable: int, lags: int) -> int:
    """Return where a variable (lagged differences, lagged level, difference) stands in the regression vector."""
    if variable < lags:
        return 4 + 2 * variable
    return 0 if variable == lags else 2


@part
def _moment(state: Numbers, layout: Sequence[int], a: int, b: int, beta: float) -> float:
    """Return the co-moment of two residual variables, each leg y minus beta times leg x."""
    wide = 4 + 2 * layout[LAGS]
    at = layout[REGRESSION_MOMENTS] + 2 * wide
    yy = state[at + triangle(a, b, wide)]
    yx = state[at + triangle(a, b + 1, wide)]
    xy = state[at + triangle(a + 1, b, wide)]
    xx = state[at + triangle(a + 1, b + 1, wide)]
    return (yy - beta * yx) - beta * (xy - beta * xx)


@part
def _mean(state: Numbers, layout: Sequence[int], a: int, beta: float) -> float:
    """Return the mean of a residual variable; the level is measured from the hedge window's means."""
    wide = 4 + 2 * layout[LAGS]
    at = layout[REGRESSION_MOMENTS] + a
    if a > 0:
        return (state[at] + state[at + wide]) - beta * (state[at + 1] + state[at + wide + 1])
    levels = layout[MOMENTS]
    y = (state[at] - state[levels]) + (state[at + wide] - state[levels + 2])
    x = (state[at + 1] - state[levels + 1]) + (state[at + wide + 1] - state[levels + 3])
    return y - beta * x


@part
def _slope_of_change(state: Numbers, layout: Sequence[int], bar: int, beta: float, count: float) -> float:
    """Return the slope of the residual's change on its lag over the whole hedge window.

    The regression's sample lacks the window's first ``lags`` changes; they are added one by one.
    """
    level_mean = _mean(state, layout, 0, beta)
    change_mean = _mean(state, layout, 2, beta)
    level_square = _moment(state, layout, 0, 0, beta)
    product = _moment(state, layout, 0, 2, beta)
    first = bar - layout[HEDGE_WINDOW] + 1
    for step in range(layout[LAGS]):
        before = _residual(state, layout, first + step, beta)
        change = _residual(state, layout, first + step + 1, beta) - before
        count += 1.0
        away = before - level_mean
        rest = (count - 1.0) / count
        level_square += away * away * rest
        product += away * (change - change_mean) * rest
        level_mean += away / count
        change_mean += (change - change_mean) / count
    return product / level_square if level_square > 0.0 else math.nan


@part
def _residual(state: Numbers, layout: Sequence[int], bar: int, beta: float) -> float:
    at = layout[MOMENTS]
    place = bar % layout[HEDGE_WINDOW]
    y = (state[layout[Y_RING] + place] - state[at]) - state[at + 2]
    x = (state[layout[X_RING] + place] - state[at + 1]) - state[at + 3]
    return y - beta * x


@part
def one_by_one(state: Numbers, layout: Sequence[int], bar: int, beta: float) -> tuple[float, float, float, float]:
    """Return the refined hedge ratio, the shift of the mean of y, the ADF statistic and the half-life.

    One step of iterative refinement: the residuals of the first fit are regressed on x once more.
    """
    window = layout[HEDGE_WINDOW]
    residuals = layout[RESIDUALS]
    at = layout[MOMENTS]
    first = bar - window + 1
    total = 0.0
    cross = 0.0
    for step in range(window):
        residual = _residual(state, layout, first + step, beta)
        x = (state[layout[X_RING] + (first + step) % window] - state[at + 1]) - state[at + 3]
        state[residuals + step] = residual
        total += residual
        cross += residual * x
    shift = total / window
    correction = cross / state[at + 6]
    square = 0.0
    for step in range(window):
        x = (state[layout[X_RING] + (first + step) % window] - state[at + 1]) - state[at + 3]
        state[residuals + step] = (state[residuals + step] - shift) - correction * x
        square += state[residuals + step] * state[residuals + step]
    beta += correction
    size = math.fabs(state[at] + state[at + 2]) + math.fabs(beta * (state[at + 1] + state[at + 3]))
    if not square > window * (ROUNDING * size) * (ROUNDING * size):
        return beta, shift, math.nan, math.nan
    return beta, shift, _statistic(state, layout), half_life_from_slope(_slope(state, layout))


@part
def half_life_of(
    state: Numbers,
    layout: Sequence[int],
    bar: int,
    beta: float,
    is_near: bool,  # noqa: FBT001 - kernels take arguments by place
) -> float:
    """Return the half-life of the window's residuals with any hedge ratio; one by one where legs are collinear."""
    window = layout[HEDGE_WINDOW]
    if not is_near:
        return half_life_from_slope(_slope_of_change(state, layout, bar, beta, window - 1.0 - layout[LAGS]))
    for step in range(window):
        state[layout[RESIDUALS] + step] = _residual(state, layout, bar - window + 1 + step, beta)
    return half_life_from_slope(_slope(state, layout))


@part
def _statistic(state: Numbers, layout: Sequence[int]) -> float:
    """Return the ADF statistic of the residuals in the scratch."""
    lags = layout[LAGS]
    size = lags + 2
    products = layout[PRODUCTS]
    for a in range(size):
        for b in range(a, size):
            total = 0.0
            for step in range(lags + 1, layout[HEDGE_WINDOW]):
                total += _variable(state, layout, a, step) * _variable(state, layout, b, step)
            state[products + a * size + b] = total
    return adf_from_products(state, products, size, layout[HEDGE_WINDOW] - 1.0 - lags)


@part
def _variable(state: Numbers, layout: Sequence[int], variable: int, step: int) -> float:
    """Return a variable of the ADF regression: lagged differences, lagged level, difference."""
    lags = layout[LAGS]
    at = layout[RESIDUALS] + step
    if variable < lags:
        return state[at - variable - 1] - state[at - variable - 2]
    return state[at - 1] if variable == lags else state[at] - state[at - 1]


@part
def _slope(state: Numbers, layout: Sequence[int]) -> float:
    """Return the slope, with intercept, of the residuals' changes on their lags."""
    at = layout[RESIDUALS]
    count = layout[HEDGE_WINDOW] - 1
    level_mean = 0.0
    for step in range(count):
        level_mean += state[at + step]
    level_mean /= count
    change_mean = (state[at + count] - state[at]) / count
    product = 0.0
    square = 0.0
    for step in range(count):
        away = state[at + step] - level_mean
        product += away * ((state[at + step + 1] - state[at + step]) - change_mean)
        square += away * away
    return product / square if square > 0.0 else math.nan
