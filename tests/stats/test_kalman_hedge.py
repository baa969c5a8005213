"""The Kalman hedge ratio: the Nile, a plain reference, and whether error bars are honest."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.errors import ConfigError
from livepairs.stats.compiled import prepare
from livepairs.stats.kalman_hedge import CHAN, KalmanHedge, KalmanNoise, fit_kalman_noise, innovation_ratio
from tests.stats.series import nile


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def test_variances_of_the_nile_are_those_of_durbin_and_koopman() -> None:
    """Durbin and Koopman (2001), local level: observation 15099, level 1469."""
    flow = nile()
    found = fit_kalman_noise(flow, np.zeros(len(flow)), start=1e9, skip=1)
    assert found.observation == pytest.approx(15099.0, rel=1e-3)
    assert found.alpha == pytest.approx(1469.0, rel=3e-3)
    assert found.beta == 0.0


def test_likelihood_equals_that_of_statsmodels() -> None:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    flow = nile()
    model = UnobservedComponents(flow, "local level")
    model.ssm.initialize_known(np.zeros(1), np.array([[1e7 + 1469.1]]))
    expected = model.loglikeobs([15098.5, 1469.1])
    row = KalmanHedge(KalmanNoise(0.0, 1469.1, 15098.5, start=1e7 + 1469.1)).filter(flow, np.zeros(len(flow)))
    # Its first bar goes to the start, by its convention.
    np.testing.assert_allclose(row.log_likelihood[1:], expected[1:], rtol=1e-9)


def matrix_filter(y: np.ndarray, x: np.ndarray, noise: KalmanNoise) -> np.ndarray:
    """Return beta, alpha, innovation, score and beta's error, with matrices and in long double."""
    state, covariance = np.zeros(2, np.longdouble), np.eye(2, dtype=np.longdouble) * noise.start
    rows = []
    for bar, (seen, leg) in enumerate(zip(y, x, strict=True)):
        covariance = covariance + np.diag([noise.beta, noise.alpha]) * (bar > 0)
        h = np.array([leg, 1.0], np.longdouble)
        variance = h @ covariance @ h + noise.observation
        innovation = seen - h @ state
        gain = covariance @ h / variance
        state = state + gain * innovation
        covariance = covariance - np.outer(gain, h @ covariance)
        rows.append([*state, innovation, innovation / np.sqrt(variance), np.sqrt(covariance[0, 0])])
    return np.array(rows, float).T


def walk(bars: int, noise: KalmanNoise, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return legs that do what the filter believes."""
    random = np.random.default_rng(seed)
    x = 11.0 + np.cumsum(random.normal(size=bars)) * 0.05
    beta = 0.7 + np.cumsum(random.normal(size=bars)) * np.sqrt(noise.beta)
    alpha = 0.2 + np.cumsum(random.normal(size=bars)) * np.sqrt(noise.alpha)
    return beta * x + alpha + random.normal(size=bars) * np.sqrt(noise.observation), x


@pytest.mark.parametrize("noise", [KalmanNoise(1e-6, 1e-5, 1e-4), CHAN], ids=["drifting", "Chan"])
def test_filter_equals_matrices_in_long_double(noise: KalmanNoise) -> None:
    y, x = walk(400, KalmanNoise(1e-6, 1e-5, 1e-4), seed=1)
    row = KalmanHedge(noise).filter(y, x)
    for found, expected in zip(row[:5], matrix_filter(y, x, noise), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_ratio_is_one_where_the_filter_knows_the_truth_and_tells_where_it_does_not() -> None:
    truth = KalmanNoise(1e-6, 1e-5, 1e-4)
    y, x = walk(4000, truth, seed=2)
    honest = innovation_ratio(KalmanHedge(truth).filter(y, x).score[50:])
    assert honest == pytest.approx(1.0, abs=0.04)
    proud = KalmanNoise(1e-8, 1e-7, 1e-6)
    assert innovation_ratio(KalmanHedge(proud).filter(y, x).score[50:]) == pytest.approx(10.0 * honest, rel=0.01)


def test_fitted_variances_are_honest_on_crude_oil_and_chans_are_not() -> None:
    """Chan's settings claim errors on WTI and Brent in dollars about three times too small, on logarithms too wide."""
    from arch.data import crude

    prices = crude.load()
    wti, brent = prices["WTI"].to_numpy(float), prices["Brent"].to_numpy(float)
    assert innovation_ratio(KalmanHedge(CHAN).filter(wti, brent).score[30:]) > 2.5
    assert innovation_ratio(KalmanHedge(CHAN).filter(np.log(wti), np.log(brent)).score[30:]) < 0.6
    fitted = fit_kalman_noise(wti, brent)
    assert innovation_ratio(KalmanHedge(fitted).filter(wti, brent).score[30:]) == pytest.approx(1.0, abs=0.05)


def test_update_measures_the_spread_after_the_bar_and_slices_alike() -> None:
    y, x = walk(50, CHAN, seed=3)
    hedge, row = KalmanHedge(CHAN).update(y, x), KalmanHedge(CHAN).filter(y, x)
    np.testing.assert_array_equal(hedge.beta, row.beta)
    np.testing.assert_allclose(hedge.spread, y - row.alpha - row.beta * x, rtol=0, atol=0)


def test_ratio_of_nothing_is_nan_and_short_series_are_refused() -> None:
    assert np.isnan(innovation_ratio([np.nan]))
    with pytest.raises(ConfigError, match="series of 3 values is too short"):
        fit_kalman_noise([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
