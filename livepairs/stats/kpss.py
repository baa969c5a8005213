"""KPSS test: the other way round from ADF, its hypothesis is that the series is stationary."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats, finite_series
from livepairs.stats.newey_west import long_run_variance

__all__ = ["KpssTest", "kpss_test"]

PROBABILITIES: Final = (0.10, 0.05, 0.025, 0.01)
CRITICAL: Final = {"c": (0.347, 0.463, 0.574, 0.739), "ct": (0.119, 0.146, 0.176, 0.216)}
"""Table 1 of Kwiatkowski, Phillips, Schmidt and Shin (1992)."""


class KpssTest(NamedTuple):
    """What the test says; ``p`` ends at the table's 0.01 and 0.10, and ``is_beyond`` tells that it did.

    Notes
    -----
    p is interpolated in table 1 of Kwiatkowski, Phillips, Schmidt and Shin (1992).

    Examples
    --------
    >>> KpssTest(1.088, 0.01, 20, is_beyond=True).is_beyond
    True
    """

    stat: float
    p: float
    lags: int
    is_beyond: bool


def kpss_test(values: ArrayLike, *, trend: Literal["c", "ct"] = "c", lags: int | None = None) -> KpssTest:
    """Test the hypothesis that a series is stationary; a small p speaks against it.

    Parameters
    ----------
    values
        The series, ``(n,)``.
    trend
        ``"c"`` around a constant, ``"ct"`` around a line.
    lags
        Lags of the long-run variance; None chooses by Hobijn, Franses and Ooms (1998).

    Raises
    ------
    ConfigError
        If the series is too short, constant or not finite, or the trend unknown.

    Notes
    -----
    ``sum S_t^2 / (n^2 s^2)`` with S the running sum of residuals and s^2 their long-run variance: Kwiatkowski,
    Phillips, Schmidt and Shin, Journal of Econometrics 54 (1992). Equal to ``statsmodels.tsa.stattools.kpss``, which
    warns through a process-wide filter where p leaves its table; a server of many threads cannot have that. A batch
    form; ``Recomputed`` makes it a stream.

    Examples
    --------
    >>> kpss_test(np.arange(40.0)).p
    0.01
    """
    if trend not in CRITICAL:
        raise ConfigError(f"trend {trend!r} is not known; use one of {', '.join(CRITICAL)}")
    series = finite_series(values, least=10)
    residuals = _residuals(series, trend)
    if not residuals.std() > 1e-15 * np.abs(series).max():
        raise ConfigError("series has no movement beside its trend; there is nothing to test")
    used = _hobijn_lags(residuals) if lags is None else lags
    sums = np.cumsum(residuals)
    stat = float(sums @ sums) / (len(series) ** 2 * long_run_variance(residuals, lags=used))
    critical = CRITICAL[trend]
    p = float(np.interp(stat, critical, PROBABILITIES))
    return KpssTest(stat, p, used, is_beyond=not critical[0] <= stat <= critical[-1])


def _residuals(series: Floats, trend: str) -> Floats:
    away: Floats = series - series.mean()
    if trend == "ct":
        line = np.arange(len(series)) - (len(series) - 1) / 2.0
        away = away - line * float(line @ away) / float(line @ line)
    return away


def _hobijn_lags(residuals: Floats) -> int:
    """Return the lags of Hobijn, Franses and Ooms, Statistica Neerlandica 58 (2004), as statsmodels has them."""
    n = len(residuals)
    covariances = [float(residuals[lag:] @ residuals[: n - lag]) * 2.0 / n for lag in range(1, int(n ** (2 / 9)) + 1)]
    level = float(residuals @ residuals) / n + sum(covariances)
    slope = sum(lag * value for lag, value in enumerate(covariances, start=1))
    lags = 1.1447 * math.cbrt((slope / level) ** 2) * math.cbrt(n)
    return min(int(lags), n - 1)
