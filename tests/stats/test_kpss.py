"""KPSS against arch's documentation and statsmodels."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tsa.stattools import kpss

from livepairs.errors import ConfigError
from livepairs.stats.kpss import kpss_test
from tests.stats.series import autoregressive


def test_default_premium_as_in_the_documentation_of_arch() -> None:
    """KPSS 1.088, p .002 (by arch's own simulated surface); here p ends at the table's .01 and says so."""
    from arch.data import default

    premium = default.load()
    spread = (premium["BAA"] - premium["AAA"]).to_numpy(float)
    found = kpss_test(spread)
    assert found.stat == pytest.approx(1.088, abs=5e-4)
    assert (found.p, found.is_beyond) == (0.01, True)


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("lags", [None, 0, 5])
@pytest.mark.parametrize("phi", [0.2, 0.9, 0.99])
def test_statistic_and_p_are_those_of_statsmodels(trend: str, lags: int | None, phi: float) -> None:
    series = autoregressive(250, phi, seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stat, p, used, _ = kpss(series, regression=trend, nlags="auto" if lags is None else lags, result_object=False)
    found = kpss_test(series, trend=trend, lags=lags)
    assert (found.stat, found.p) == pytest.approx((stat, p), rel=1e-8)
    assert found.lags == used


def test_a_high_level_costs_no_digits() -> None:
    series = autoregressive(250, 0.5, seed=3) * 1e-3
    assert kpss_test(series + 1e5, trend="ct").stat == pytest.approx(kpss_test(series, trend="ct").stat, rel=1e-6)


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(ConfigError, match="no movement beside its trend"):
        kpss_test(np.full(50, 3.3))
    with pytest.raises(ConfigError, match="no movement beside its trend"):
        kpss_test(np.arange(50.0), trend="ct")
    with pytest.raises(ConfigError, match="trend 'n' is not known; use one of c, ct"):
        kpss_test(np.arange(50.0), trend="n")
