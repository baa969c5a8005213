"""Total least squares against Pearson's own points, a singular value decomposition and its symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.stats.rolling_tls import RollingTls
from tests.stats.series import legs

X = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
Y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]


def test_pearsons_ten_points_of_1901() -> None:
    """Pearson, Philosophical Magazine 2 (1901): slope -0.545561, intercept 5.784044; least squares -0.539577."""
    found = RollingTls(10).update(Y, X)
    assert found.beta[-1] == pytest.approx(-0.545561, abs=5e-7)
    assert found.alpha[-1] == pytest.approx(5.784044, abs=5e-7)
    assert RollingTls(10, noise_ratio=1e12).update(Y, X).beta[-1] == pytest.approx(-0.539577, abs=5e-7)


@pytest.mark.parametrize(("level", "spread"), [(0.0, 1.0), (1e5, 1e-3)])
def test_slope_is_the_first_singular_vector_at_every_bar(level: float, spread: float) -> None:
    y, x = legs(120, seed=3, level=level, spread=spread)
    found = RollingTls(17, first_bar=991).update(y, x)
    for bar in range(16, 120):
        points = np.column_stack([leg[bar - 16 : bar + 1] - leg[bar - 16] for leg in (y, x)])
        vector = np.linalg.svd(points - points.mean(axis=0))[2][0]
        assert found.beta[bar] == pytest.approx(vector[0] / vector[1], rel=1e-8)


@given(st.integers(0, 10**6), st.floats(0.01, 100.0))
def test_swapping_the_legs_inverts_the_slope(seed: int, ratio: float) -> None:
    y, x = legs(20, seed=seed)
    there = RollingTls(20, noise_ratio=ratio).update(y, x).beta[-1]
    back = RollingTls(20, noise_ratio=1.0 / ratio).update(x, y).beta[-1]
    assert there * back == pytest.approx(1.0, rel=1e-9)


def test_points_without_a_nearest_line_have_no_slope() -> None:
    assert np.isnan(RollingTls(4).update([0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]).beta[-1])
    assert np.isnan(RollingTls(3).update([1.0, 2.0, 3.0], [5.0, 5.0, 5.0]).beta[-1])
    assert RollingTls(3).update([5.0, 5.0, 5.0], [1.0, 2.0, 3.0]).beta[-1] == 0.0
