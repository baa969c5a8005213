"""The Hurst exponent of fractional Gaussian noise made with a known one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from livepairs.errors import ConfigError
from livepairs.stats.hurst import hurst_exponent


def fractional_walk(bars: int, hurst: float, *, seed: int) -> np.ndarray:
    """Return the running sum of fractional Gaussian noise, exact by circulant embedding (Davies and Harte 1987)."""
    lags = np.arange(bars + 1.0)
    covariance = 0.5 * (abs(lags + 1) ** (2 * hurst) - 2 * lags ** (2 * hurst) + abs(lags - 1) ** (2 * hurst))
    spectrum = np.fft.fft(np.concatenate([covariance, covariance[-2:0:-1]])).real
    random = np.random.default_rng(seed)
    shocks = random.normal(size=2 * bars) + 1j * random.normal(size=2 * bars)
    return np.cumsum(np.fft.fft(np.sqrt(np.maximum(spectrum, 0.0) / (2 * bars)) * shocks).real[:bars])


@pytest.mark.parametrize("hurst", [0.2, 0.5, 0.8])
def test_exponent_of_fractional_noise_is_found(hurst: float) -> None:
    found = [hurst_exponent(fractional_walk(20_000, hurst, seed=seed)) for seed in range(5)]
    assert np.mean(found) == pytest.approx(hurst, abs=0.02)


def test_noise_has_none_and_a_drift_is_taken_off() -> None:
    noise = np.random.default_rng(1).normal(size=20_000)
    assert hurst_exponent(noise) == pytest.approx(0.0, abs=0.01)
    walk = np.cumsum(noise)
    assert hurst_exponent(walk + np.arange(20_000.0)) == pytest.approx(hurst_exponent(walk), abs=1e-9)


def test_what_does_not_move_has_no_exponent_and_short_series_are_refused() -> None:
    assert math.isnan(hurst_exponent(np.ones(100)))
    with pytest.raises(ConfigError, match="too short"):
        hurst_exponent(np.ones(79))
    with pytest.raises(ConfigError, match="make no range"):
        hurst_exponent(np.ones(100), shortest=5, longest=5)
