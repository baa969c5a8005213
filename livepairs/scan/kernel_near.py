"""A nearly collinear pair, residual by residual.

Where the legs explain each other almost wholly, what the residual's sums are made of cancels: of two legs with an R2 of
1 - 1e-10, ten digits. There the residuals are formed one by one from the centred series, and the hedge ratio is refined
once with them (iterative refinement), which restores the digits.
"""

from __future__ import annotations

from typing import Any

from livepairs.stats.compiled import part

__all__ = ["residuals_one_by_one"]

Matrix = Any  # an array, or a memory view of one while interpreted; neither can be said to mypy
Numbers = Any


@part
def residuals_one_by_one(
    lines: Matrix,
    own: int,
    other: int,
    bars: int,
    square: float,
    slope: float,
    lane: int,
    residuals: Numbers,
    auto: Matrix,
    early: Matrix,
    late: Matrix,
    results: Numbers,
) -> None:
    """Form the residuals of ``own`` on ``other`` and write what follows from them.

    Parameters
    ----------
    lines
        The series, ``(series, bars)``, centred.
    own, other, bars
        The two series, and how many bars are real.
    square, slope
        Sum of squares of the levels of ``other``, and the hedge ratio to be refined.
    lane
        Where to write.
    residuals
        Scratch, ``(bars,)``.
    auto, early, late
        Written at ``lane``: the autocovariances of the residual's changes, and its first and last values.
    results
        ``(4,)``, written: the refined slope, the intercept left over, the sum of squared residuals, and how often they
        change sides.
    """
    total = 0.0
    cross = 0.0
    for t in range(bars):
        x = lines[other, t]
        residual = lines[own, t] - slope * x
        residuals[t] = residual
        total += residual
        cross += residual * x
    shift = total / bars
    correction = cross / square
    sum_of_squares = 0.0
    crossings = 0.0
    for t in range(bars):
        residuals[t] = (residuals[t] - shift) - correction * lines[other, t]
        sum_of_squares += residuals[t] * residuals[t]
        if t > 0 and (residuals[t] > 0.0) != (residuals[t - 1] > 0.0):
            crossings += 1.0
    results[0] = slope + correction
    results[1] = shift
    results[2] = sum_of_squares
    results[3] = crossings
    for place in range(early.shape[0]):
        early[place, lane] = residuals[place]
        late[place, lane] = residuals[bars - 1 - place]
    for k in range(auto.shape[0]):
        product = 0.0
        for t in range(k + 1, bars):
            product += (residuals[t] - residuals[t - 1]) * (residuals[t - k] - residuals[t - k - 1])
        auto[k, lane] = product
