"""Correlation by ticks finds what was put in, where bars see the share that the closed form says."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.pairs.tickcorrelation import correlate_ticks
from livepairs.stats.compiled import prepare

SECOND = 1_000_000


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def legs(seconds: int, per_s: float, correlation: float) -> list[np.ndarray]:
    """Return Poisson trades of two walks of that correlation, on a grid of milliseconds."""
    dice = np.random.default_rng(8)
    steps = dice.normal(size=(2, 1000 * seconds))
    steps[1] = correlation * steps[0] + np.sqrt(1 - correlation**2) * steps[1]
    paths = np.exp(1e-5 * np.cumsum(steps, axis=1))
    found = []
    for path in paths:
        at = np.flatnonzero(dice.random(1000 * seconds) < per_s / 1000)
        found += [(at + 1) * 1000, path[at]]
    return found


def test_ticks_find_the_correlation_that_bars_see_a_known_share_of() -> None:
    y_us, y, x_us, x = legs(3_000, 1.0, 0.8)
    ticks = correlate_ticks(y_us, y, x_us, x, interval_us=SECOND)
    assert ticks is not None
    assert ticks.correlation == pytest.approx(0.8, abs=0.08)
    # 1/e of it, for one trade a second in bars of a second.
    assert ticks.share == pytest.approx(0.3679, abs=0.03)
    assert ticks.span_s == pytest.approx(3_000, abs=20)
    cuts = np.arange(5, 2_995) * SECOND
    bars = [np.diff(np.log(p[np.searchsorted(ts, cuts, side="right") - 1])) for ts, p in ((y_us, y), (x_us, x))]
    assert np.corrcoef(*bars)[0, 1] == pytest.approx(0.8 * ticks.share, abs=0.06)


def test_too_few_trades_or_no_time_in_common_say_nothing() -> None:
    y_us, y, x_us, x = legs(100, 1.0, 0.8)
    assert correlate_ticks(y_us[:29], y[:29], x_us, x, interval_us=SECOND) is None
    assert correlate_ticks(y_us, y, x_us + 1_000 * SECOND, x, interval_us=SECOND) is None
