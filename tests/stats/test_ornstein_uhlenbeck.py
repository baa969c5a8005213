"""The Ornstein-Uhlenbeck fit against the numerical maximum of its likelihood and against known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from livepairs.stats.ornstein_uhlenbeck import RollingOrnsteinUhlenbeck, fit_ornstein_uhlenbeck
from tests.stats.series import autoregressive


def test_fit_is_the_maximum_of_the_exact_likelihood() -> None:
    series, dt = 5.0 + autoregressive(200, 0.85, seed=3), 0.25

    def cost(p: np.ndarray) -> float:
        speed, mean, sigma = np.exp(p[0]), p[1], np.exp(p[2])
        b = np.exp(-speed * dt)
        sd = sigma * np.sqrt((1.0 - b * b) / (2.0 * speed))
        return -norm.logpdf(series[1:], mean + b * (series[:-1] - mean), sd).sum()

    best = minimize(
        cost, [0.0, 5.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}
    )
    found = fit_ornstein_uhlenbeck(series, bar_length=dt)
    assert found.speed == pytest.approx(np.exp(best.x[0]), rel=1e-4)
    assert found.mean == pytest.approx(best.x[1], rel=1e-4)
    assert found.sigma == pytest.approx(np.exp(best.x[2]), rel=1e-4)
    assert found.stationary_std == pytest.approx(found.sigma / np.sqrt(2.0 * found.speed), rel=1e-12)


def test_a_long_series_shows_the_true_process() -> None:
    """phi 0.9 a bar is a speed of -ln 0.9; unit shocks make a stationary deviation of 1 / sqrt(1 - 0.81)."""
    found = fit_ornstein_uhlenbeck(autoregressive(100_000, 0.9, seed=4, level=7.0))
    assert found.speed == pytest.approx(0.10536, rel=0.05)
    assert found.mean == pytest.approx(7.0, abs=0.15)
    assert found.stationary_std == pytest.approx(2.2942, rel=0.03)


def test_what_does_not_revert_or_overshoots_has_no_fit() -> None:
    for series in (1.1 ** np.arange(30.0), (-1.0) ** np.arange(30) * (1.0 + 0.1 * np.arange(30))):
        assert all(np.isnan(fit_ornstein_uhlenbeck(series)))


def test_the_stream_is_the_fit_of_each_window() -> None:
    series = autoregressive(90, 0.8, seed=6)
    found = RollingOrnsteinUhlenbeck(50, bar_length=2.0).update(series)
    assert [column[-1] for column in found] == pytest.approx(list(fit_ornstein_uhlenbeck(series[40:], bar_length=2.0)))
