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
def level_products(levels: Cube, lines: Matrix, y: int, block: int, dots: Numbers) -> None:
    """Write the sums of products of levels into ``dots``; ``lines`` holds the series one by one, ``(series, bars)``."""
    for lane in range(LANES):
        dots[lane] = 0.0
    for tile in range(levels.shape[1]):
        t = tile * TILE
        y0, y1, y2, y3 = lines[y, t], lines[y, t + 1], lines[y, t + 2], lines[y, t + 3]
        for lane in range(LANES):
            total = (dots[lane] + y0 * levels[block, tile, lane]) + y1 * levels[block, tile, LANES + lane]
            total += y2 * levels[block, tile, 2 * LANES + lane]
            dots[lane] = total + y3 * levels[block, tile, 3 * LANES + lane]


@part
def lagged_products(
    spectra: Cube, waves: Cube, cosines: Matrix, y: int, block: int, evens: Matrix, odds: Matrix, products: Matrix
) -> None:
    """Write the symmetric lagged sums of products of changes: even lags into the first tiles, odd ones after them.

    Parameters
    ----------
    spectra
        ``(blocks, folds, 4 * LANES)``: real and imaginary parts at f, then at N/2 - f, for f up to N/4.
    waves
        The same one by one, ``(series, folds, 4)``.
    cosines
        ``(folds, rows)``, the columns in the order of the rows of ``products``.
    y, block
        The series and the block.
    evens, odds
        Scratch, ``(1, TILE * LANES)``: the spectrum folded, for even lags and for odd ones.
    products
        Tiles of ``rows`` rows.
    """
    folds = cosines.shape[0]
    tiles = cosines.shape[1] // TILE
    # Even lags are one more than the odd ones, or as many, so of the tiles they have half or one more.
    half = tiles - tiles // 2
    for k in range(tiles):
        for lane in range(TILE * LANES):
            products[k, lane] = 0.0
    for f in range(0, folds, TILE):
        # Folded and used at once, while it is in the nearest cache.
        for row in range(TILE):
            _fold(spectra, waves, y, block, f + row, (row & 3) * LANES, evens, odds)
        for k in range(half):
            _add_tile(cosines, evens, products, f, k)
        for k in range(half, tiles):
            _add_tile(cosines, odds, products, f, k)


@part
def _fold(spectra: Cube, waves: Cube, y: int, block: int, f: int, at: int, evens: Matrix, odds: Matrix) -> None:
    """Write the cross spectrum at f plus that at N/2 - f into ``evens``, less it into ``odds``."""
    low_real, low_imaginary, high_real, high_imaginary = waves[y, f, 0], waves[y, f, 1], waves[y, f, 2], waves[y, f, 3]
    for lane in range(LANES):
        low = low_real * spectra[block, f, lane] + low_imaginary * spectra[block, f, LANES + lane]
        high = high_real * spectra[block, f, 2 * LANES + lane] + high_imaginary * spectra[block, f, 3 * LANES + lane]
        evens[0, at + lane] = low + high
        odds[0, at + lane] = low - high


@part
def _add_tile(cosines: Matrix, folded: Matrix, products: Matrix, f: int, to: int) -> None:
    """Add four frequencies to four lags. Written out, because that is what keeps all sixteen cosines in registers."""
    k = to * TILE
    a0, a1, a2, a3 = cosines[f, k], cosines[f + 1, k], cosines[f + 2, k], cosines[f + 3, k]
    b0, b1, b2, b3 = cosines[f, k + 1], cosines[f + 1, k + 1], cosines[f + 2, k + 1], cosines[f + 3, k + 1]
    c0, c1, c2, c3 = cosines[f, k + 2], cosines[f + 1, k + 2], cosines[f + 2, k + 2], cosines[f + 3, k + 2]
    d0, d1, d2, d3 = cosines[f, k + 3], cosines[f + 1, k + 3], cosines[f + 2, k + 3], cosines[f + 3, k + 3]
    for lane in range(LANES):
        p0 = folded[0, lane]
        p1 = folded[0, LANES + lane]
        p2 = folded[0, 2 * LANES + lane]
        p3 = folded[0, 3 * LANES + lane]
        a = (((products[to, lane] + a0 * p0) + a1 * p1) + a2 * p2) + a3 * p3
        b = (((products[to, LANES + lane] + b0 * p0) + b1 * p1) + b2 * p2) + b3 * p3
        c = (((products[to, 2 * LANES + lane] + c0 * p0) + c1 * p1) + c2 * p2) + c3 * p3
        d = (((products[to, 3 * LANES + lane] + d0 * p0) + d1 * p1) + d2 * p2) + d3 * p3
        products[to, lane] = a
        products[to, LANES + lane] = b
        products[to, 2 * LANES + lane] = c
        products[to, 3 * LANES + lane] = d


@part
def crossings(levels: Cube, lines: Matrix, y: int, block: int, bars: int, slopes: Matrix, counts: Matrix) -> None:
    """Count how often the residuals of each lane change sides.

    Parameters
    ----------
    levels, lines, y, block, bars
        The centred series in blocks and one by one, and how many bars of them are real: the rest is padding.
    slopes
        ``(2, LANES)``: hedge ratios of y on the lanes, and of the lanes on y.
    counts
        ``(2, LANES)``, written: for y on the lanes, and for the lanes on y.
    """
    for lane in range(LANES):
        counts[0, lane] = 0.0
        counts[1, lane] = 0.0
    # Each step looks back one bar, so a tile of four steps looks into the tile after it.
    tiles = (bars - 1) // TILE
    for tile in range(tiles):
        _count_tile(levels, lines, y, block, tile, slopes, counts)
    for t in range(tiles * TILE, bars - 1):
        _count_step(levels, lines, y, block, t, slopes, counts)


@part
def _count_tile(levels: Cube, lines: Matrix, y: int, block: int, tile: int, slopes: Matrix, counts: Matrix) -> None:
    t = tile * TILE
    y0, y1, y2, y3, y4 = lines[y, t], lines[y, t + 1], lines[y, t + 2], lines[y, t + 3], lines[y, t + 4]
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
def _count_step(levels: Cube, lines: Matrix, y: int, block: int, t: int, slopes: Matrix, counts: Matrix) -> None:
    y0, y1 = lines[y, t], lines[y, t + 1]
    for lane in range(LANES):
        x0 = level_at(levels, block, t, lane)
        x1 = level_at(levels, block, t + 1, lane)
        is_above0 = y0 - slopes[0, lane] * x0 > 0.0
        is_above1 = y1 - slopes[0, lane] * x1 > 0.0
        counts[0, lane] += 1.0 if is_above0 != is_above1 else 0.0
        is_above0 = x0 - slopes[1, lane] * y0 > 0.0
        is_above1 = x1 - slopes[1, lane] * y1 > 0.0
        counts[1, lane] += 1.0 if is_above0 != is_above1 else 0.0


@part
def level_at(levels: Cube, block: int, t: int, lane: int) -> float:
    """Return one level of one lane."""
    value: float = levels[block, t // TILE, (t & 3) * LANES + lane]
    return value
