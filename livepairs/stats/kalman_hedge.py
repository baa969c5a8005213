"""Hedge ratio by a Kalman filter: slope and intercept walk, and each bar corrects them a little."""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.stats.arrays import Floats, require, two_finite_series, two_series
from livepairs.stats.compiled import kernel, part
from livepairs.stats.elementary import log
from livepairs.stats.hedge import Hedge

__all__ = ["CHAN", "KalmanHedge", "KalmanNoise", "KalmanRow", "fit_kalman_noise", "innovation_ratio"]

LOG_2PI: Final = 1.8378770664093453


@dataclass(frozen=True, slots=True)
class KalmanNoise:
    """How much slope and intercept walk a bar, and how noisy a bar is; variances, in units of y and x.

    Notes
    -----
    ``y = beta x + alpha + v``, ``var v = observation``; beta and alpha gain independent steps of variance ``beta`` and
    ``alpha`` each bar (Harvey, "Forecasting, structural time series models and the Kalman filter", 1989).

    Examples
    --------
    >>> KalmanNoise(beta=1e-9, alpha=1e-9, observation=1e-7).start
    100.0
    """

    beta: float
    alpha: float
    observation: float
    start: float = 100.0
    """Variance of slope and intercept before the first bar; 0 trusts the start at zero, as Chan does."""

    def __post_init__(self) -> None:
        for name in ("beta", "alpha", "start"):
            require(f"{name} variance", getattr(self, name), 0.0)
        require("observation variance", self.observation, 1e-300)


CHAN: Final = KalmanNoise(beta=1e-4 / (1.0 - 1e-4), alpha=1e-4 / (1.0 - 1e-4), observation=1e-3, start=0.0)
"""The settings of Chan, "Algorithmic Trading" (2013), example 3.3, much copied and fitted to nothing."""


class KalmanRow(NamedTuple):
    """The filter at each bar, ``(n,)`` each.

    Notes
    -----
    ``innovation`` is y less what was forecast before seeing it, ``score`` the innovation over the standard deviation
    the filter claimed for it (Bar-Shalom, Li and Kirubarajan, "Estimation with applications", 2001, section 5.4), and
    ``log_likelihood`` its log density.

    Examples
    --------
    >>> KalmanRow._fields[2:]
    ('innovation', 'score', 'beta_error', 'log_likelihood')
    """

    beta: Floats
    alpha: Floats
    innovation: Floats
    score: Floats
    beta_error: Floats
    log_likelihood: Floats


FILTER_SLOTS: Final = 6
"""Numbers that ``follow`` keeps: beta, alpha, their covariance (three), and whether a bar was seen."""


@part
def follow(
    state: MutableSequence[float],
    at: int,
    beta_step: float,
    alpha_step: float,
    observation: float,
    y: float,
    x: float,
) -> tuple[float, float]:
    """Take a bar into beta, alpha and their covariance at ``at``, in Joseph's form.

    Returns
    -------
    tuple[float, float]
        The innovation, and the variance the filter claimed for it.
    """
    if state[at + 5] > 0.0:
        state[at + 2] += beta_step
        state[at + 4] += alpha_step
    state[at + 5] = 1.0
    bb, ba, aa = state[at + 2], state[at + 3], state[at + 4]
    ph_b = bb * x + ba
    ph_a = ba * x + aa
    variance = x * ph_b + ph_a + observation
    innovation = y - state[at] * x - state[at + 1]
    k_b = ph_b / variance
    k_a = ph_a / variance
    state[at] += k_b * innovation
    state[at + 1] += k_a * innovation
    # (I - K h') P (I - K h')' + K r K': stays a covariance however rounding falls.
    m_bb, m_ba, m_ab, m_aa = 1.0 - k_b * x, -k_b, -k_a * x, 1.0 - k_a
    t_bb, t_ba = m_bb * bb + m_ba * ba, m_bb * ba + m_ba * aa
    t_ab, t_aa = m_ab * bb + m_aa * ba, m_ab * ba + m_aa * aa
    state[at + 2] = t_bb * m_bb + t_ba * m_ba + k_b * observation * k_b
    state[at + 3] = t_bb * m_ab + t_ba * m_aa + k_b * observation * k_a
    state[at + 4] = t_ab * m_ab + t_aa * m_aa + k_a * observation * k_a
    return innovation, variance


@kernel("f8[]", "f8[r]", "f8[r]", "f8[r]", "f8[]")
def _filter(
    state: MutableSequence[float],
    noise: Sequence[float],
    y: Sequence[float],
    x: Sequence[float],
    out: MutableSequence[float],
) -> None:
    """Advance bar by bar; write the columns of ``KalmanRow``."""
    rows = len(y)
    for row in range(rows):
        innovation, variance = follow(state, 0, noise[0], noise[1], noise[2], y[row], x[row])
        out[row] = state[0]
        out[rows + row] = state[1]
        out[2 * rows + row] = innovation
        out[3 * rows + row] = innovation / math.sqrt(variance)
        out[4 * rows + row] = math.sqrt(state[2])
        out[5 * rows + row] = -0.5 * (LOG_2PI + log(variance) + innovation * innovation / variance)


class KalmanHedge:
    """Follow slope and intercept of y on x as they drift.

    Parameters
    ----------
    noise
        The variances; ``fit_kalman_noise`` finds them, ``CHAN`` are the ones found in books.

    Notes
    -----
    Kalman, Journal of Basic Engineering 82 (1960), with state (beta, alpha), a random walk each. The spread of
    ``update`` is measured with the slope and intercept *after* seeing the bar, as for every other hedge ratio;
    ``filter`` gives the innovation, which is measured before. Where a run began fades, but never quite vanishes.

    Examples
    --------
    >>> noise = KalmanNoise(beta=0.0, alpha=0.0, observation=1e-6)
    >>> KalmanHedge(noise).update([1.0, 3.0, 5.0], [0.0, 1.0, 2.0]).beta.round(3)
    array([0., 2., 2.])
    """

    def __init__(self, noise: KalmanNoise) -> None:
        self._noise = np.array([noise.beta, noise.alpha, noise.observation])
        self._state = np.array([0.0, 0.0, noise.start, 0.0, noise.start, 0.0])

    def filter(self, y: ArrayLike, x: ArrayLike) -> KalmanRow:
        """Take in the next bars and return the filter at each. A NaN in a leg would stay for ever."""
        ys, xs = two_series(y, x)
        out = np.empty((6, len(ys)))
        _filter(self._state, self._noise, ys, xs, out.reshape(-1))
        return KalmanRow(*out)

    def update(self, y: ArrayLike, x: ArrayLike) -> Hedge:
        """Take in the next bars and return the relation at each."""
        ys, xs = two_series(y, x)
        row = self.filter(ys, xs)
        return Hedge(row.beta, row.alpha, ys - row.alpha - row.beta * xs)


def innovation_ratio(scores: ArrayLike) -> float:
    """Return how wide the forecast errors are beside what the filter claims; 1 for honest error bars.

    Parameters
    ----------
    scores
        ``KalmanRow.score`` of the bars to judge; NaN are left out. Leave out the first bars as well.

    Notes
    -----
    ``sqrt(mean(score^2))``, the root of the normalised innovation squared (Bar-Shalom, Li and Kirubarajan,
    "Estimation with applications", 2001, section 5.4). At 3 every other bar is beyond a "two sigma" band; below 1
    the bands are too wide, as when settings made for prices in dollars are used on logarithms.

    Examples
    --------
    >>> innovation_ratio([3.0, -3.0, 3.0])
    3.0
    """
    values = np.asarray(scores, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(np.sqrt(np.mean(values * values))) if len(values) else math.nan


def fit_kalman_noise(y: ArrayLike, x: ArrayLike, *, start: float = 100.0, skip: int = 2) -> KalmanNoise:
    """Return the variances under which the series is most likely; batch only, some hundred passes over it.

    Parameters
    ----------
    y, x
        The legs, ``(n,)`` each, at least 20 bars. An x of zeros fits a local level (a walking alpha plus noise).
    start
        Variance of slope and intercept before the first bar; large against both.
    skip
        First bars left out of the likelihood, as what they say is about the start.

    Notes
    -----
    Maximum of ``-1/2 sum (ln 2 pi F_t + v_t^2 / F_t)``, with innovations v of variance F (Harvey 1989, section 3.4),
    over the logarithms of the variances by Nelder and Mead's simplex.

    Examples
    --------
    >>> levels = np.cumsum(np.tile([1.0, -1.0, 2.0, -2.0, 0.5], 20))
    >>> fit_kalman_noise(levels, np.zeros(100), start=1e6).beta
    0.0
    """
    from scipy.optimize import minimize

    ys, xs = two_finite_series(y, x, least=20)
    size = max(float(np.var(np.diff(ys))), 1e-300)
    reach = float(np.mean(xs * xs))
    # Steps of beta are seen through x; without an x there is none to see.
    scales = np.array([0.01 * size / reach if reach > 0.0 else 0.0, 0.1 * size, size])
    moving = scales > 0.0

    def noise_of(logs: Floats) -> KalmanNoise:
        values = scales.copy()
        values[moving] = values[moving] * np.exp(np.clip(logs, -60.0, 60.0))
        return KalmanNoise(float(values[0]), float(values[1]), float(values[2]), start)

    def cost(logs: Floats) -> float:
        return -float(KalmanHedge(noise_of(logs)).filter(ys, xs).log_likelihood[skip:].sum())

    found = minimize(cost, np.zeros(int(moving.sum())), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7})
    return noise_of(found.x)
