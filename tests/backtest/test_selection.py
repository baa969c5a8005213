"""The deflated Sharpe ratio equals the example of the paper that defines it."""

from __future__ import annotations

import math

from livepairs.backtest.selection import deflated_sharpe, expected_best_sharpe


def test_deflated_sharpe_equals_the_papers_example() -> None:
    """Bailey and Lopez de Prado (2014): annual SR 2.5 over 1,250 days, skew -3, kurtosis 10, variance of trials 1/2."""
    daily = 2.5 / math.sqrt(250)
    best = expected_best_sharpe(100, 0.5 / 250)
    assert round(best, 4) == 0.1132
    for trials, skew, kurtosis, expected in ((100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)):
        benchmark = expected_best_sharpe(trials, 0.5 / 250)
        found = deflated_sharpe(daily, 1250, skew=skew, kurtosis=kurtosis, benchmark=benchmark)
        assert found is not None
        assert round(found, 4) == expected


def test_one_trial_selects_nothing() -> None:
    assert expected_best_sharpe(1, 0.5) == 0.0
    assert deflated_sharpe(0.0, 100, skew=0.0, kurtosis=3.0) == 0.5


def test_deflated_sharpe_does_not_exist_where_its_variance_is_not_positive() -> None:
    assert deflated_sharpe(1.0, 100, skew=5.0, kurtosis=3.0) is None
    assert deflated_sharpe(1.0, 1, skew=0.0, kurtosis=3.0) is None
