"""The sums of a rehearsal, on figures that can be counted by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from livepairs.alerts.aftermath import Aftermath, join_aftermaths
from livepairs.alerts.rehearse import in_storm, rehearsal_of

SECOND = 1_000_000


def came() -> Aftermath:
    """Return four alerts: two came back, one did not, one cannot be judged."""
    nan = np.nan
    return Aftermath(
        bars=np.array([10.0, nan, 30.0, nan]),
        is_judged=np.array([True, True, True, False]),
        pain_sigma=np.array([0.5, 3.0, 1.0, nan]),
        pain_bps=np.array([1.0, 6.0, 2.0, nan]),
    )


def test_figures_are_those_one_counts_by_hand() -> None:
    storm = np.array([True, True, True, False])
    found = rehearsal_of([storm], came(), cleared=3, span_us=12 * 3600 * SECOND, costs_bps=12.0)
    assert (found.fired, found.cleared, found.judged, found.back, found.storm) == (4, 3, 3, 2, 3)
    assert found.per_day == pytest.approx(8.0)
    assert found.storm_share == pytest.approx(0.75)
    assert found.back_share == pytest.approx(2 / 3)
    assert found.bars_median == 20.0
    assert (found.pain_sigma_median, found.pain_sigma_worst) == (1.0, 3.0)
    assert (found.pain_bps_median, found.pain_bps_worst) == (14.0, 18.0)


def test_a_rule_that_never_fires_has_counts_and_no_shares() -> None:
    found = rehearsal_of([], join_aftermaths([]), cleared=0, span_us=0, costs_bps=12.0)
    assert (found.fired, found.per_day) == (0, 0.0)
    assert found.storm_share is None
    assert found.back_share is None
    assert found.pain_bps_worst is None
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["bars_median"] is None


def test_two_alerts_close_together_are_no_storm_and_three_are() -> None:
    assert not in_storm(np.array([0, 1]) * SECOND, interval_us=SECOND).any()
    assert in_storm(np.array([0, 1, 59]) * SECOND, interval_us=SECOND).all()
    assert not in_storm(np.array([0, 1, 60]) * SECOND, interval_us=SECOND).any()


def test_a_storm_takes_in_all_that_belong_to_one() -> None:
    times = np.array([0, 40, 59, 90, 118, 500]) * SECOND
    assert in_storm(times, interval_us=SECOND).tolist() == [True, True, True, True, True, False]
