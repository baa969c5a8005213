"""Variance ratio against arch's documentation and implementation."""

from __future__ import annotations

import numpy as np
import pytest
from arch.unitroot import VarianceRatio

from livepairs.errors import ConfigError
from livepairs.stats.variance_ratio import variance_ratio_test
from tests.stats.series import autoregressive


def test_market_returns_as_in_the_documentation_of_arch() -> None:
    """French's market return (excess plus risk-free), logarithms, 12 months: test statistic 1.2028, p .229."""
    from arch.data import frenchdata

    factors = frenchdata.load()
    market = np.log(1.0 + (factors["Mkt-RF"] + factors["RF"]).to_numpy(float) / 100.0).cumsum()
    found = variance_ratio_test(market, bars=12)
    assert found.z == pytest.approx(1.2028, abs=5e-5)
    assert found.p == pytest.approx(0.229, abs=5e-4)


@pytest.mark.parametrize("bars", [2, 5, 12])
def test_ratio_z_and_p_are_those_of_arch(bars: int) -> None:
    series = autoregressive(400, 0.95, seed=4)
    expected = VarianceRatio(series, bars)
    found = variance_ratio_test(series, bars=bars)
    assert found.ratio == pytest.approx(expected.vr, rel=1e-10)
    assert found.z == pytest.approx(expected.stat, rel=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-8)


def test_a_random_walk_is_about_one_and_noise_about_one_over_the_bars() -> None:
    noise = np.random.default_rng(5).normal(size=20_000)
    assert variance_ratio_test(np.cumsum(noise), bars=10).ratio == pytest.approx(1.0, abs=0.06)
    assert variance_ratio_test(noise, bars=10).ratio == pytest.approx(0.1, abs=0.01)


def test_what_cannot_be_tested_is_refused() -> None:
    for series, bars, message in [
        (np.ones(9), 2, "does not move"),
        (np.ones(5), 2, "too short"),
        (np.ones(9), 1, "2 or"),
    ]:
        with pytest.raises(ConfigError, match=message):
            variance_ratio_test(series, bars=bars)
