"""The largest regression of the AIC search: its sums of products, and their Cholesky factor, 32 lanes at once.

The matrix lies in tiles of four by four, ``(tiles, tiles, TILE * TILE * LANES)``: entry (i, j) of a lane is at
``[i // TILE, j // TILE, place_in_tile(i, j) + lane]``, and only entries on or above the diagonal mean anything. A
factor's tile is then made from pairs of tiles above it, each of which is read from the nearest cache four times over;
row by row the matrix would come from the next cache each time, which took three times as long.
"""

from __future__ import annotations

import math
from typing import Any, Final

from livepairs.scan.kernel_products import LANES, TILE
from livepairs.stats.compiled import part

__all__ = ["factor", "fill", "place_in_tile"]

COLLINEAR: Final = 1e-13
"""A regressor with less than this share of its size left after the others adds nothing; longer lags are not tried."""

ROW: Final = TILE * LANES

Matrix = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Cube = Any
Numbers = Any


@part
def place_in_tile(i: int, j: int) -> int:
    """Return where in its tile the first lane of an entry lies."""
    return (i & 3) * ROW + (j & 3) * LANES


@part
def fill(
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    steps: Matrix,
    beside: Matrix,
    sums: Numbers,
    most: int,
    gram: Cube,
) -> None:
    """Write the upper triangle of the sums of products, in the order level, lags 1 .. most, change.

    ``steps[i]`` is d_(p-i) of all lanes, then d_(T-1-i); ``beside`` is scratch, ``(p + 2, LANES)``; the rest is as for
    ``choose_lags``.
    """
    last = most + 1
    for k in range(most + 1):
        for lane in range(LANES):
            sums[lane] = auto[k, lane]
        for i in range(most - k):
            for lane in range(LANES):
                sums[lane] -= steps[i, lane] * steps[i + k, lane]
        # D(0, k) belongs into the last column, where the change stands; its own square at the very end.
        row = k if k > 0 else last
        at = place_in_tile(row, last)
        for lane in range(LANES):
            gram[row // TILE, last // TILE, at + lane] = sums[lane]
        for i in range(most - k):
            at = place_in_tile(i + 1, i + k + 1)
            for lane in range(LANES):
                enters = steps[i, lane] * steps[i + k, lane]
                total = (sums[lane] + enters) - steps[i, LANES + lane] * steps[i + k, LANES + lane]
                sums[lane] = total
                gram[(i + 1) // TILE, (i + k + 1) // TILE, at + lane] = total
        if k < most:
            at = place_in_tile(1, k + 1)
            for lane in range(LANES):
                beside[k + 1, lane] = gram[0, (k + 1) // TILE, at + lane]
    _fill_level(early, late, squares, steps, beside, sums, most, gram)


@part
def _fill_level(
    early: Matrix,
    late: Matrix,
    squares: Numbers,
    steps: Matrix,
    beside: Matrix,
    sums: Numbers,
    most: int,
    gram: Cube,
) -> None:
    """Write L(j) into the first row; ``beside[j]`` is D(1, j)."""
    last = most + 1
    for lane in range(LANES):
        sums[lane] = squares[lane] - late[0, lane] * late[0, lane]
    for m in range(most):
        for lane in range(LANES):
            sums[lane] -= early[m, lane] * early[m, lane]
    change = place_in_tile(last, last)
    for lane in range(LANES):
        gram[0, 0, lane] = sums[lane]
        ends = late[0, lane] * late[0, lane] - early[most, lane] * early[most, lane]
        sums[lane] = 0.5 * (ends - gram[last // TILE, last // TILE, change + lane])
    at = place_in_tile(0, last)
    for lane in range(LANES):
        gram[0, last // TILE, at + lane] = sums[lane]
    for j in range(1, most + 1):
        at = place_in_tile(0, j)
        for lane in range(LANES):
            enters = early[most - 1, lane] * steps[j - 1, lane]
            leaves = late[1, lane] * steps[j - 1, LANES + lane]
            sums[lane] = ((sums[lane] + enters) - leaves) + beside[j, lane]
        # A loop of its own, for the compiler tells only so many arrays apart.
        for lane in range(LANES):
            gram[0, j // TILE, at + lane] = sums[lane]


@part
def factor(gram: Cube, sums: Numbers, done: Numbers, corner: Numbers, rests: Numbers, size: int) -> None:
    """Replace all rows but the last by those of the Cholesky factor; the last stays as it is.

    A tile is worked on in ``sums`` and its rows come to ``done``: only where the compiler sees that what is written is
    not what is read does it take several lanes at once.

    Parameters
    ----------
    gram
        Tiles; written.
    sums, done, corner
        Scratch, ``(TILE * TILE * LANES,)``: the tile at work, what is done of it, and the one on the diagonal.
    rests
        Scratch, ``(TILE * LANES,)``: the pivots of a tile as they were, which then become 1 / root.
    size
        Rows of the matrix.
    """
    tiles = (size + TILE - 1) // TILE
    for own in range(tiles):
        # The last row, and those past it, are worked on as well, for loops of one length are quicker, but not kept.
        kept = min(TILE, size - 1 - own * TILE) * ROW
        for tile in range(own, tiles):
            for lane in range(TILE * ROW):
                sums[lane] = gram[own, tile, lane]
            for above in range(own):
                for row in range(TILE):
                    _take_off_tile(gram, sums, own, tile, above, (row & 3) * ROW, (row & 3) * LANES)
            if tile == own:
                for row in range(TILE):
                    for lane in range(LANES):
                        rests[row * LANES + lane] = gram[own, own, row * (ROW + LANES) + lane]
                _finish_corner(sums, corner, rests)
                for lane in range(kept):
                    gram[own, own, lane] = corner[lane]
            else:
                _finish_tile(sums, done, corner, rests)
                for lane in range(kept):
                    gram[own, tile, lane] = done[lane]


@part
def _finish_corner(sums: Numbers, corner: Numbers, rests: Numbers) -> None:
    """Take the rows of the tile on the diagonal off each other."""
    for row in range(TILE):
        for above in range(row):
            _take_off_row(
                sums, corner, corner, (row & 3) * ROW, (above & 3) * ROW, (above & 3) * ROW + (row & 3) * LANES
            )
        _invert_pivot(sums, (row & 3) * (ROW + LANES), rests, (row & 3) * LANES)
        _scale(sums, corner, (row & 3) * ROW, rests, (row & 3) * LANES)


@part
def _finish_tile(sums: Numbers, done: Numbers, corner: Numbers, rests: Numbers) -> None:
    """Take the rows of another tile off each other."""
    for row in range(TILE):
        for above in range(row):
            _take_off_row(sums, done, corner, (row & 3) * ROW, (above & 3) * ROW, (above & 3) * ROW + (row & 3) * LANES)
        _scale(sums, done, (row & 3) * ROW, rests, (row & 3) * LANES)


@part
def _take_off_tile(gram: Cube, sums: Numbers, own: int, tile: int, above: int, to: int, column: int) -> None:
    """Take four rows of the factor off one row of a tile. Written out, so that sixteen products share their reading."""
    for lane in range(LANES):
        r0 = gram[above, own, column + lane]
        r1 = gram[above, own, ROW + column + lane]
        r2 = gram[above, own, 2 * ROW + column + lane]
        r3 = gram[above, own, 3 * ROW + column + lane]
        a = sums[to + lane] - r0 * gram[above, tile, lane]
        b = sums[to + LANES + lane] - r0 * gram[above, tile, LANES + lane]
        c = sums[to + 2 * LANES + lane] - r0 * gram[above, tile, 2 * LANES + lane]
        d = sums[to + 3 * LANES + lane] - r0 * gram[above, tile, 3 * LANES + lane]
        a -= r1 * gram[above, tile, ROW + lane]
        b -= r1 * gram[above, tile, ROW + LANES + lane]
        c -= r1 * gram[above, tile, ROW + 2 * LANES + lane]
        d -= r1 * gram[above, tile, ROW + 3 * LANES + lane]
        a -= r2 * gram[above, tile, 2 * ROW + lane]
        b -= r2 * gram[above, tile, 2 * ROW + LANES + lane]
        c -= r2 * gram[above, tile, 2 * ROW + 2 * LANES + lane]
        d -= r2 * gram[above, tile, 2 * ROW + 3 * LANES + lane]
        sums[to + lane] = a - r3 * gram[above, tile, 3 * ROW + lane]
        sums[to + LANES + lane] = b - r3 * gram[above, tile, 3 * ROW + LANES + lane]
        sums[to + 2 * LANES + lane] = c - r3 * gram[above, tile, 3 * ROW + 2 * LANES + lane]
        sums[to + 3 * LANES + lane] = d - r3 * gram[above, tile, 3 * ROW + 3 * LANES + lane]


@part
def _take_off_row(sums: Numbers, done: Numbers, corner: Numbers, to: int, start: int, column: int) -> None:
    """Take one row of a tile off another."""
    for lane in range(LANES):
        r = corner[column + lane]
        sums[to + lane] -= r * done[start + lane]
        sums[to + LANES + lane] -= r * done[start + LANES + lane]
        sums[to + 2 * LANES + lane] -= r * done[start + 2 * LANES + lane]
        sums[to + 3 * LANES + lane] -= r * done[start + 3 * LANES + lane]


@part
def _invert_pivot(sums: Numbers, at: int, rests: Numbers, row: int) -> None:
    for lane in range(LANES):
        pivot = sums[at + lane]
        is_left = pivot > rests[row + lane] * COLLINEAR
        # A root in both cases rather than a branch, so that lanes stay together.
        inverse = 1.0 / math.sqrt(pivot if is_left else 1.0)
        rests[row + lane] = inverse if is_left else math.nan


@part
def _scale(sums: Numbers, done: Numbers, to: int, rests: Numbers, row: int) -> None:
    for lane in range(LANES):
        inverse = rests[row + lane]
        done[to + lane] = sums[to + lane] * inverse
        done[to + LANES + lane] = sums[to + LANES + lane] * inverse
        done[to + 2 * LANES + lane] = sums[to + 2 * LANES + lane] * inverse
        done[to + 3 * LANES + lane] = sums[to + 3 * LANES + lane] * inverse
