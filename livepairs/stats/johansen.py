"""Johansen cointegration: how many relations hold among several series, without choosing a left-hand side."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats

__all__ = ["Johansen", "johansen_test"]

DETERMINISTIC = {"n": -1, "c": 0, "ct": 1}


class Johansen(NamedTuple):
    """What the test says, from no relation upwards.

    Notes
    -----
    ``trace[r]`` tests at most r relations, ``critical[r]`` are its 10, 5 and 1 % values (MacKinnon, Haug and Michelis
    1999); the columns of ``vectors`` are the relations, the strongest first, scaled so that the first series has 1.

    Examples
    --------
    >>> Johansen._fields
    ('trace', 'eigenvalue', 'critical', 'vectors', 'rank')
    """

    trace: Floats
    eigenvalue: Floats
    critical: Floats
    vectors: Floats
    rank: int
    """Relations found at 5 %."""


def johansen_test(levels: ArrayLike, *, trend: Literal["n", "c", "ct"] = "c", lags: int = 1) -> Johansen:
    """Count the cointegrating relations of two or more series.

    Parameters
    ----------
    levels
        Log prices, ``(n, series)``; at most 12 series.
    trend
        ``"n"`` none, ``"c"`` a constant, ``"ct"`` a constant and a line.
    lags
        Lagged differences in the error-correction form.

    Raises
    ------
    ConfigError
        If the levels are too few, not finite or collinear.

    Notes
    -----
    Trace and maximum-eigenvalue statistics of the reduced-rank regression: Johansen, Econometrica 59 (1991). Computed
    by ``statsmodels.tsa.vector_ar.vecm.coint_johansen``. A batch form; ``Recomputed`` makes it a stream.

    Examples
    --------
    >>> walk = np.cumsum(np.sin(np.arange(80.0) ** 2))
    >>> johansen_test(np.column_stack([walk + np.cos(np.arange(80.0) ** 2), walk])).rank >= 1
    True
    """
    from statsmodels.tsa.vector_ar.vecm import coint_johansen

    matrix = np.asarray(levels, dtype=np.float64)
    if matrix.ndim != 2 or not 2 <= matrix.shape[1] <= 12:
        raise ConfigError(f"levels of shape {matrix.shape} cannot be tested; hand in (bars, series), 2 to 12 series")
    if len(matrix) < 10 + (lags + 2) * matrix.shape[1] or not np.isfinite(matrix).all():
        raise ConfigError(f"{len(matrix)} bars are too few, or some are no number; hand in whole and longer series")
    if trend not in DETERMINISTIC:
        raise ConfigError(f"trend {trend!r} is not known; use one of {', '.join(DETERMINISTIC)}")
    centred = matrix - matrix.mean(axis=0)
    if np.linalg.matrix_rank(centred) < matrix.shape[1]:
        raise ConfigError("a series is constant or a combination of the others; leave it out")
    found = coint_johansen(centred if trend != "n" else matrix, DETERMINISTIC[trend], lags)
    trace, critical = np.asarray(found.trace_stat), np.asarray(found.trace_stat_crit_vals)
    vectors = np.asarray(found.evec)
    # Sequentially: the first hypothesis that stands gives the rank.
    rank = int(np.argmin(np.append(trace > critical[:, 1], False)))
    return Johansen(trace, np.asarray(found.max_eig_stat), critical, vectors / vectors[0], rank)
