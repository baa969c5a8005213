"""Hurst exponent: how fast a series strays; 0.5 for a random walk, less where it is drawn back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import finite_series

__all__ = ["hurst_exponent"]


def hurst_exponent(values: ArrayLike, *, shortest: int = 1, longest: int = 20) -> float:
    """Return the exponent H of ``sd(x_(t+lag) - x_t) ~ lag^H``.

    Parameters
    ----------
    values
        The level (log price or spread), ``(n,)``, at least four times ``longest``.
    shortest, longest
        Lags of the fit, in bars.

    Returns
    -------
    float
        About 0 for white noise, 0.5 for a random walk, 1 for a line; NaN where the series does not move.

    Raises
    ------
    ConfigError
        If the series is too short or not finite, or the lags make no range.

    Notes
    -----
    The generalised Hurst exponent of second order: slope of the logarithm of the root mean square of drift-free steps
    on the logarithm of the lag, over all lags: Di Matteo, Aste and Dacorogna, Journal of Banking and Finance 29 (2005).
    It only means something over lags where the series scales; for a mean-reverting one it depends on them. A batch
    form; ``Recomputed`` makes it a stream.

    Examples
    --------
    >>> hurst_exponent(np.tile([0.0, 1.0, 3.0, 2.0, -1.0, 0.5, -2.0], 20), longest=6) < 0.2
    True
    """
    if not 1 <= shortest < longest:
        raise ConfigError(f"lags of {shortest} to {longest} bars make no range; use for example 1 to 20")
    series = finite_series(values, least=4 * longest)
    lags = np.arange(shortest, longest + 1)
    drift = (series[-1] - series[0]) / (len(series) - 1)
    steps = [series[lag:] - series[:-lag] - lag * drift for lag in lags]
    squares = np.array([float(step @ step) / len(step) for step in steps])
    if not (squares > 0.0).all():
        return float("nan")
    along = np.log(lags) - np.log(lags).mean()
    return float(along @ (0.5 * np.log(squares))) / float(along @ along)
