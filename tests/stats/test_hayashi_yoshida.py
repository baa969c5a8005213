"""Hayashi-Yoshida against its double sum, known truth, and the awkward moments of real feeds."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.errors import ConfigError, SchemaError
from livepairs.stats.compiled import prepare
from livepairs.stats.hayashi_yoshida import HayashiYoshida, TickCovariance
from tests.stats.series import correlated_ticks

Trades = list[tuple[int, float]]
TRADES = st.lists(st.tuples(st.integers(1, 30), st.floats(0.5, 2.0)), max_size=25)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def whole(y_us: np.ndarray, y: np.ndarray, x_us: np.ndarray, x: np.ndarray) -> TickCovariance:
    ticks = HayashiYoshida()
    ticks.update(y_us, y, x_us, x)
    ticks.settle()
    return ticks.total


def steps(trades: Trades) -> list[tuple[int, int, float]]:
    """Return begin, end and size of each step; the last price of a microsecond is its price."""
    last = sorted(dict(trades).items())
    return [(a[0], b[0], math.log(b[1]) - math.log(a[1])) for a, b in pairwise(last)]


@given(TRADES, TRADES)
def test_covariance_is_the_sum_over_all_steps_that_overlap(y: Trades, x: Trades) -> None:
    y, x = (sorted(trades, key=lambda trade: trade[0]) for trades in (y, x))
    found = whole(*([trade[i] for trade in leg] for leg in (y, x) for i in (0, 1)))
    ys, xs = steps(y), steps(x)
    overlaps = [a[2] * b[2] for a in ys for b in xs if max(a[0], b[0]) < min(a[1], b[1])]
    assert found.covariance == pytest.approx(sum(overlaps), abs=1e-12)
    assert found.variance_y == pytest.approx(sum(a[2] ** 2 for a in ys), abs=1e-12)
    assert found.variance_x == pytest.approx(sum(b[2] ** 2 for b in xs), abs=1e-12)
    quiet = sum(a[2] ** 2 for a in ys) + 2.0 * sum(a[2] * b[2] for a, b in pairwise(ys))
    assert found.quiet_variance_y == pytest.approx(quiet, abs=1e-12)
    assert (found.steps_y, found.steps_x) == (len(ys), len(xs))


def test_simulated_correlation_is_found() -> None:
    """True correlation .8, rates 1 and .5 a second: mean .792 with a spread of .012 over 20 runs."""
    found = [whole(*correlated_ticks(1.0, 0.5, 20_000, correlation=0.8, seed=seed)).correlation for seed in range(20)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.012)
    assert np.std(found) < 0.025


def test_bounce_between_bid_and_ask_draws_the_plain_correlation_down_and_not_the_quiet_one() -> None:
    y_us, y, x_us, x = correlated_ticks(1.0, 0.5, 60_000, correlation=0.8, seed=3)
    random = np.random.default_rng(4)
    noisy = [leg * np.exp(1e-4 * random.choice([-1.0, 1.0], len(leg))) for leg in (y, x)]
    found = whole(y_us, noisy[0], x_us, noisy[1])
    assert found.correlation < 0.65
    assert found.quiet_correlation == pytest.approx(0.8, abs=0.06)


def test_shares_of_bars_add_up_to_the_whole() -> None:
    y_us, y, x_us, x = correlated_ticks(1.0, 0.5, 500, correlation=0.8, seed=5)
    ticks, shares = HayashiYoshida(), []
    for low in range(0, 500_000_000, 50_000_000):
        in_y, in_x = ((ts > low) & (ts <= low + 50_000_000) for ts in (y_us, x_us))
        ticks.update(y_us[in_y], y[in_y], x_us[in_x], x[in_x])
        ticks.settle()
        shares.append(ticks.take())
    total = sum(shares[1:], start=shares[0])
    assert list(total) == pytest.approx(list(whole(y_us, y, x_us, x)), rel=1e-9)


def test_nothing_has_no_correlation() -> None:
    assert math.isnan(whole([], [], [], []).correlation)
    assert math.isnan(whole([1, 2], [1.0, 1.0], [1, 2], [1.0, 2.0]).quiet_correlation)


def test_trades_out_of_order_are_refused() -> None:
    ticks = HayashiYoshida()
    ticks.update([5], [1.0], [], [])
    with pytest.raises(SchemaError, match="older than 5 us"):
        ticks.update([], [], [4], [1.0])
    with pytest.raises(ConfigError, match="order of time"):
        ticks.update([7, 6], [1.0, 1.0], [], [])
