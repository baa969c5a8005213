"""What is computed of each pair: one task is a series with the 32 of a block, both directions of every pair in it.

A task reads the prepared columns (``columns.py``) and nothing else, so the numbers of a pair depend on its two series
alone: not on the universe around them, the order of the tasks, or who works on them.
"""

from __future__ import annotations

import math
from typing import Any, Final

from livepairs.scan.kernel_adf import choose_lags, fit_lags
from livepairs.scan.kernel_near import residuals_one_by_one
from livepairs.scan.kernel_products import LANES, TILE, crossings, lagged_products, level_at, level_products
from livepairs.stats.cointegration import mackinnon_p
from livepairs.stats.compiled import kernel, part
from livepairs.stats.half_life import half_life_from_slope

__all__ = ["OWN", "STATISTICS", "scan_tasks"]

STATISTICS: Final = (
    "alpha",
    "beta",
    "coint_stat",
    "coint_p",
    "lags",
    "half_life",
    "corr",
    "crossings",
)
"""What ``scan_tasks`` writes of each ordered pair, in this order."""

COUNT: Final = len(STATISTICS)
(ALPHA, BETA, COINT_STAT, COINT_P, LAGS, HALF_LIFE, CORR, CROSSINGS) = range(8)

OWN: Final = ("mean", "scale", "square", "variation", "rise")
"""What is known of each series alone, before its autocovariances: its mean, the power of two its columns are divided
by, the sum of squares of its levels, of its changes about their mean, and its last level less its first."""

(MEAN, SCALE, SQUARE, VARIATION, RISE) = range(5)
AUTO: Final = len(OWN)
"""Where in a series' own numbers its autocovariances begin."""

NEAR_COLLINEAR: Final = 1e-3
"""Below this share of unexplained variance, of levels or of changes, sums have lost too many digits to be combined."""

ROUNDING: Final = 1e-15
"""Residuals smaller than this share of the legs are rounding: the fit is exact and says nothing of stationarity."""

Cube = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Matrix = Any
Numbers = Any


@kernel(
    "f8[,,r]",  # levels: (blocks, bars / TILE, TILE * LANES), centred
    "f8[,r]",  # lines: (series, bars), the same one by one
    "f8[,,r]",  # spectra: (blocks, folds, 4 * LANES)
    "f8[,,r]",  # waves: (series, folds, 4), the same one by one
    "f8[,r]",  # cosines: (folds, rows)
    "f8[,r]",  # own: (series, AUTO + most + 1)
    "f8[r]",  # penalties: (most + 1,)
    "i8[,r]",  # tasks: (tasks, 2), series and block
    "i8",  # bars that are real
    "i8",  # 1 if the AIC chooses the lag, 0 if it is `most`
    "f8[,,]",  # out: (len(STATISTICS), 2 * tasks, LANES)
    "f8[,]",  # evens, odds: (1, TILE * LANES)
    "f8[,]",
    "f8[,]",  # products: (rows / TILE, TILE * LANES)
    "f8[]",  # dots: (LANES,)
    "f8[,]",  # auto: (most + 1, LANES)
    "f8[,]",  # early: (most + 2, LANES)
    "f8[,]",  # late: (most + 2, LANES)
    "f8[,]",  # steps: (most + 1, 2 * LANES)
    "f8[,]",  # beside: (most + 2, LANES)
    "f8[,,]",  # gram: (tiles, tiles, TILE * TILE * LANES), zeros to begin with
    "f8[]",  # sums, done, corner: (TILE * TILE * LANES,)
    "f8[]",
    "f8[]",
    "f8[]",  # rests: (TILE * LANES,)
    "f8[,]",  # slopes: (2, LANES)
    "f8[,]",  # counts: (2, LANES)
    "f8[,]",  # marks: (2, LANES), intercept left over, and 1 where the fit is exact
    "f8[]",  # squares: (LANES,)
    "f8[]",  # chosen: (LANES,)
    "f8[]",  # results: (4,)
    "f8[]",  # state: the larger of (most + 2) ** 2 and bars
    releases_gil=True,
    checks_division=False,
)
def scan_tasks(
    levels: Cube,
    lines: Matrix,
    spectra: Cube,
    waves: Cube,
    cosines: Matrix,
    own: Matrix,
    penalties: Numbers,
    tasks: Matrix,
    bars: int,
    is_aic: int,
    out: Cube,
    evens: Matrix,
    odds: Matrix,
    products: Matrix,
    dots: Numbers,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    steps: Matrix,
    beside: Matrix,
    gram: Cube,
    sums: Numbers,
    done: Numbers,
    corner: Numbers,
    rests: Numbers,
    slopes: Matrix,
    counts: Matrix,
    marks: Matrix,
    squares: Numbers,
    chosen: Numbers,
    results: Numbers,
    state: Numbers,
) -> None:
    """Scan each series of ``tasks`` with the block beside it; what is no pair of its own comes out as NaN."""
    series = own.shape[0]
    tiles = cosines.shape[1] // TILE
    odd = tiles - tiles // 2
    for task in range(tasks.shape[0]):
        y = tasks[task, 0]
        block = tasks[task, 1]
        lagged_products(spectra, waves, cosines, y, block, evens, odds, products)
        level_products(levels, lines, y, block, dots)
        for lane in range(LANES):
            # Lanes that are the series itself, come before it or are padding have slopes of zero and no results.
            x = block * LANES + lane
            is_pair = y < x < series
            slopes[0, lane] = dots[lane] / own[x, SQUARE] if is_pair else 0.0
            slopes[1, lane] = dots[lane] / own[y, SQUARE] if is_pair else 0.0
        crossings(levels, lines, y, block, bars, slopes, counts)
        for direction in range(2):
            _prepare_direction(
                levels, lines, own, products, dots, odd, y, block, bars, direction, slopes, auto, early, late, squares
            )
            for lane in range(LANES):
                x = block * LANES + lane
                if y < x < series:
                    _mend(
                        levels,
                        own,
                        y,
                        x,
                        bars,
                        direction,
                        lane,
                        slopes,
                        counts,
                        marks,
                        auto,
                        early,
                        late,
                        squares,
                        state,
                        results,
                    )
            if is_aic == 1:
                choose_lags(
                    auto,
                    early,
                    late,
                    squares,
                    penalties,
                    steps,
                    beside,
                    gram,
                    sums,
                    done,
                    corner,
                    rests,
                    chosen,
                )
            for lane in range(LANES):
                x = block * LANES + lane
                place = 2 * task + direction
                if not y < x < series:
                    for statistic in range(COUNT):
                        out[statistic, place, lane] = math.nan
                    continue
                lags = int(chosen[lane]) if is_aic == 1 else len(penalties) - 1
                stat = math.nan
                if marks[1, lane] == 0.0:
                    stat = fit_lags(auto, early, late, squares[lane], lags, lane, bars, state)
                first = y if direction == 0 else x
                second = x if direction == 0 else y
                beta = slopes[direction, lane] * (own[first, SCALE] / own[second, SCALE])
                shift = marks[0, lane] * own[first, SCALE]
                out[ALPHA, place, lane] = (own[first, MEAN] - beta * own[second, MEAN]) + shift
                out[BETA, place, lane] = beta
                out[COINT_STAT, place, lane] = stat
                out[COINT_P, place, lane] = mackinnon_p(stat)
                out[LAGS, place, lane] = float(lags)
                out[HALF_LIFE, place, lane] = _half_life(auto, early, late, squares[lane], lane, bars)
                out[CORR, place, lane] = _correlation(own, y, x, 0.5 * products[0, lane], bars)
                out[CROSSINGS, place, lane] = counts[direction, lane]


@part
def _prepare_direction(
    levels: Cube,
    lines: Matrix,
    own: Matrix,
    products: Matrix,
    dots: Numbers,
    odd: int,
    y: int,
    block: int,
    bars: int,
    direction: int,
    slopes: Matrix,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
) -> None:
    """Write autocovariances, first and last residuals and their sum of squares, for all lanes from sums of products."""
    series = own.shape[0]
    for lane in range(LANES):
        x = min(block * LANES + lane, series - 1)
        first = y if direction == 0 else x
        squares[lane] = own[first, SQUARE] - slopes[direction, lane] * dots[lane]
    for k in range(auto.shape[0]):
        # Even lags come first, the odd ones in tiles of their own.
        half = k // 2
        tile = half // TILE + (odd if k % 2 == 1 else 0)
        at = (half & 3) * LANES
        for lane in range(LANES):
            x = min(block * LANES + lane, series - 1)
            slope = slopes[direction, lane]
            y_auto = own[y, AUTO + k]
            x_auto = own[x, AUTO + k]
            first_auto = y_auto if direction == 0 else x_auto
            second_auto = x_auto if direction == 0 else y_auto
            auto[k, lane] = first_auto - slope * (products[tile, at + lane] - slope * second_auto)
    for place in range(early.shape[0]):
        last = bars - 1 - place
        y_early = lines[y, place]
        y_late = lines[y, last]
        for lane in range(LANES):
            slope = slopes[direction, lane]
            x_early = level_at(levels, block, place, lane)
            x_late = level_at(levels, block, last, lane)
            early[place, lane] = y_early - slope * x_early if direction == 0 else x_early - slope * y_early
            late[place, lane] = y_late - slope * x_late if direction == 0 else x_late - slope * y_late


@part
def _mend(
    levels: Cube,
    own: Matrix,
    y: int,
    x: int,
    bars: int,
    direction: int,
    lane: int,
    slopes: Matrix,
    counts: Matrix,
    marks: Matrix,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    state: Numbers,
    results: Numbers,
) -> None:
    """Do a nearly collinear lane once more, residual by residual, and note where the fit is exact."""
    first = y if direction == 0 else x
    second = x if direction == 0 else y
    marks[0, lane] = 0.0
    marks[1, lane] = 0.0
    is_far = squares[lane] > NEAR_COLLINEAR * own[first, SQUARE]
    if is_far and auto[0, lane] > NEAR_COLLINEAR * own[first, AUTO]:
        return
    slope = slopes[direction, lane]
    residuals_one_by_one(
        levels, first, second, bars, own[second, SQUARE], slope, lane, state, auto, early, late, results
    )
    slopes[direction, lane] = results[0]
    marks[0, lane] = results[1]
    squares[lane] = results[2]
    counts[direction, lane] = results[3]
    size = math.fabs(own[first, MEAN] / own[first, SCALE]) + math.fabs(
        results[0] * own[second, MEAN] / own[second, SCALE]
    )
    noise = ROUNDING * size
    if not squares[lane] > bars * (noise * noise):
        marks[1, lane] = 1.0


@part
def _half_life(auto: Matrix, early: Matrix, late: Matrix, square: float, lane: int, bars: int) -> float:
    """Return the half-life in bars; the residuals add up to zero, which spares their sums."""
    count = bars - 1.0
    first = early[0, lane]
    last = late[0, lane]
    product = 0.5 * (last * last - first * first - auto[0, lane])
    level = -last
    slope_above = product - level * (last - first) / count
    slope_below = (square - last * last) - level * level / count
    return half_life_from_slope(slope_above / slope_below) if slope_below > 0.0 else math.nan


@part
def _correlation(own: Matrix, y: int, x: int, product: float, bars: int) -> float:
    """Return Pearson's correlation of the one-bar changes; NaN where one of them never varies."""
    size = own[y, VARIATION] * own[x, VARIATION]
    if not size > 0.0:
        return math.nan
    common: float = (product - own[y, RISE] * own[x, RISE] / (bars - 1.0)) / math.sqrt(size)
    return min(1.0, max(-1.0, common))
