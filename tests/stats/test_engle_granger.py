"""Engle-Granger against crude oil as arch documents it, and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from livepairs.errors import ConfigError
from livepairs.stats.engle_granger import engle_granger_both, engle_granger_test
from tests.stats.series import legs


def crude() -> tuple[np.ndarray, np.ndarray]:
    from arch.data import crude as data

    prices = data.load()
    return np.log(prices["WTI"].to_numpy(float)), np.log(prices["Brent"].to_numpy(float))


def test_crude_oil_as_in_the_documentation_of_arch() -> None:
    """arch.data.crude, log WTI on log Brent: -5.5396, 0 lags, p 1.49e-5 by statsmodels, WTI - .90718 Brent - .34885."""
    found = engle_granger_test(*crude(), lags="bic")
    assert found.stat == pytest.approx(-5.5396, abs=5e-5)
    assert found.p == pytest.approx(1.49e-5, abs=5e-8)
    assert found.lags == 0
    assert (found.beta, found.alpha) == pytest.approx((0.90718, 0.34885), abs=5e-6)


@pytest.mark.parametrize("lags", ["aic", "bic", "t-stat", 0, 1, 4])
def test_both_directions_equal_statsmodels(lags: int | str) -> None:
    y, x = legs(300, seed=6)
    auto = None if isinstance(lags, int) else lags
    most = lags if auto is None else None
    for found, (one, other) in zip(engle_granger_both(y, x, lags=lags), [(y, x), (x, y)], strict=True):
        stat, p, _ = coint(one, other, trend="c", maxlag=most, autolag=auto, return_results=False)
        assert found.stat == pytest.approx(stat, rel=1e-8)
        assert found.p == pytest.approx(p, rel=1e-7)


def test_a_high_level_costs_no_digits() -> None:
    y, x = legs(200, seed=7)
    low, high = engle_granger_test(y, x, lags=1), engle_granger_test(1e5 + 1e-3 * y, 1e5 + 1e-3 * x, lags=1)
    assert high.stat == pytest.approx(low.stat, rel=1e-5)


def test_near_collinear_legs_still_have_a_statistic() -> None:
    """statsmodels answers minus infinity above an R2 of 1 - 1.5e-6."""
    y, x = legs(200, seed=7)
    close = x + 1e-5 * (y - 0.7 * x)
    assert engle_granger_test(close, x, lags=1).stat == pytest.approx(engle_granger_test(y, x, lags=1).stat, rel=1e-4)


def test_legs_that_cannot_be_related_are_refused() -> None:
    walk = legs(50, seed=1)[1]
    for y, x, message in [(walk, np.ones(50), "x is constant"), (2.0 * walk + 1.0, walk, "exact multiple")]:
        with pytest.raises(ConfigError, match=message):
            engle_granger_test(y, x)
