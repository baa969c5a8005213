"""The augmented Dickey-Fuller regression of 32 residual series at once, from the autocovariances of their changes.

With e the residual and d its change, lag p takes the rows t = p+1 .. T-1 and regresses d_t on e_(t-1), d_(t-1) ..
d_(t-p). Every sum of products in it follows from R(k) = sum of d_t d_(t-k) over all t, the sum of e squared, and the
first and last p+1 residuals:

    D(0, j)     = R(j) less the terms before row p+1               D(i, j): sum of d_(t-i) d_(t-j)
    D(i+1, j+1) = D(i, j) + d_(p-i) d_(p-j) - d_(T-1-i) d_(T-1-j)
    L(0)        = (e_(T-1)^2 - e_p^2 - D(0, 0)) / 2                L(j): sum of e_(t-1) d_(t-j)
    L(j)        = L(j-1) + e_(p-1) d_(p-j+1) - e_(T-2) d_(T-j) + D(1, j)

so a regression costs what its lags cost, not what its bars cost. One Cholesky factor of the largest regression, level
first and lags in order, holds the residual sum of squares of every smaller one, which is all that the AIC asks. The
lag chosen is fitted again on its own, longer sample, as statsmodels does.
"""

from __future__ import annotations

import math
from typing import Any

from livepairs.scan.kernel_gram import factor, fill, place_in_tile
from livepairs.scan.kernel_products import LANES, TILE
from livepairs.stats.cointegration import COLLINEAR, adf_from_products
from livepairs.stats.compiled import part

__all__ = ["choose_lags", "fit_all", "fit_chosen"]

Matrix = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Cube = Any
Numbers = Any


@part
def choose_lags(
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    penalties: Numbers,
    steps: Matrix,
    beside: Matrix,
    gram: Cube,
    sums: Numbers,
    done: Numbers,
    corner: Numbers,
    rests: Numbers,
    chosen: Numbers,
) -> None:
    """Write the lag of least AIC of each lane into ``chosen``.

    Parameters
    ----------
    auto
        ``(p + 1, LANES)``: R(k).
    early, late
        ``(p + 2, LANES)``: e_0 .. e_(p+1), and e_(T-1), e_(T-2) .. backwards.
    squares
        ``(LANES,)``: sum of e squared.
    penalties
        ``(p + 1,)``: exp(2 k / rows); the AIC orders the lags as the residual sum of squares times this does.
    steps, beside
        Scratch, as for ``fill``: ``(p + 1, 2 * LANES)`` and ``(p + 2, LANES)``.
    gram
        Scratch, ``(tiles, tiles, TILE * TILE * LANES)`` with tiles for p + 2 rows; zeros at first.
    sums, done, corner, rests
        Scratch, as for ``factor``.
    chosen
        ``(LANES,)``, written.
    """
    most = len(penalties) - 1
    for i in range(most):
        for lane in range(LANES):
            steps[i, lane] = early[most - i, lane] - early[most - i - 1, lane]
            steps[i, LANES + lane] = late[i, lane] - late[i + 1, lane]
    fill(auto, early, late, squares, steps, beside, sums, most, gram)
    factor(gram, sums, done, corner, rests, most + 2)
    last = most + 1
    at = place_in_tile(last, last)
    for lane in range(LANES):
        sums[lane] = gram[last // TILE, last // TILE, at + lane]
        rests[lane] = math.inf
        chosen[lane] = 0.0
    for k in range(most + 1):
        at = place_in_tile(k, last)
        for lane in range(LANES):
            value = gram[k // TILE, last // TILE, at + lane]
            sums[lane] -= value * value
            score = sums[lane] * penalties[k]
            is_better = score < rests[lane]
            rests[lane] = score if is_better else rests[lane]
            chosen[lane] = float(k) if is_better else chosen[lane]


@part
def fit_all(
    auto: Matrix, early: Matrix, late: Matrix, squares: Numbers, bars: int, gram: Matrix, rests: Numbers, stats: Numbers
) -> None:
    """Write the t value of the lagged level of every lane at the largest lag: ``fit_lags``, step by step, side by side.

    Parameters
    ----------
    auto, early, late, squares
        As for ``choose_lags``.
    bars
        Bars that are real.
    gram
        Scratch, ``((p + 2) ** 2, LANES)``.
    rests
        Scratch, ``(LANES,)``.
    stats
        ``(LANES,)``, written.
    """
    lags = auto.shape[0] - 1
    size = lags + 2
    _fill_all(auto, early, late, squares, gram, lags)
    for lane in range(LANES):
        stats[lane] = 0.0
    for row in range(size):
        own = row * size + row
        for lane in range(LANES):
            rests[lane] = gram[own, lane]
        for above in range(row):
            for lane in range(LANES):
                rests[lane] -= gram[above * size + row, lane] * gram[above * size + row, lane]
        for lane in range(LANES):
            is_collinear = not rests[lane] > gram[own, lane] * COLLINEAR
            stats[lane] = math.nan if is_collinear else stats[lane]
            gram[own, lane] = math.sqrt(1.0 if is_collinear else rests[lane])
        for column in range(row + 1, size):
            at = row * size + column
            for above in range(row):
                for lane in range(LANES):
                    gram[at, lane] -= gram[above * size + row, lane] * gram[above * size + column, lane]
            for lane in range(LANES):
                gram[at, lane] /= gram[own, lane]
    root = math.sqrt(float(bars - 1 - lags) - (lags + 1))
    for lane in range(LANES):
        stats[lane] += gram[lags * size + lags + 1, lane] / (gram[size * size - 1, lane] / root)


@part
def _fill_all(auto: Matrix, early: Matrix, late: Matrix, squares: Numbers, gram: Matrix, lags: int) -> None:
    """Write the upper triangle of the sums of products, in the order lags, level, change."""
    size = lags + 2
    change = lags + 1
    own = size * size - 1
    for j in range(lags + 1):
        at = own if j == 0 else (j - 1) * size + change
        for lane in range(LANES):
            gram[at, lane] = auto[j, lane]
        for m in range(j + 1, lags + 1):
            for lane in range(LANES):
                gram[at, lane] -= (early[m, lane] - early[m - 1, lane]) * (early[m - j, lane] - early[m - j - 1, lane])
    for i in range(lags):
        for j in range(i, lags):
            beside = (i - 1) * size + j - 1
            if i == 0:
                beside = own if j == 0 else (j - 1) * size + change
            a = lags - i
            b = lags - j
            for lane in range(LANES):
                entering = (early[a, lane] - early[a - 1, lane]) * (early[b, lane] - early[b - 1, lane])
                leaving = (late[i, lane] - late[i + 1, lane]) * (late[j, lane] - late[j + 1, lane])
                gram[i * size + j, lane] = (gram[beside, lane] + entering) - leaving
    level = lags * size + lags
    for lane in range(LANES):
        gram[level, lane] = squares[lane] - late[0, lane] * late[0, lane]
    for m in range(lags):
        for lane in range(LANES):
            gram[level, lane] -= early[m, lane] * early[m, lane]
    for lane in range(LANES):
        ends = late[0, lane] * late[0, lane] - early[lags, lane] * early[lags, lane]
        gram[level + 1, lane] = 0.5 * (ends - gram[own, lane])
    for j in range(1, lags + 1):
        beside = level + 1 if j == 1 else (j - 2) * size + lags
        b = lags - j + 1
        for lane in range(LANES):
            entering = early[lags - 1, lane] * (early[b, lane] - early[b - 1, lane])
            leaving = late[1, lane] * (late[j - 1, lane] - late[j, lane])
            total = ((gram[beside, lane] + entering) - leaving) + gram[j - 1, lane]
            gram[(j - 1) * size + lags, lane] = total


@part
def fit_chosen(
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    chosen: Numbers,
    bars: int,
    state: Numbers,
    stats: Numbers,
) -> None:
    """Write the t value of the lagged level of every lane, each at its own number of lags, ``chosen``."""
    for lane in range(LANES):
        stats[lane] = fit_lags(auto, early, late, squares[lane], int(chosen[lane]), lane, bars, state)


@part
def fit_lags(
    auto: Matrix, early: Matrix, late: Matrix, square: float, lags: int, lane: int, bars: int, state: Numbers
) -> float:
    """Return the t value of the lagged level of one lane at a number of lags, on all the rows these leave.

    ``state`` is scratch, ``(lags + 2) ** 2``, in the order that ``adf_from_products`` wants: lags, level, change.
    """
    size = lags + 2
    change = lags + 1
    state[change * size + change] = _first(auto, early, 0, lags, lane)
    for j in range(1, lags + 1):
        state[(j - 1) * size + change] = _first(auto, early, j, lags, lane)
    for i in range(lags):
        for j in range(i, lags):
            if i == 0:
                beside = state[change * size + change] if j == 0 else state[(j - 1) * size + change]
            else:
                beside = state[(i - 1) * size + j - 1]
            entering = _step(early, lags - i, lane) * _step(early, lags - j, lane)
            leaving = (late[i, lane] - late[i + 1, lane]) * (late[j, lane] - late[j + 1, lane])
            state[i * size + j] = (beside + entering) - leaving
    rows = square - late[0, lane] * late[0, lane]
    for m in range(lags):
        rows -= early[m, lane] * early[m, lane]
    state[lags * size + lags] = rows
    ends = late[0, lane] * late[0, lane] - early[lags, lane] * early[lags, lane]
    level = 0.5 * (ends - state[change * size + change])
    state[lags * size + change] = level
    for j in range(1, lags + 1):
        entering = early[lags - 1, lane] * _step(early, lags - j + 1, lane)
        leaving = late[1, lane] * (late[j - 1, lane] - late[j, lane])
        level = ((level + entering) - leaving) + state[j - 1]
        state[(j - 1) * size + lags] = level
    return adf_from_products(state, 0, size, float(bars - 1 - lags))


@part
def _first(auto: Matrix, early: Matrix, j: int, lags: int, lane: int) -> float:
    """Return D(0, j)."""
    total: float = auto[j, lane]
    for m in range(j + 1, lags + 1):
        total -= _step(early, m, lane) * _step(early, m - j, lane)
    return total


@part
def _step(early: Matrix, m: int, lane: int) -> float:
    change: float = early[m, lane] - early[m - 1, lane]
    return change
