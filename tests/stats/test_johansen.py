"""Johansen's test on crude oil."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.errors import ConfigError
from livepairs.stats.johansen import johansen_test
from tests.stats.series import legs
from tests.stats.test_engle_granger import crude


def test_crude_oil_has_one_relation() -> None:
    """arch.data.crude, logarithms: trace 32.244 and 2.749 (statsmodels)."""
    found = johansen_test(np.column_stack(crude()))
    assert found.trace == pytest.approx([32.244, 2.749], abs=5e-4)
    assert found.rank == 1
    assert -found.vectors[1, 0] == pytest.approx(0.907, abs=0.02)


def test_walks_without_a_relation_have_none_and_a_high_level_changes_nothing() -> None:
    walks = np.cumsum(np.random.default_rng(3).normal(size=(300, 3)), axis=0)
    assert johansen_test(walks).rank == 0
    y, x = legs(300, seed=2)
    low, high = johansen_test(np.column_stack([y, x])), johansen_test(1e5 + 1e-3 * np.column_stack([y, x]))
    assert high.trace == pytest.approx(low.trace, rel=1e-5)


def test_what_cannot_be_tested_is_refused() -> None:
    walk = legs(60, seed=1)[1]
    with pytest.raises(ConfigError, match="combination of the others"):
        johansen_test(np.column_stack([walk, 2.0 * walk]))
    with pytest.raises(ConfigError, match="cannot be tested"):
        johansen_test(walk)
    with pytest.raises(ConfigError, match="too few"):
        johansen_test(np.ones((5, 2)))
    with pytest.raises(ConfigError, match="trend 'x' is not known"):
        johansen_test(np.column_stack(legs(60, seed=1)), trend="x")
