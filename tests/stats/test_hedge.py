"""A fixed hedge ratio."""

from __future__ import annotations

import numpy as np

from livepairs.stats.hedge import FixedHedge


def test_a_fixed_ratio_is_there_from_the_first_bar_and_never_moves() -> None:
    y, x = np.array([3.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0])
    found = FixedHedge(1.5, 0.25).update(y, x)
    assert found.beta.tolist() == [1.5] * 3
    assert found.alpha.tolist() == [0.25] * 3
    assert found.spread.tolist() == (y - 0.25 - 1.5 * x).tolist()
