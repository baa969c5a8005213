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
from typing import Any, Final

from livepairs.scan.kernel_products import LANES, TILE
from livepairs.stats.cointegration import adf_from_products
from livepairs.stats.compiled import part

__all__ = ["choose_lags", "fit_lags"]

COLLINEAR: Final = 1e-13
"""A regressor with less than this share of its size left after the others adds nothing; longer lags are not tried."""

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
    entering: Matrix,
    leaving: Matrix,
    gram: Cube,
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
    entering, leaving
        Scratch, ``(p + 1, LANES)``.
    gram
        Scratch, ``(p + 2, tiles of p + 2 and more columns, TILE * LANES)``; zeros at first, and again past the end.
    chosen
        ``(LANES,)``, written.
    """
    most = len(penalties) - 1
    for i in range(most + 1):
        for lane in range(LANES):
            entering[i, lane] = early[most - i, lane] - early[most - i - 1, lane] if i < most else 0.0
            leaving[i, lane] = late[i, lane] - late[i + 1, lane]
    _fill(auto, entering, leaving, most, gram)
    _fill_level(early, late, squares, most, gram)
    _factor(gram, most + 2)
    last = most + 1
    tile = last // TILE
    at = (last & 3) * LANES
    for lane in range(LANES):
        rest = gram[last, tile, at + lane]
        best = math.inf
        chosen[lane] = 0.0
        for k in range(most + 1):
            rest -= gram[k, tile, at + lane] * gram[k, tile, at + lane]
            score = rest * penalties[k]
            if score < best:
                best = score
                chosen[lane] = float(k)


@part
def _fill(auto: Matrix, entering: Matrix, leaving: Matrix, most: int, gram: Cube) -> None:
    """Write the upper triangle of the sums of products, in the order level, lags 1 .. most, change.

    ``entering[i]`` is d_(p-i), ``leaving[i]`` is d_(T-1-i).
    """
    last = most + 1
    tile = last // TILE
    at = (last & 3) * LANES
    for j in range(most + 1):
        # Lag 0, the change itself, stands last: D(0, j) belongs into the last column.
        row = j if j > 0 else last
        for lane in range(LANES):
            gram[row, tile, at + lane] = auto[j, lane]
        for i in range(most - j):
            for lane in range(LANES):
                gram[row, tile, at + lane] -= entering[i, lane] * entering[i + j, lane]
    for i in range(most):
        for j in range(i, most):
            # D(i, j) of i = 0 stands in the last column, see above.
            above = i if i > 0 else (j if j > 0 else last)
            beside = j if i > 0 else last
            from_tile = beside // TILE
            from_at = (beside & 3) * LANES
            to_tile = (j + 1) // TILE
            to_at = ((j + 1) & 3) * LANES
            for lane in range(LANES):
                gram[i + 1, to_tile, to_at + lane] = (
                    gram[above, from_tile, from_at + lane] + entering[i, lane] * entering[j, lane]
                ) - leaving[i, lane] * leaving[j, lane]


@part
def _fill_level(early: Matrix, late: Matrix, squares: Numbers, most: int, gram: Cube) -> None:
    last = most + 1
    tile = last // TILE
    at = (last & 3) * LANES
    for lane in range(LANES):
        gram[0, 0, lane] = squares[lane] - late[0, lane] * late[0, lane]
        ends = late[0, lane] * late[0, lane] - early[most, lane] * early[most, lane]
        gram[0, tile, at + lane] = 0.5 * (ends - gram[last, tile, at + lane])
    for m in range(most):
        for lane in range(LANES):
            gram[0, 0, lane] -= early[m, lane] * early[m, lane]
    for j in range(1, most + 1):
        before = j - 1 if j > 1 else last
        from_tile = before // TILE
        from_at = (before & 3) * LANES
        to_tile = j // TILE
        to_at = (j & 3) * LANES
        for lane in range(LANES):
            entering = early[most - 1, lane] * (early[most - j + 1, lane] - early[most - j, lane])
            leaving = late[1, lane] * (late[j - 1, lane] - late[j, lane])
            gram[0, to_tile, to_at + lane] = ((gram[0, from_tile, from_at + lane] + entering) - leaving) + gram[
                1, to_tile, to_at + lane
            ]


@part
def _factor(gram: Cube, size: int) -> None:
    """Replace all rows but the last by those of the Cholesky factor; the last keeps the sum of squares of the change.

    Columns are taken a tile at a time. Those of the last tile that are past the end hold zeros and stay so; those of
    a row's first tile that are below the diagonal come to hold what nobody reads.
    """
    tiles = (size + TILE - 1) // TILE
    for row in range(size - 1):
        own = row // TILE
        at = (row & 3) * LANES
        # The lower triangle is free: the last row's first places keep the pivot of before, and later 1 / root.
        for lane in range(LANES):
            gram[size - 1, 0, lane] = gram[row, own, at + lane]
        for tile in range(own, tiles):
            for above in range(0, row - 1, 2):
                _take_off_two(gram, row, own, tile, above)
            if row % 2 == 1:
                _take_off_one(gram, row, own, tile, row - 1)
        for lane in range(LANES):
            pivot = gram[row, own, at + lane]
            is_left = pivot > gram[size - 1, 0, lane] * COLLINEAR
            # A root in both cases rather than a branch, so that lanes stay together.
            inverse = 1.0 / math.sqrt(pivot if is_left else 1.0)
            gram[size - 1, 0, lane] = inverse if is_left else math.nan
        for tile in range(own, tiles):
            _scale(gram, row, tile, size - 1)


@part
def _take_off_two(gram: Cube, row: int, own: int, tile: int, above: int) -> None:
    """Take two rows of the factor off a tile of a row; with more, the compiler gives up on telling them apart."""
    at = (row & 3) * LANES
    for lane in range(LANES):
        r0 = gram[above, own, at + lane]
        r1 = gram[above + 1, own, at + lane]
        a = (gram[row, tile, lane] - r0 * gram[above, tile, lane]) - r1 * gram[above + 1, tile, lane]
        b = gram[row, tile, LANES + lane] - r0 * gram[above, tile, LANES + lane]
        c = gram[row, tile, 2 * LANES + lane] - r0 * gram[above, tile, 2 * LANES + lane]
        d = gram[row, tile, 3 * LANES + lane] - r0 * gram[above, tile, 3 * LANES + lane]
        gram[row, tile, lane] = a
        gram[row, tile, LANES + lane] = b - r1 * gram[above + 1, tile, LANES + lane]
        gram[row, tile, 2 * LANES + lane] = c - r1 * gram[above + 1, tile, 2 * LANES + lane]
        gram[row, tile, 3 * LANES + lane] = d - r1 * gram[above + 1, tile, 3 * LANES + lane]


@part
def _take_off_one(gram: Cube, row: int, own: int, tile: int, above: int) -> None:
    at = (row & 3) * LANES
    for lane in range(LANES):
        r = gram[above, own, at + lane]
        a = gram[row, tile, lane] - r * gram[above, tile, lane]
        b = gram[row, tile, LANES + lane] - r * gram[above, tile, LANES + lane]
        c = gram[row, tile, 2 * LANES + lane] - r * gram[above, tile, 2 * LANES + lane]
        d = gram[row, tile, 3 * LANES + lane] - r * gram[above, tile, 3 * LANES + lane]
        gram[row, tile, lane] = a
        gram[row, tile, LANES + lane] = b
        gram[row, tile, 2 * LANES + lane] = c
        gram[row, tile, 3 * LANES + lane] = d


@part
def _scale(gram: Cube, row: int, tile: int, last: int) -> None:
    for lane in range(LANES):
        inverse = gram[last, 0, lane]
        a = gram[row, tile, lane] * inverse
        b = gram[row, tile, LANES + lane] * inverse
        c = gram[row, tile, 2 * LANES + lane] * inverse
        d = gram[row, tile, 3 * LANES + lane] * inverse
        gram[row, tile, lane] = a
        gram[row, tile, LANES + lane] = b
        gram[row, tile, 2 * LANES + lane] = c
        gram[row, tile, 3 * LANES + lane] = d


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
