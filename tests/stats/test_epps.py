"""The Epps effect: its closed form, and that simulated trades obey it."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.errors import ConfigError
from livepairs.stats.epps import epps_curve, expected_epps
from tests.stats.series import ARRIVALS, correlated_ticks


@pytest.mark.parametrize(
    ("rate_y", "rate_x", "interval", "share"), [(1, 1, 1, 0.3679), (1, 1, 10, 0.9000), (2, 0.5, 5, 0.6863)]
)
def test_share_is_that_of_the_closed_form(rate_y: float, rate_x: float, interval: float, share: float) -> None:
    """Previous-tick prices of Poisson trades (Toth and Kertesz 2009): .3679, .9000 and .6863."""
    assert expected_epps(rate_y, rate_x, interval) == pytest.approx(share, abs=5e-5)
    assert expected_epps(rate_x, rate_y, interval) == pytest.approx(share, abs=5e-5)


def test_share_goes_from_nothing_to_all() -> None:
    assert expected_epps(1.0, 2.0, 1e-9) == pytest.approx(0.0, abs=1e-6)
    assert expected_epps(1.0, 2.0, 1e9) == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize(("rate_y", "rate_x"), ARRIVALS)
def test_measured_curve_follows_the_expected_one(rate_y: float, rate_x: float) -> None:
    ticks = correlated_ticks(rate_y, rate_x, 60_000, correlation=0.8, seed=1)
    curve = epps_curve(*ticks, intervals_us=[1_000_000, 5_000_000, 20_000_000])
    assert curve.correlation == pytest.approx(0.8 * curve.expected_share, abs=0.03)
    assert curve.expected_share[1] == pytest.approx(expected_epps(rate_y, rate_x, 5.0), abs=0.01)
    assert (np.diff(curve.correlation) > 0.0).all()


def test_previous_ticks_are_those_at_or_before_the_cut() -> None:
    """Bars of 10 us; a trade at a cut belongs to the bar it ends."""
    y = ([1, 10, 12, 25, 40], [1.0, 2.0, 3.0, 4.0, 5.0])
    x = ([2, 20, 31, 40], [1.0, 3.0, 2.0, 4.0])
    found = epps_curve(*y, *x, intervals_us=[10])
    changes = np.diff(np.log([[2.0, 3.0, 4.0, 5.0], [1.0, 3.0, 3.0, 4.0]]))
    assert found.bars.tolist() == [3]
    assert found.correlation[0] == pytest.approx(np.corrcoef(changes)[0, 1], rel=1e-12)


def test_too_few_bars_have_no_correlation_and_bad_trades_are_refused() -> None:
    flat = ([1, 20, 40], [1.0, 1.0, 1.0])
    assert np.isnan(epps_curve(*flat, *flat, intervals_us=[30, 5]).correlation).all()
    for y, message in [
        (([2, 1], [1.0, 1.0]), "not in the order of time"),
        (([1, 2], [1.0, -1.0]), "not a positive number"),
        (([1, 2], [1.0]), "do not match"),
        (([1], [1.0]), "make no curve"),
    ]:
        with pytest.raises(ConfigError, match=message):
            epps_curve(*y, *flat, intervals_us=[5])
    with pytest.raises(ConfigError, match="interval of 0 is out of range"):
        epps_curve(*flat, *flat, intervals_us=[0])
