"""Long-run variance against statsmodels' covariance and a process whose own is known."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.sandwich_covariance import S_hac_simple

from livepairs.errors import ConfigError
from livepairs.stats.newey_west import andrews_lags, long_run_variance
from tests.stats.series import autoregressive


@pytest.mark.parametrize("lags", [0, 1, 12])
def test_variance_is_that_of_newey_and_west(lags: int) -> None:
    series = autoregressive(300, 0.6, seed=1)
    expected = S_hac_simple(series[:, None], nlags=lags)[0, 0] / 300
    assert long_run_variance(series, lags=lags) == pytest.approx(float(expected), rel=1e-12)


def test_variance_of_an_autoregression_is_about_the_true_one() -> None:
    """A unit-shock AR(1) has 1 / (1 - phi)^2; the Bartlett kernel falls a little short of it."""
    series = autoregressive(100_000, 0.8, seed=2)
    assert long_run_variance(series) == pytest.approx(25.0, rel=0.1)


def test_lags_grow_with_persistence_and_are_held() -> None:
    """Andrews (1991): 1.1447 (alpha n)^(1/3), for phi 0.8 alpha = 4 0.64 / (0.2 1.8)^2 = 19.75."""
    assert andrews_lags(autoregressive(100_000, 0.8, seed=2)) == pytest.approx(
        1.1447 * (19.753 * 1e5) ** (1 / 3), abs=3
    )
    assert andrews_lags(np.cumsum(np.ones(40))) == 20
    assert andrews_lags(np.zeros(5)) == 0


def test_lags_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="5 lags are out of range for 5 values; use 0 to 4"):
        long_run_variance(np.ones(5), lags=5)
