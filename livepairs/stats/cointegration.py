"""Engle-Granger cointegration: the ADF statistic of regression residuals, and its p-value.

A plain ADF p-value on residuals is wrong, because the hedge ratio was chosen to make them look stationary; MacKinnon's
surface for two variables accounts for it. Equal to ``statsmodels.tsa.stattools.coint(y, x, trend="c", maxlag=lags,
autolag=None)``, but for near-collinear legs (R2 above 1 - 1.5e-6), where statsmodels gives up with minus infinity and
the statistic here is still computed from the residuals.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import Final

from livepairs.stats.compiled import part
from livepairs.stats.elementary import normal_cdf

__all__ = ["adf_from_products", "mackinnon_p"]

# MacKinnon (1994), "Approximate asymptotic distribution functions for unit-root and cointegration tests", two
# variables with a constant: where the surface ends and where its two polynomials (written out below) meet.
TAU_MIN: Final = -18.86
TAU_MAX: Final = 0.92
TAU_STAR: Final = -2.62


@part
def mackinnon_p(stat: float) -> float:
    """Return the p-value of an Engle-Granger statistic of two variables with a constant; NaN for NaN.

    Notes
    -----
    ``Phi(polynomial of the statistic)``: MacKinnon, Journal of Business and Economic Statistics 12 (1994).

    Examples
    --------
    The log WTI on log Brent statistic of -5.5396 has p 1.49e-5 (statsmodels).

    >>> f"{mackinnon_p(-5.5396):.2e}"
    '1.49e-05'
    """
    if stat != stat:
        return math.nan
    if stat > TAU_MAX:
        return 1.0
    if stat < TAU_MIN:
        return 0.0
    if stat <= TAU_STAR:
        return normal_cdf(2.92 + stat * (1.5012 + stat * 0.039796))
    return normal_cdf(2.1945 + stat * (0.64695 + stat * (-0.29198 + stat * -0.042377)))


@part
def adf_from_products(state: MutableSequence[float], at: int, size: int, observations: float) -> float:
    """Return the augmented Dickey-Fuller t statistic (no constant) from sums of products.

    Parameters
    ----------
    state, at
        The array, and where in it the sums of products of the regression's variables begin: ``(size, size)`` row by
        row, upper triangle filled; in the order lagged differences, lagged level, difference. Overwritten.
    size
        Number of variables: lags + 2.
    observations
        Number of rows in the sums.

    Returns
    -------
    float
        The t value of the lagged level; NaN if the regressors are collinear or the fit is exact.

    Notes
    -----
    With the variables in this order one Cholesky factor holds everything: the last regressor's coefficient over its
    standard error is ``R[k, n] / (R[n, n] / sqrt(dof))``, where n is the difference and k the lagged level. The test
    is Said and Dickey's (Biometrika 71, 1984).

    Examples
    --------
    A slope of -2 / 4, its residual variance (2 - 1) / 4 and so its error 1 / 4, from sums over five rows.

    >>> adf_from_products([4.0, -2.0, 0.0, 2.0], 0, 2, 5.0)
    -2.0
    """
    for row in range(size):
        pivot = state[at + row * size + row]
        for above in range(row):
            pivot -= state[at + above * size + row] * state[at + above * size + row]
        if not pivot > state[at + row * size + row] * COLLINEAR:
            return math.nan
        pivot = math.sqrt(pivot)
        state[at + row * size + row] = pivot
        for column in range(row + 1, size):
            value = state[at + row * size + column]
            for above in range(row):
                value -= state[at + above * size + row] * state[at + above * size + column]
            state[at + row * size + column] = value / pivot
    last = size - 1
    freedom = observations - last
    return state[at + (last - 1) * size + last] / (state[at + last * size + last] / math.sqrt(freedom))


COLLINEAR: Final = 1e-13
"""A regressor with less than this share of its size left after the others is collinear with them."""
