"""Rolling correlation against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.stats.rolling_correlation import RollingCorrelation
from tests.stats.series import legs


@pytest.mark.parametrize(("level", "spread"), [(0.0, 1.0), (1e5, 1e-3)])
def test_correlation_equals_numpy_at_every_bar(level: float, spread: float) -> None:
    y, x = legs(100, seed=8, level=level, spread=spread)
    found = RollingCorrelation(20, first_bar=5).update(y, x)
    for bar in range(19, 100):
        expected = np.corrcoef((y - level)[bar - 19 : bar + 1], (x - level)[bar - 19 : bar + 1])[0, 1]
        assert found[bar] == pytest.approx(expected, abs=1e-12)


def test_a_leg_that_stands_still_has_no_correlation_and_none_exceeds_one() -> None:
    assert np.isnan(RollingCorrelation(3).update([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])).all()
    x = legs(500, seed=1)[1]
    assert np.nanmax(RollingCorrelation(5).update(3.0 * x, x)) == 1.0
