"""Hedge-ratio drift against statsmodels' robust errors, and its size and power."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from livepairs.errors import ConfigError
from livepairs.stats.drift import hedge_drift
from tests.stats.series import autoregressive, legs


def test_z_is_the_difference_over_newey_west_errors() -> None:
    y, x = legs(200, seed=1)
    found = hedge_drift(y, x, lags=5)
    fits = [
        OLS(y[part], add_constant(x[part])).fit(cov_type="HAC", cov_kwds={"maxlags": 5, "use_correction": False})
        for part in (slice(100), slice(100, 200))
    ]
    assert (found.older, found.newer) == pytest.approx([fit.params[1] for fit in fits], rel=1e-9)
    expected = (fits[1].params[1] - fits[0].params[1]) / np.hypot(fits[0].bse[1], fits[1].bse[1])
    assert found.z == pytest.approx(expected, rel=1e-8)


def test_a_steady_ratio_seldom_looks_moved_and_a_moved_one_does() -> None:
    false_alarms, found = 0, 0
    for seed in range(200):
        x = autoregressive(600, 0.9, seed=seed)
        spread = autoregressive(600, 0.7, seed=seed + 1000)
        moved = np.where(np.arange(600) < 300, 0.7, 1.3)
        false_alarms += hedge_drift(0.7 * x + spread, x).p < 0.05
        found += hedge_drift(moved * x + spread, x).p < 0.05
    assert false_alarms / 200 < 0.15
    assert found / 200 > 0.9


def test_a_leg_that_stands_still_is_refused() -> None:
    with pytest.raises(ConfigError, match="x does not move in one half"):
        hedge_drift(np.arange(40.0), np.repeat([1.0, 2.0], 20))
