"""Sharpe ratios after selection: what is left of the best of many trials."""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist
from typing import Final

__all__ = ["deflated_sharpe", "expected_best_sharpe"]

EULER_GAMMA: Final = 0.5772156649015329
NORMAL: Final = NormalDist()


def expected_best_sharpe(trials: int, trial_variance: float) -> float:
    """Return the Sharpe ratio that the best of ``trials`` worthless strategies is expected to show.

    Parameters
    ----------
    trials
        Independent trials made, 1 or more. One trial selects nothing: 0.
    trial_variance
        Variance of the Sharpe ratios across the trials, in the unit of the ratio squared.

    Notes
    -----
    ``sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e)))`` with Euler's constant g: Bailey and Lopez de Prado,
    The Deflated Sharpe Ratio (2014).

    Examples
    --------
    >>> round(expected_best_sharpe(100, 0.5 / 250), 4)
    0.1132
    """
    if trials <= 1:
        return 0.0
    first = NORMAL.inv_cdf(1 - 1 / trials)
    second = NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(trial_variance) * ((1 - EULER_GAMMA) * first + EULER_GAMMA * second)


def deflated_sharpe(
    sharpe: float, observations: int, *, skew: float, kurtosis: float, benchmark: float = 0.0
) -> float | None:
    """Return the probability that the true Sharpe ratio is above the benchmark.

    Parameters
    ----------
    sharpe
        Observed ratio per observation, not annualised.
    observations
        Returns it was measured on, 2 or more.
    skew, kurtosis
        Of those returns; kurtosis is 3 for normal ones.
    benchmark
        ``expected_best_sharpe`` of the trials made, per observation.

    Returns
    -------
    float or None
        None where the estimator's variance is not positive, which happens with extreme skew.

    Notes
    -----
    ``Phi((SR - SR0) sqrt(T - 1) / sqrt(1 - skew SR + (kurtosis - 1)/4 SR^2))``, the same paper. With one trial it is
    the probabilistic Sharpe ratio against zero.

    Examples
    --------
    >>> best = expected_best_sharpe(100, 0.5 / 250)
    >>> round(deflated_sharpe(2.5 / 250**0.5, 1250, skew=-3, kurtosis=10, benchmark=best), 4)
    0.9004
    """
    variance = 1.0 - skew * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    if observations < 2 or variance <= 0.0:
        return None
    return NORMAL.cdf((sharpe - benchmark) * sqrt(observations - 1) / sqrt(variance))
