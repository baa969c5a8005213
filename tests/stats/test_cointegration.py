"""The ADF t value from sums of products, and MacKinnon's p, against statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.adfvalues import mackinnonp
from statsmodels.tsa.stattools import adfuller

from livepairs.stats.cointegration import adf_from_products, mackinnon_p


def adf(variables: np.ndarray) -> float:
    """Return the t value from the products of the columns: lagged differences, lagged level, difference."""
    products = variables.T @ variables
    state = [math.nan, *products.ravel().tolist()]
    return adf_from_products(state, 1, variables.shape[1], float(len(variables)))


def regression(series: np.ndarray, lags: int) -> np.ndarray:
    changes = np.diff(series)
    lagged = [changes[lags - j : len(changes) - j] for j in range(1, lags + 1)]
    return np.column_stack([*lagged, series[lags:-1], changes[lags:]])


@pytest.mark.parametrize("lags", [0, 1, 2, 4, 16])
def test_statistic_is_the_t_value_of_the_lagged_level(lags: int) -> None:
    random = np.random.default_rng(lags)
    series = np.cumsum(random.normal(size=300)) * 0.3 + random.normal(size=300)
    variables = regression(series, lags)
    fit = OLS(variables[:, -1], variables[:, :-1]).fit()
    assert adf(variables) == pytest.approx(fit.tvalues[-1], rel=1e-10)


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_statistic_is_that_of_adfuller_without_constant(lags: int) -> None:
    series = np.cumsum(np.random.default_rng(7).normal(size=200))
    expected = adfuller(series, maxlag=lags, regression="n", autolag=None, result_object=False)[0]
    assert adf(regression(series, lags)) == pytest.approx(expected, rel=1e-10)


def test_collinear_regressors_and_exact_fits_have_no_statistic() -> None:
    ramp = np.arange(1.0, 21.0)
    wave = np.sin(ramp)
    assert math.isnan(adf(np.column_stack([wave, wave, ramp])))
    assert math.isnan(adf(np.column_stack([np.zeros(20), ramp])))
    assert math.isnan(adf(np.column_stack([wave, 2.0 * wave])))
    assert math.isnan(adf(np.column_stack([wave, np.full(20, math.nan)])))


@given(st.floats(min_value=-25.0, max_value=3.0))
@example(-18.86)
@example(math.nextafter(-18.86, -19.0))
@example(-2.62)
@example(math.nextafter(-2.62, 0.0))
@example(0.92)
@example(math.nextafter(0.92, 1.0))
def test_p_is_that_of_statsmodels_for_two_variables(stat: float) -> None:
    assert mackinnon_p(stat) == pytest.approx(float(mackinnonp(stat, regression="c", N=2)), rel=1e-10, abs=1e-300)


@given(st.floats(min_value=-25.0, max_value=3.0), st.floats(min_value=1e-6, max_value=5.0))
def test_p_is_a_probability_that_rises_with_the_statistic(stat: float, more: float) -> None:
    lower, higher = mackinnon_p(stat), mackinnon_p(stat + more)
    assert 0.0 <= lower <= 1.0
    # MacKinnon's two polynomials do not quite meet at -2.62: statsmodels steps down there by 3e-4 as well.
    assert higher >= lower - 1e-3


def test_p_of_nan_is_nan() -> None:
    assert math.isnan(mackinnon_p(math.nan))
