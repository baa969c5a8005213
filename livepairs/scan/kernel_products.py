"""Sums of products of one series with the 32 of a block: levels at the same bar, changes at every lag at once.

The sums over lags come by way of the spectra: with P(f) = Re(Y(f) conj X(f)),

    sum over t of dy_t dx_(t-k) + dx_t dy_(t-k)  =  sum over f of P(f) cos(2 pi f k / N)

(Wiener and Khinchin), where N leaves room so that no lag wraps round. Frequencies f and N/2 - f share their cosines but
for the sign at odd k, so even lags need only the sums of the two and odd lags only their differences: a quarter of the
multiplications of the sums written out, for both directions of a pair. The weights are in the spectra already.

A lane is one series of the block. Nothing is ever added across lanes, so the compiler may take several at once without
changing a bit, and a pair's numbers do not depend on its neighbours.
"""

from __future__ import annotations

from typing import Any, Final

from livepairs.stats.compiled import part

__all__ = ["LANES", "TILE", "crossings", "lagged_products", "level_at", "level_products"]

LANES: Final = 32
"""Series in a block; wide enough for any vector unit, narrow enough that a block's sums stay in the nearest caches."""

TILE: Final = 4
"""Rows (bars, frequencies, lags) are taken four at a time: the sums then wait in registers."""

Cube = Any  # an array of three dimensions, or a memory view of one while interpreted; neither can be said to mypy
Matrix = Any
Numbers = Any

# Rows of lanes lie in tiles, ``(tiles, TILE * LANES)``: row r is at [r // TILE, r % TILE * LANES + lane]. Constant
# distances within a tile are what lets the compiler see at once that reading and writing do not overlap. It must also
# see that no index is negative, which Python would count from the end: hence & 3 rather than % 4.


@part
def level_products(levels: Cube, y: int, block: int, dots: Numbers) -> None:
    """Write the sums of products of levels into ``dots``."""
    y_block = y // LANES
    y_lane = y % LANES
    for lane in range(LANES):
        dots[lane] = 0.0
    for tile in range(levels.shape[1]):
        y0 = levels[y_block, tile, y_lane]
        y1 = levels[y_block, tile, LANES + y_lane]
        y2 = levels[y_block, tile, 2 * LANES + y_lane]
        y3 = levels[y_block, tile, 3 * LANES + y_lane]
        for lane in range(LANES):
            total = (dots[lane] + y0 * levels[block, tile, lane]) + y1 * levels[block, tile, LANES + lane]
            total += y2 * levels[block, tile, 2 * LANES + lane]
            dots[lane] = total + y3 * levels[block, tile, 3 * LANES + lane]


@part
def lagged_products(spectra: Cube, cosines: Matrix, y: int, block: int, folded: Matrix, products: Matrix) -> None:
    """Write the symmetric lagged sums of products of changes: even lags into the first tiles, odd ones after them.

    Parameters
    ----------
    spectra
        ``(blocks, 4 * folds, LANES)``: real and imaginary parts at f, then at N/2 - f, for f up to N/4.
    cosines
        ``(folds, rows)``, the columns in the order of the rows of ``products``.
    y, block
        The series and the block.
    folded
        Scratch, tiles of ``2 * folds`` rows.
    products
        Tiles of ``rows`` rows.
    """
    tiles = cosines.shape[0] // TILE
    half = cosines.shape[1] // (2 * TILE)
    _fold(spectra, y, block, cosines.shape[0], folded)
    for k in range(2 * half):
        for lane in range(TILE * LANES):
            products[k, lane] = 0.0
        start = 0 if k < half else tiles
        for f in range(tiles):
            _add_tile(cosines, folded, products, start + f, f * TILE, k)


@part
def _fold(spectra: Cube, y: int, block: int, folds: int, folded: Matrix) -> None:
    y_block = y // LANES
    y_lane = y % LANES
    tiles = folds // TILE
    for f in range(folds):
        low_real = spectra[y_block, f, y_lane]
        low_imaginary = spectra[y_block, folds + f, y_lane]
        high_real = spectra[y_block, 2 * folds + f, y_lane]
        high_imaginary = spectra[y_block, 3 * folds + f, y_lane]
        tile = f // TILE
        at = (f & 3) * LANES
        for lane in range(LANES):
            low = low_real * spectra[block, f, lane] + low_imaginary * spectra[block, folds + f, lane]
            high = (
                high_real * spectra[block, 2 * folds + f, lane] + high_imaginary * spectra[block, 3 * folds + f, lane]
            )
            folded[tile, at + lane] = low + high
            folded[tiles + tile, at + lane] = low - high


@part
def _add_tile(cosines: Matrix, folded: Matrix, products: Matrix, tile: int, f: int, to: int) -> None:
    """Add four frequencies to four lags. Written out, because that is what keeps all sixteen cosines in registers."""
    k = to * TILE
    a0, a1, a2, a3 = cosines[f, k], cosines[f + 1, k], cosines[f + 2, k], cosines[f + 3, k]
    b0, b1, b2, b3 = cosines[f, k + 1], cosines[f + 1, k + 1], cosines[f + 2, k + 1], cosines[f + 3, k + 1]
    c0, c1, c2, c3 = cosines[f, k + 2], cosines[f + 1, k + 2], cosines[f + 2, k + 2], cosines[f + 3, k + 2]
    d0, d1, d2, d3 = cosines[f, k + 3], cosines[f + 1, k + 3], cosines[f + 2, k + 3], cosines[f + 3, k + 3]
    for lane in range(LANES):
        p0 = folded[tile, lane]
        p1 = folded[tile, LANES + lane]
        p2 = folded[tile, 2 * LANES + lane]
        p3 = folded[tile, 3 * LANES + lane]
        a = (((products[to, lane] + a0 * p0) + a1 * p1) + a2 * p2) + a3 * p3
        b = (((products[to, LANES + lane] + b0 * p0) + b1 * p1) + b2 * p2) + b3 * p3
        c = (((products[to, 2 * LANES + lane] + c0 * p0) + c1 * p1) + c2 * p2) + c3 * p3
        d = (((products[to, 3 * LANES + lane] + d0 * p0) + d1 * p1) + d2 * p2) + d3 * p3
        products[to, lane] = a
        products[to, LANES + lane] = b
        products[to, 2 * LANES + lane] = c
        products[to, 3 * LANES + lane] = d


@part
def crossings(levels: Cube, y: int, block: int, bars: int, slopes: Matrix, counts: Matrix, direction: int) -> None:
    """Count how often the residual of each lane changes sides, into ``counts[direction]``.

    Parameters
    ----------
    levels, y, block, bars
        The centred series, and how many bars of them are real: the rest is padding.
    slopes
        ``(2, LANES)``: hedge ratios of y on the lanes, and of the lanes on y.
    counts
        ``(2, LANES)``.
    direction
        0 for y on the lanes, 1 for the lanes on y.
    """
    y_block = y // LANES
    y_lane = y % LANES
    for lane in range(LANES):
        counts[direction, lane] = 0.0
    # Each step looks back one bar, so a tile of four steps looks into the tile after it.
    tiles = (bars - 1) // TILE
    for tile in range(tiles):
        _count_tile(levels, y_block, y_lane, block, tile, slopes, counts, direction)
    for t in range(tiles * TILE, bars - 1):
        _count_step(levels, y_block, y_lane, block, t, slopes, counts, direction)


@part
def _count_tile(
    levels: Cube, y_block: int, y_lane: int, block: int, tile: int, slopes: Matrix, counts: Matrix, direction: int
) -> None:
    y0 = levels[y_block, tile, y_lane]
    y1 = levels[y_block, tile, LANES + y_lane]
    y2 = levels[y_block, tile, 2 * LANES + y_lane]
    y3 = levels[y_block, tile, 3 * LANES + y_lane]
    y4 = levels[y_block, tile + 1, y_lane]
    if direction == 0:
        for lane in range(LANES):
            slope = slopes[0, lane]
            is_above0 = y0 - slope * levels[block, tile, lane] > 0.0
            is_above1 = y1 - slope * levels[block, tile, LANES + lane] > 0.0
            is_above2 = y2 - slope * levels[block, tile, 2 * LANES + lane] > 0.0
            is_above3 = y3 - slope * levels[block, tile, 3 * LANES + lane] > 0.0
            is_above4 = y4 - slope * levels[block, tile + 1, lane] > 0.0
            count = counts[0, lane] + (1.0 if is_above0 != is_above1 else 0.0)
            count += 1.0 if is_above1 != is_above2 else 0.0
            count += 1.0 if is_above2 != is_above3 else 0.0
            counts[0, lane] = count + (1.0 if is_above3 != is_above4 else 0.0)
    else:
        for lane in range(LANES):
            slope = slopes[1, lane]
            is_above0 = levels[block, tile, lane] - slope * y0 > 0.0
            is_above1 = levels[block, tile, LANES + lane] - slope * y1 > 0.0
            is_above2 = levels[block, tile, 2 * LANES + lane] - slope * y2 > 0.0
            is_above3 = levels[block, tile, 3 * LANES + lane] - slope * y3 > 0.0
            is_above4 = levels[block, tile + 1, lane] - slope * y4 > 0.0
            count = counts[1, lane] + (1.0 if is_above0 != is_above1 else 0.0)
            count += 1.0 if is_above1 != is_above2 else 0.0
            count += 1.0 if is_above2 != is_above3 else 0.0
            counts[1, lane] = count + (1.0 if is_above3 != is_above4 else 0.0)


@part
def _count_step(
    levels: Cube, y_block: int, y_lane: int, block: int, t: int, slopes: Matrix, counts: Matrix, direction: int
) -> None:
    y0 = level_at(levels, y_block, t, y_lane)
    y1 = level_at(levels, y_block, t + 1, y_lane)
    for lane in range(LANES):
        slope = slopes[direction, lane]
        x0 = level_at(levels, block, t, lane)
        x1 = level_at(levels, block, t + 1, lane)
        is_above0 = (y0 - slope * x0 if direction == 0 else x0 - slope * y0) > 0.0
        is_above1 = (y1 - slope * x1 if direction == 0 else x1 - slope * y1) > 0.0
        counts[direction, lane] += 1.0 if is_above0 != is_above1 else 0.0


@part
def level_at(levels: Cube, block: int, t: int, lane: int) -> float:
    """Return one level of one lane."""
    value: float = levels[block, t // TILE, (t & 3) * LANES + lane]
    return value
