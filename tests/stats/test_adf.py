"""ADF against the values statsmodels documents for its own data."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.stattools import adfuller

from livepairs.errors import ConfigError
from livepairs.stats.adf import adf_test
from tests.stats.series import autoregressive, macro


def test_real_gdp_has_a_unit_root() -> None:
    """statsmodels' macrodata, realgdp, constant and 4 lags (checked there against Stata): 0.97505319, p 0.99399563."""
    found = adf_test(macro("realgdp"), lags=4)
    # To five decimals, as statsmodels' own test of it: the source computed in single precision.
    assert found.stat == pytest.approx(0.97505319, abs=5e-6)
    assert found.p == pytest.approx(0.99399563, abs=5e-6)
    assert found.lags == 4


def test_inflation_has_none() -> None:
    """The same data, infl, constant and 1 lag: -4.3346988, p 0.00038661."""
    found = adf_test(macro("infl"), lags=1)
    assert found.stat == pytest.approx(-4.3346988, abs=1e-6)
    assert found.p == pytest.approx(0.00038661, abs=1e-8)


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", ["aic", "bic", "t-stat", 0, 3])
@pytest.mark.parametrize("seed", [8, 9, 10])
def test_choice_of_lags_and_trend_is_that_of_statsmodels(trend: str, lags: int | str, seed: int) -> None:
    series = autoregressive(200, 0.9, seed=seed)
    # Some memory of the second order, so that the choice is not always none.
    series[2:] += 0.5 * series[:-2] + 0.3 * (seed == 10) * np.arange(198.0)
    auto = None if isinstance(lags, int) else {"aic": "AIC", "bic": "BIC", "t-stat": "t-stat"}[lags]
    most = lags if auto is None else None
    stat, p, used, *_ = adfuller(series, maxlag=most, regression=trend, autolag=auto, result_object=False)
    found = adf_test(series, trend=trend, lags=lags)
    assert (found.stat, found.p) == pytest.approx((stat, p), rel=1e-8)
    assert found.lags == used


def test_a_high_level_costs_no_digits() -> None:
    series = autoregressive(200, 0.9, seed=8) * 1e-3
    assert adf_test(series + 1e5, lags=1).stat == pytest.approx(adf_test(series, lags=1).stat, rel=1e-6)


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        (np.ones(50), {}, "constant"),
        (np.arange(5.0), {}, "series of 5 values is too short"),
        ([*np.arange(30.0), np.nan], {}, "1 values that are no number"),
        (np.arange(30.0), {"trend": "x"}, "trend 'x' is not known; use one of n, c, ct"),
        (np.arange(30.0), {"lags": "hqic"}, "lags 'hqic' are not known"),
        (np.arange(30.0), {"lags": 20}, "lags of 20 are out of range"),
    ],
)
def test_what_cannot_be_tested_is_refused(series: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        adf_test(series, **options)
