"""Augmented Dickey-Fuller test: whether a series walks at random or is drawn back to its mean."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, finite_series

__all__ = ["AdfTest", "adf_test"]

CHOICES: Final = ("aic", "bic", "t-stat")
TRENDS: Final = ("n", "c", "ct")
T_STOP: Final = 1.6448536269514722
"""A lag whose |t| is at least this stays: 5 % of a normal, one-sided."""


class AdfTest(NamedTuple):
    """What the test says; ``critical`` are the 1, 5 and 10 % values.

    Notes
    -----
    ``stat`` is the t value of the lagged level (Said and Dickey, Biometrika 71, 1984).

    Examples
    --------
    >>> AdfTest._fields
    ('stat', 'p', 'lags', 'observations', 'critical')
    """

    stat: float
    p: float
    lags: int
    observations: int
    critical: tuple[float, float, float]


def adf_test(
    values: ArrayLike,
    *,
    trend: Literal["n", "c", "ct"] = "c",
    lags: int | str = "aic",
    max_lags: int | None = None,
) -> AdfTest:
    """Test the hypothesis of a unit root; a small p speaks for mean reversion.

    Parameters
    ----------
    values
        The series, ``(n,)``. For residuals of a fitted hedge ratio use ``engle_granger_test``: this p would be wrong.
    trend
        ``"n"`` none, ``"c"`` a constant, ``"ct"`` a constant and a line.
    lags
        How many lagged differences: a number, or ``"aic"``, ``"bic"`` or ``"t-stat"`` to choose.
    max_lags
        Most lags to choose from; None for Schwert's ``12 (n / 100)^(1/4)``.

    Raises
    ------
    ConfigError
        If the series is too short, constant or not finite, or an argument is unknown.

    Notes
    -----
    ``d_t = trend + rho level_(t-1) + sum_j phi_j d_(t-j) + e``, stat = t(rho): Said and Dickey, Biometrika 71 (1984);
    p-values by MacKinnon (1994). Computed by ``statsmodels.tsa.stattools.adfuller``, but for the choice of lags: one
    triangular factor holds the residual sums of all of them, where statsmodels fits each anew. A batch form;
    ``Recomputed`` makes it a stream, and the fixed-lag form for every bar is the column ``coint_stat`` of PAIRS.

    Examples
    --------
    >>> wave = [0.0, 1.0, 0.2, -0.9, -0.1, 1.1, 0.0, -1.0, 0.3, 0.8, -0.2, -1.1, 0.1, 0.9, 0.0, -0.8]
    >>> adf_test(wave, lags=1).p < 0.01
    True
    """
    from statsmodels.tsa.stattools import adfuller

    if trend not in TRENDS:
        raise ConfigError(f"trend {trend!r} is not known; use one of {', '.join(TRENDS)}")
    series = finite_series(values, least=10)
    if series.min() == series.max():
        raise ConfigError("series is constant; there is nothing to test")
    if isinstance(lags, str) and lags not in CHOICES:
        raise ConfigError(f"lags {lags!r} are not known; use a number or one of {', '.join(CHOICES)}")
    asked = max_lags if isinstance(lags, str) else lags
    room = len(series) // 2 - 1 - (0 if trend == "n" else len(trend))
    if asked is not None and not 0 <= asked <= room:
        raise ConfigError(f"lags of {asked} are out of range for {len(series)} values; use 0 to {room}")
    # The level costs digits and says nothing where a constant is fitted anyway.
    centred = series - series.mean() if trend != "n" else series
    most = min(room, math.ceil(12.0 * (len(series) / 100.0) ** 0.25)) if asked is None else asked
    chosen = _choose(centred, trend, most, lags) if isinstance(lags, str) else most
    stat, p, used, observations, critical, *_ = adfuller(
        centred, maxlag=chosen, regression=trend, autolag=None, result_object=False
    )
    levels = (float(critical["1%"]), float(critical["5%"]), float(critical["10%"]))
    return AdfTest(float(stat), float(p), int(used), int(observations), levels)


def _choose(series: Floats, trend: str, most: int, rule: str) -> int:
    """Return how many lags a rule prefers, all compared on the rows that the longest leaves."""
    changes = np.diff(series)
    rows = len(changes) - most
    trends = [np.ones(rows), np.arange(1.0, rows + 1.0)][: 0 if trend == "n" else len(trend)]
    lagged = [changes[most - lag : len(changes) - lag] for lag in range(1, most + 1)]
    table = np.column_stack([*trends, series[most:-1], *lagged, changes[most:]])
    # The last column of the factor holds what each further regressor takes off the residual sum.
    factor = np.asarray(np.linalg.qr(table, mode="r"))
    taken = factor[:, -1] ** 2
    least = len(trends) + 1
    left = np.cumsum(taken[::-1])[::-1][least:]
    unknowns = np.arange(least, least + most + 1)
    if rule == "t-stat":
        t_values = np.sqrt(taken[unknowns - 1] * (rows - unknowns) / left)
        strong = np.flatnonzero(t_values >= T_STOP)
        return int(strong[-1]) if len(strong) else 0
    penalty = 2.0 if rule == "aic" else math.log(rows)
    return int(np.argmin(rows * np.log(left) + penalty * unknowns))
