"""Engle-Granger cointegration of one window, with a choice of lags, and in both directions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.adf import adf_test
from livepairs.stats.arrays import two_finite_series
from livepairs.stats.cointegration import mackinnon_p

__all__ = ["EngleGranger", "engle_granger_both", "engle_granger_test"]


class EngleGranger(NamedTuple):
    """What the test says, and the relation it is about: y - alpha - beta x.

    Notes
    -----
    ``p`` is from MacKinnon's surface for two variables with a constant (1994).

    Examples
    --------
    >>> EngleGranger._fields
    ('stat', 'p', 'lags', 'beta', 'alpha')
    """

    stat: float
    p: float
    lags: int
    beta: float
    alpha: float


def engle_granger_test(
    y: ArrayLike, x: ArrayLike, *, lags: int | str = "aic", max_lags: int | None = None
) -> EngleGranger:
    """Test the hypothesis that no multiple of x keeps y near; a small p speaks for cointegration.

    Parameters
    ----------
    y, x
        Levels (log prices), ``(n,)`` each.
    lags, max_lags
        As in ``adf_test``.

    Raises
    ------
    ConfigError
        If a series is too short, constant or not finite, or y is an exact multiple of x.

    Notes
    -----
    Regress y on x with a constant, then ADF without one on the residuals: Engle and Granger, Econometrica 55 (1987).
    Equal to ``statsmodels.tsa.stattools.coint(y, x, trend="c")``, but for near-collinear legs, where that gives up.
    A batch form, of some milliseconds; at a fixed lag PAIRS has it for every bar.

    Examples
    --------
    >>> x = np.cumsum(np.sin(np.arange(60.0) ** 2))
    >>> y = 2.0 * x + np.cos(np.arange(60.0) ** 2)
    >>> round(engle_granger_test(y, x, lags=1).beta, 1)
    2.0
    """
    ys, xs = two_finite_series(y, x, least=12)
    y_away, x_away = ys - ys.mean(), xs - xs.mean()
    square = float(x_away @ x_away)
    if not square > 0.0:
        raise ConfigError("x is constant; it explains nothing")
    beta = float(x_away @ y_away) / square
    residuals = y_away - beta * x_away
    # Once more on what is left: near-collinear legs lose digits in the first pass.
    beta += float(x_away @ residuals) / square
    residuals = y_away - beta * x_away
    residuals -= residuals.mean()
    if not residuals.std() > 1e-15 * (np.abs(ys).max() + abs(beta) * np.abs(xs).max()):
        raise ConfigError("y is an exact multiple of x; their spread is rounding")
    test = adf_test(residuals, trend="n", lags=lags, max_lags=max_lags)
    alpha = float(ys.mean() - beta * xs.mean())
    return EngleGranger(test.stat, float(mackinnon_p(test.stat)), test.lags, beta, alpha)


def engle_granger_both(
    one: ArrayLike, other: ArrayLike, *, lags: int | str = "aic", max_lags: int | None = None
) -> tuple[EngleGranger, EngleGranger]:
    """Return the test with the first leg explained by the second, and the other way round.

    Notes
    -----
    The test is not symmetric (Engle and Granger, Econometrica 55, 1987): which leg is regressed on which changes the
    residuals and so p. Taking the better of two p-values is two looks; see ``q_values``.

    Examples
    --------
    >>> x = np.cumsum(np.sin(np.arange(60.0) ** 2))
    >>> there, back = engle_granger_both(2.0 * x + np.cos(np.arange(60.0) ** 2), x, lags=1)
    >>> round(there.beta * back.beta, 1)
    1.0
    """
    return (
        engle_granger_test(one, other, lags=lags, max_lags=max_lags),
        engle_granger_test(other, one, lags=lags, max_lags=max_lags),
    )
