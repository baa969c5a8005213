"""What is computed of each pair: one task is a series with the 32 of a block, both directions of every pair in it.

A task reads the prepared columns (``columns.py``, or ``sliding.py`` live) and nothing else, so the numbers of a pair
depend on its two series alone: not on the universe around them, the order of the tasks, or who works on them.
"""

from __future__ import annotations

import math
from typing import Any

from livepairs.scan.kernel_adf import choose_lags, fit_all, fit_chosen
from livepairs.scan.kernel_pair import mend, prepare_direction, set_slopes, write_direction
from livepairs.scan.kernel_products import LANES, TILE, crossings, lagged_products, level_products
from livepairs.stats.compiled import kernel

__all__ = ["count_crossings", "scan_products", "scan_tasks"]

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
    "f8[]",  # stats: (LANES,)
    "f8[,]",  # fitted: ((most + 2) ** 2, LANES)
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
    stats: Numbers,
    fitted: Matrix,
    results: Numbers,
    state: Numbers,
) -> None:
    """Scan each series of ``tasks`` with the block beside it; what is no pair of its own comes out as NaN."""
    tiles = cosines.shape[1] // TILE
    odd = tiles - tiles // 2
    for task in range(tasks.shape[0]):
        y = tasks[task, 0]
        block = tasks[task, 1]
        lagged_products(spectra, waves, cosines, y, block, evens, odds, products)
        level_products(levels, lines, y, block, dots)
        set_slopes(own, dots, y, block, slopes)
        crossings(levels, lines, y, block, bars, slopes, counts)
        for direction in range(2):
            prepare_direction(
                lines, own, products, dots, odd, y, block, bars, direction, slopes, auto, early, late, squares
            )
            mend(
                lines, own, y, block, bars, direction, slopes, counts, marks, auto, early, late, squares, state, results
            )
            if is_aic == 1:
                choose_lags(
                    auto, early, late, squares, penalties, steps, beside, gram, sums, done, corner, rests, chosen
                )
                fit_chosen(auto, early, late, squares, chosen, bars, state, stats)
            else:
                for lane in range(LANES):
                    chosen[lane] = len(penalties) - 1.0
                fit_all(auto, early, late, squares, bars, fitted, rests, stats)
            write_direction(
                own, products, y, block, bars, 2 * task, direction, slopes, counts, marks, auto, early, late, squares,
                chosen, stats, out,
            )  # fmt: skip


@kernel(
    "f8[,r]",  # lines: (series, bars), centred
    "f8[,r]",  # own: (series, AUTO + most + 1)
    "f8[,r]",  # level_sums: (series, blocks * LANES)
    "f8[,,r]",  # lagged_sums: (most + 1, series, blocks * LANES)
    "i8[,r]",  # tasks: (tasks, 2), series and block
    "i8",  # bars that are real
    "f8[,,]",  # out: (len(STATISTICS), 2 * tasks, LANES)
    "f8[,]",  # products: (rows / TILE, TILE * LANES)
    "f8[]",  # dots: (LANES,)
    "f8[,]",  # auto: (most + 1, LANES)
    "f8[,]",  # early, late: (most + 2, LANES)
    "f8[,]",
    "f8[,]",  # slopes, counts, marks: (2, LANES)
    "f8[,]",
    "f8[,]",
    "f8[]",  # squares, chosen, stats, rests: (LANES,)
    "f8[]",
    "f8[]",
    "f8[]",
    "f8[,]",  # fitted: ((most + 2) ** 2, LANES)
    "f8[]",  # results: (4,)
    "f8[]",  # state: the larger of (most + 2) ** 2 and bars
    releases_gil=True,
    checks_division=False,
)
def scan_products(
    lines: Matrix,
    own: Matrix,
    level_sums: Matrix,
    lagged_sums: Cube,
    tasks: Matrix,
    bars: int,
    out: Cube,
    products: Matrix,
    dots: Numbers,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    slopes: Matrix,
    counts: Matrix,
    marks: Matrix,
    squares: Numbers,
    chosen: Numbers,
    stats: Numbers,
    rests: Numbers,
    fitted: Matrix,
    results: Numbers,
    state: Numbers,
) -> None:
    """Scan as ``scan_tasks`` does at the largest lag, where the sums of products are there already; no crossings."""
    lags = lagged_sums.shape[0] - 1
    odd = (lags // 2) // TILE + 1
    for task in range(tasks.shape[0]):
        y = tasks[task, 0]
        block = tasks[task, 1]
        for k in range(lags + 1):
            tile = k // 2 // TILE + (odd if k % 2 == 1 else 0)
            at = (k // 2 & 3) * LANES
            for lane in range(LANES):
                products[tile, at + lane] = lagged_sums[k, y, block * LANES + lane]
        for lane in range(LANES):
            dots[lane] = level_sums[y, block * LANES + lane]
            chosen[lane] = float(lags)
        set_slopes(own, dots, y, block, slopes)
        for direction in range(2):
            for lane in range(LANES):
                counts[direction, lane] = math.nan
            prepare_direction(
                lines, own, products, dots, odd, y, block, bars, direction, slopes, auto, early, late, squares
            )
            mend(
                lines, own, y, block, bars, direction, slopes, counts, marks, auto, early, late, squares, state, results
            )
            fit_all(auto, early, late, squares, bars, fitted, rests, stats)
            write_direction(
                own, products, y, block, bars, 2 * task, direction, slopes, counts, marks, auto, early, late, squares,
                chosen, stats, out,
            )  # fmt: skip


@kernel("f8[,r]", "i8[,r]", "f8[r]", "f8[]", releases_gil=True)
def count_crossings(lines: Matrix, pairs: Matrix, slopes: Numbers, out: Numbers) -> None:
    """Count how often the residuals of pairs change sides.

    Parameters
    ----------
    lines
        ``(series, bars)``, centred.
    pairs
        ``(pairs, 2)``: y and x of each.
    slopes
        Their hedge ratios on the scale of the lines, ``(pairs,)``.
    out
        ``(pairs,)``, written.
    """
    for pair in range(pairs.shape[0]):
        y = pairs[pair, 0]
        x = pairs[pair, 1]
        count = 0
        for t in range(1, lines.shape[1]):
            is_above = lines[y, t] - slopes[pair] * lines[x, t] > 0.0
            was_above = lines[y, t - 1] - slopes[pair] * lines[x, t - 1] > 0.0
            count += 1 if is_above != was_above else 0
        out[pair] = float(count)
