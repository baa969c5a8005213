"""Exponentially weighted least squares against statsmodels' WLS and pandas' ewm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import WLS
from statsmodels.tools import add_constant

from livepairs.stats.ew_ols import EwOls
from tests.stats.series import legs


@pytest.mark.parametrize("half_life", [0.5, 8.0, 300.0])
def test_relation_equals_weighted_least_squares_at_every_prefix(half_life: float) -> None:
    y, x = legs(90, seed=2)
    found = EwOls(half_life).update(y, x)
    assert np.isnan(found.beta[0])
    for bar in range(20, 90, 7):
        weights = 2.0 ** (-np.arange(bar, -1, -1) / half_life)
        fit = WLS(y[: bar + 1], add_constant(x[: bar + 1]), weights=weights).fit()
        assert found.alpha[bar] == pytest.approx(fit.params[0], rel=1e-8, abs=1e-8)
        assert found.beta[bar] == pytest.approx(fit.params[1], rel=1e-8)
        assert found.spread[bar] == pytest.approx(y[bar] - fit.predict([1.0, x[bar]])[0], rel=1e-7, abs=1e-9)


def test_slope_equals_pandas_also_at_a_high_level() -> None:
    y, x = legs(300, seed=5, level=1e5, spread=1e-3)
    fading = pd.DataFrame({"y": y - 1e5, "x": x - 1e5}).ewm(halflife=20.0)
    covariance = fading.cov(bias=True)["x"].unstack()
    np.testing.assert_allclose(EwOls(20.0).update(y, x).beta[1:], (covariance["y"] / covariance["x"])[1:], rtol=1e-7)
