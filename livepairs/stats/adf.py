"""Augmented Dickey-Fuller test: whether a series walks at random or is drawn back to its mean."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import finite_series

__all__ = ["AdfTest", "adf_test"]

CHOICES: Final = {"aic": "AIC", "bic": "BIC", "t-stat": "t-stat"}
TRENDS: Final = ("n", "c", "ct")


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
    p-values by MacKinnon (1994). Computed by ``statsmodels.tsa.stattools.adfuller``. A batch form; ``Recomputed`` makes
    it a stream, and the fixed-lag form for every bar is the column ``coint_stat`` of PAIRS.

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
    fixed = isinstance(lags, int)
    if not fixed and lags not in CHOICES:
        raise ConfigError(f"lags {lags!r} are not known; use a number or one of {', '.join(CHOICES)}")
    most = lags if fixed else max_lags
    if most is not None and not 0 <= int(most) <= len(series) // 2 - 2 - len(trend):
        raise ConfigError(f"lags of {most} are out of range for {len(series)} values; use 0 to a third of them")
    # The level costs digits and says nothing where a constant is fitted anyway.
    centred = series - series.mean() if trend != "n" else series
    stat, p, used, observations, critical, *_ = adfuller(
        centred, maxlag=most, regression=trend, autolag=None if fixed else CHOICES[str(lags)], result_object=False
    )
    levels = (float(critical["1%"]), float(critical["5%"]), float(critical["10%"]))
    return AdfTest(float(stat), float(p), int(used), int(observations), levels)
