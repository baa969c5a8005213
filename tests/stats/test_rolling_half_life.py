"""The half-life of crude oil, and how often its interval holds the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from livepairs.stats.rolling_half_life import RollingHalfLife, estimate_half_life
from tests.stats.series import autoregressive


def test_half_life_of_crude_oil() -> None:
    """arch.data.crude, residuals of log WTI on log Brent: 4.710 months in the linear form."""
    from tests.stats.test_engle_granger import crude

    y, x = crude()
    residuals = OLS(y, add_constant(x)).fit().resid
    found = estimate_half_life(residuals)
    assert found.bars == pytest.approx(4.710, abs=5e-4)
    low, high = OLS(np.diff(residuals), add_constant(residuals[:-1])).fit().conf_int(alpha=0.05)[1]
    assert (found.low, found.high) == pytest.approx((-math.log(2.0) / low, -math.log(2.0) / high), rel=1e-9)


@pytest.mark.parametrize(("phi", "bars", "least", "most"), [(0.9, 350, 0.90, 0.97), (0.977, 300, 0.75, 0.92)])
def test_interval_holds_the_truth_about_as_often_as_it_says(phi: float, bars: int, least: float, most: float) -> None:
    """A half-life of a fiftieth and of a tenth of the window; the second shows the interval's known weakness."""
    truth = -math.log(2.0) / (phi - 1.0)
    found = [estimate_half_life(autoregressive(bars, phi, seed=seed)) for seed in range(400)]
    share = np.mean([life.low <= truth <= life.high for life in found])
    assert least <= share <= most


def test_interval_is_open_where_no_reversion_cannot_be_excluded() -> None:
    found = estimate_half_life(np.cumsum(np.random.default_rng(1).normal(size=60)))
    assert found.high == math.inf
    assert found.low > 0.0
    rising = estimate_half_life(1.1 ** np.arange(40.0) + 0.01 * np.sin(np.arange(40.0) ** 2))
    assert all(math.isnan(end) for end in (rising.bars, rising.low, rising.high))


def test_the_stream_is_the_estimate_of_each_window() -> None:
    series = autoregressive(80, 0.7, seed=5)
    found = RollingHalfLife(40, first_bar=3).update(series)
    last = estimate_half_life(series[40:])
    assert [column[-1] for column in found] == pytest.approx(list(last), rel=1e-9)
