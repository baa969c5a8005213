"""From sums of products of a series with the 32 of a block to the statistics of each pair, one direction at a time."""

from __future__ import annotations

import math
from typing import Any, Final

from livepairs.scan.kernel_near import residuals_one_by_one
from livepairs.scan.kernel_products import LANES, TILE
from livepairs.stats.cointegration import mackinnon_p
from livepairs.stats.compiled import part
from livepairs.stats.elementary import ROUNDING
from livepairs.stats.half_life import half_life_from_slope

__all__ = ["OWN", "STATISTICS", "mend", "prepare_direction", "set_slopes", "write_direction"]

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

Cube = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Matrix = Any
Numbers = Any


@part
def set_slopes(own: Matrix, dots: Numbers, y: int, block: int, slopes: Matrix) -> None:
    """Write the hedge ratios; lanes that are the series itself, come before it or are padding have zeros."""
    series = own.shape[0]
    for lane in range(LANES):
        x = block * LANES + lane
        is_pair = y < x < series
        slopes[0, lane] = dots[lane] / own[x, SQUARE] if is_pair else 0.0
        slopes[1, lane] = dots[lane] / own[y, SQUARE] if is_pair else 0.0


@part
def write_direction(
    own: Matrix,
    products: Matrix,
    y: int,
    block: int,
    bars: int,
    first_place: int,
    direction: int,
    slopes: Matrix,
    counts: Matrix,
    marks: Matrix,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    chosen: Numbers,
    stats: Numbers,
    out: Cube,
) -> None:
    """Write the statistics of one direction of all lanes."""
    series = own.shape[0]
    place = first_place + direction
    for lane in range(LANES):
        x = block * LANES + lane
        if not y < x < series:
            for statistic in range(COUNT):
                out[statistic, place, lane] = math.nan
            continue
        stat = stats[lane] if marks[1, lane] == 0.0 else math.nan
        first = y if direction == 0 else x
        second = x if direction == 0 else y
        beta = slopes[direction, lane] * (own[first, SCALE] / own[second, SCALE])
        shift = marks[0, lane] * own[first, SCALE]
        out[ALPHA, place, lane] = (own[first, MEAN] - beta * own[second, MEAN]) + shift
        out[BETA, place, lane] = beta
        out[COINT_STAT, place, lane] = stat
        out[COINT_P, place, lane] = mackinnon_p(stat)
        out[LAGS, place, lane] = chosen[lane]
        out[HALF_LIFE, place, lane] = _half_life(auto, early, late, squares[lane], lane, bars)
        out[CORR, place, lane] = _correlation(own, y, x, 0.5 * products[0, lane], bars)
        out[CROSSINGS, place, lane] = counts[direction, lane]


@part
def prepare_direction(
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
            x = min(block * LANES + lane, series - 1)
            x_early = lines[x, place]
            x_late = lines[x, last]
            early[place, lane] = y_early - slope * x_early if direction == 0 else x_early - slope * y_early
            late[place, lane] = y_late - slope * x_late if direction == 0 else x_late - slope * y_late


@part
def mend(
    lines: Matrix,
    own: Matrix,
    y: int,
    block: int,
    bars: int,
    direction: int,
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
    """Do nearly collinear lanes once more, residual by residual, and note where the fit is exact."""
    series = own.shape[0]
    for lane in range(LANES):
        x = block * LANES + lane
        marks[0, lane] = 0.0
        marks[1, lane] = 0.0
        if not y < x < series:
            continue
        first = y if direction == 0 else x
        second = x if direction == 0 else y
        is_far = squares[lane] > NEAR_COLLINEAR * own[first, SQUARE]
        if is_far and auto[0, lane] > NEAR_COLLINEAR * own[first, AUTO]:
            continue
        slope = slopes[direction, lane]
        residuals_one_by_one(
            lines, first, second, bars, own[second, SQUARE], slope, lane, state, auto, early, late, results
        )
        slopes[direction, lane] = results[0]
        marks[0, lane] = results[1]
        squares[lane] = results[2]
        counts[direction, lane] = results[3]
        size = math.fabs(own[first, MEAN] / own[first, SCALE])
        size += math.fabs(results[0] * own[second, MEAN] / own[second, SCALE])
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
