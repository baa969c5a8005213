"""z over another window, from spreads that are known already: a sweep's windows without the rest of the arithmetic.

The steps are those of ``stats.sliding`` for one dimension and of ``kernel.score``, in an order in which a processor
finds several to do at once: head and tails of a block side by side, then all bars of the block.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.stats.compiled import kernel, part
from livepairs.stats.elementary import ROUNDING, log

__all__ = ["BLOCK_SLOTS", "measure_noise", "rescore"]

Numbers = MutableSequence[float]

# Columns of a block, one after the other: slot * window + place. Tails are those of the block before.
HEAD_MEAN: Final = 0
HEAD_SQUARES: Final = 1
TAIL_MEAN: Final = 2
TAIL_SQUARES: Final = 3
NEXT_TAIL_MEAN: Final = 4
NEXT_TAIL_SQUARES: Final = 5
BLOCK_SLOTS: Final = 6


@kernel("f8[r]", "f8[r]", "f8[r]", "i8", "f8[]", releases_gil=True)
def measure_noise(
    y_close: Sequence[float], x_close: Sequence[float], beta: Sequence[float], is_log: int, noise: Numbers
) -> None:
    """Write below which standard deviation a spread only shows rounding, ``(n,)``, from columns of PAIRS."""
    for row in range(len(noise)):
        y = y_close[row]
        x = x_close[row]
        if is_log == 1:
            y = log(y)
            x = log(x)
        noise[row] = ROUNDING * (math.fabs(y) + math.fabs(beta[row] * x))


@kernel("i8", "i8", "f8[r]", "f8[r]", "f8[r]", "f8[]", "f8[]", releases_gil=True, checks_division=False)
def rescore(
    window: int,
    first_bar: int,
    shares: Sequence[float],
    spread: Sequence[float],
    noise: Sequence[float],
    blocks: Numbers,
    z: Numbers,
) -> None:
    """Write z of consecutive bars that begin with the first full hedge window.

    Parameters
    ----------
    window
        The z window.
    first_bar
        Absolute number of the first bar given.
    shares
        ``1 / k`` for k from 1 to the window, then what part of the window follows each place, ``(2 * window,)``.
    spread, noise
        Of each bar, ``(n,)``.
    blocks
        Scratch, ``(BLOCK_SLOTS * window,)``.
    z
        Receives z, ``(n,)``; NaN while the window is not full and where the spread only shows rounding.
    """
    rows = len(spread)
    row = 0
    tail_reference = 0.0
    while row < rows:
        place = (first_bar + row) % window
        many = min(window - place, rows - row)
        _measure_block(shares, spread[row : row + many], blocks, window, place)
        for k in range(many):
            z[row + k] = math.nan
        skip = max(0, window - 1 - row)  # bars whose window is not full
        if skip < many:
            first = row + skip
            end = row + many
            head = spread[row]
            shift = tail_reference - head
            _score_block(
                shares,
                spread[first:end],
                noise[first:end],
                blocks,
                window,
                place + skip,
                spread[row],
                shift,
                z[first:end],
            )
        tail_reference = spread[row + many - 1]
        for k in range(2 * window):
            blocks[TAIL_MEAN * window + k] = blocks[NEXT_TAIL_MEAN * window + k]
        row += many


@part
def _measure_block(shares: Sequence[float], spread: Sequence[float], blocks: Numbers, window: int, place: int) -> None:
    """Write the moments of each head of a block, and of each tail of a block that is complete."""
    many = len(spread)
    reference = spread[0]
    last = spread[many - 1]
    mean = 0.0
    squares = 0.0
    tail_mean = 0.0
    tail_squares = 0.0
    for k in range(many):
        share = shares[k]
        rest = k * share
        delta = (spread[k] - reference) - mean
        squares += delta * rest * delta
        mean += delta * share
        blocks[HEAD_MEAN * window + place + k] = mean
        blocks[HEAD_SQUARES * window + place + k] = squares
        delta = (spread[many - 1 - k] - last) - tail_mean
        tail_squares += delta * rest * delta
        tail_mean += delta * share
        blocks[NEXT_TAIL_MEAN * window + place + many - 1 - k] = tail_mean
        blocks[NEXT_TAIL_SQUARES * window + place + many - 1 - k] = tail_squares


@part
def _score_block(
    shares: Sequence[float],
    spread: Sequence[float],
    noise: Sequence[float],
    blocks: Sequence[float],
    window: int,
    place: int,
    reference: float,
    shift: float,
    z: Numbers,
) -> None:
    """Join heads and tails and write z."""
    many = len(spread)
    freedom = window - 1.0
    means = blocks[HEAD_MEAN * window + place : HEAD_MEAN * window + place + many]
    squares = blocks[HEAD_SQUARES * window + place : HEAD_SQUARES * window + place + many]
    tail_means = blocks[TAIL_MEAN * window + place + 1 : TAIL_MEAN * window + place + 1 + many]
    tail_squares = blocks[TAIL_SQUARES * window + place + 1 : TAIL_SQUARES * window + place + 1 + many]
    whole = many - 1 if place + many == window else many
    for k in range(whole):
        away = (tail_means[k] - means[k]) + shift
        share = shares[window + place + k]
        sum_squares = (squares[k] + tail_squares[k]) + away * ((place + k + 1.0) * share) * away
        mean = means[k] + away * share
        deviation = math.sqrt(sum_squares / freedom)
        is_known = deviation > noise[k]
        score = ((spread[k] - reference) - mean) / (deviation if is_known else 1.0)
        z[k] = score if is_known else math.nan
    if whole < many:
        deviation = math.sqrt(squares[whole] / freedom)
        if deviation > noise[whole]:
            z[whole] = ((spread[whole] - reference) - means[whole]) / deviation
