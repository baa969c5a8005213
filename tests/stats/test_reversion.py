"""The regression of change on level against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from livepairs.stats.reversion import RollingReversion
from tests.stats.series import autoregressive


@pytest.mark.parametrize(("level", "size"), [(0.0, 1.0), (1e5, 1e-3)])
def test_regression_equals_statsmodels_at_every_bar(level: float, size: float) -> None:
    shape = autoregressive(120, 0.8, seed=1) * size
    found = RollingReversion(30, first_bar=12).update(level + shape)
    for bar in range(29, 120, 9):
        window = (level + shape)[bar - 29 : bar + 1] - level
        fit = OLS(np.diff(window), add_constant(window[:-1])).fit()
        assert found.slope[bar] == pytest.approx(fit.params[1], rel=1e-6)
        assert found.error[bar] == pytest.approx(fit.bse[1], rel=1e-6)
        assert found.mean[bar] - level == pytest.approx(-fit.params[0] / fit.params[1], abs=1e-5 * size)
        assert found.noise[bar] == pytest.approx(fit.ssr / 29, rel=1e-6)


def test_a_constant_has_no_slope() -> None:
    assert np.isnan(RollingReversion(5).update(np.full(9, 1e5 + 0.1)).slope).all()
