"""CUSUM on the Nile, against statsmodels, and how often the monitor cries wolf."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import breaks_cusumolsresid
from statsmodels.tools import add_constant

from livepairs.errors import ConfigError
from livepairs.stats.cusum import CusumMonitor, ols_cusum
from tests.stats.series import autoregressive, legs, nile


def test_the_nile_broke_after_1898() -> None:
    """OLS-CUSUM of the Nile's flow (strucchange): 2.9518, p 5.409e-08, one break after 1898."""
    found = ols_cusum(nile(), lags=0)
    assert found.stat == pytest.approx(2.9518, abs=0.016)
    assert 1871 + found.peak == 1898
    flow = nile()
    sample_variance = found.stat * flow.std() / flow.std(ddof=1)
    assert sample_variance == pytest.approx(2.9518, abs=5e-5)


def test_classical_test_equals_statsmodels() -> None:
    y, x = legs(200, seed=1)
    stat, p, _ = breaks_cusumolsresid(OLS(y, add_constant(x)).fit().resid)
    found = ols_cusum(y, x, lags=0)
    assert (found.stat, found.p) == pytest.approx((stat, p), rel=1e-9)


def test_reverting_residuals_reject_too_often_unless_their_memory_is_counted() -> None:
    """At 5 %, 300 runs of a spread that keeps 0.8 of itself: the classical test is wrong, the default is not."""
    naive, honest = 0, 0
    for seed in range(300):
        spread = autoregressive(400, 0.8, seed=seed)
        naive += ols_cusum(spread, lags=0).p < 0.05
        honest += ols_cusum(spread).p < 0.05
    assert naive / 300 > 0.5
    assert honest / 300 < 0.08


def test_monitor_rarely_cries_wolf_and_sees_a_break() -> None:
    """Fitted on 400 bars, watched for 2,000: under 5 % reach p 0.05, and a step of one deviation is seen by all."""
    alarms, seen = 0, 0
    for seed in range(200):
        spread = autoregressive(2400, 0.5, seed=seed)
        history, later = spread[:400] - spread[:400].mean(), spread[400:] - spread[:400].mean()
        zeros = np.zeros(2000)
        alarms += CusumMonitor(1.0, 0.0, history).update(later, zeros).p[-1] < 0.05
        seen += CusumMonitor(1.0, 0.0, history).update(later + 1.2, zeros).p[-1] < 0.05
    assert alarms / 200 < 0.09
    assert seen / 200 > 0.97


def test_p_of_the_monitor_is_that_of_a_walks_maximum() -> None:
    """Five percent of Brownian paths on [0, 1] leave +-2.2414 (Feller); p never rises, and is finite far out."""
    monitor = CusumMonitor(0.0, 0.0, np.tile([1.0, -1.0], 50), lags=0)
    found = monitor.update([2.2414 * 10.0 * 1.01], [0.0])
    assert found.stat[0] == pytest.approx(2.2414)
    assert found.p[0] == pytest.approx(0.05, abs=1e-5)
    later = monitor.update([-22.0, 230.0, -400.0], np.zeros(3))
    assert (np.diff([1.0, found.p[0], *later.p]) <= 0.0).all()
    assert 0.0 < later.p[1] < 1e-80


def test_probability_is_one_formula_on_either_side_of_where_it_switches() -> None:
    def p_at(level: float) -> float:
        return CusumMonitor(0.0, 0.0, np.tile([1.0, -1.0], 50), lags=0).update([level * 10.1], [0.0]).p[0]

    assert p_at(2.0 - 1e-9) == pytest.approx(p_at(2.0 + 1e-9), rel=1e-7)
    assert p_at(1e-4) == 1.0


def test_an_exact_fit_says_nothing_of_breaks() -> None:
    with pytest.raises(ConfigError, match="the fit is exact"):
        ols_cusum(2.0 * np.arange(30.0), np.arange(30.0))
    assert not math.isnan(ols_cusum(np.arange(30.0), np.ones(30)).stat)
