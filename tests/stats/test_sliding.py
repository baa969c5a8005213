"""Sliding moments against two passes in long double, at any window, bar number and price level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livepairs.stats.sliding import moments_size, slide, slider_size, triangle


def run(vectors: np.ndarray, window: int, first_bar: int) -> list[list[float] | None]:
    """Slide over the rows and return each bar's result, None while the window is not full."""
    d = vectors.shape[1]
    at = 3
    vector = at + slider_size(d, window)
    out = vector + d
    # The places around a slider must stay as they are.
    state = [-7.0] * at + [0.0] * slider_size(d, window) + [0.0] * (d + moments_size(d)) + [-8.0]
    results: list[list[float] | None] = []
    for row, values in enumerate(vectors.tolist()):
        state[vector:out] = values
        is_full = slide(state, at, d, window, first_bar + row, vector, out)
        results.append(state[out:-1] if is_full else None)
        assert state[vector:out] == pytest.approx(values, nan_ok=True)
    assert state[:at] == [-7.0] * at
    assert state[-1] == -8.0
    return results


def two_pass(window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean, measured from the first row, and the moments; even long double is measured from near by."""
    exact = window.astype(np.longdouble) - window[0]
    mean = exact.mean(axis=0)
    away = exact - mean
    return mean, away.T @ away


def close(found: list[float], window: np.ndarray, *, tolerance: float) -> None:
    d = window.shape[1]
    mean, moments = two_pass(window)
    reference, offset = np.array(found[:d], np.longdouble), np.array(found[d : 2 * d])
    scale = np.sqrt(np.diag(moments))
    # Reference and offset apart hold more digits of the mean than one double could.
    assert (np.abs((reference - window[0]) + offset - mean) <= tolerance * scale).all()
    for a in range(d):
        for b in range(a, d):
            entry = found[2 * d + triangle(a, b, d)]
            assert abs(entry - moments[a, b]) <= tolerance * scale[a] * scale[b]


@given(
    seed=st.integers(0, 2**32 - 1),
    window=st.integers(1, 23),
    d=st.integers(1, 4),
    first_bar=st.integers(0, 3_000_000_000),
    level=st.sampled_from([0.0, 1.0, 1e5]),
)
@example(seed=1, window=1, d=2, first_bar=0, level=1e5)
@example(seed=2, window=13, d=2, first_bar=13 * 7, level=1e5)
@example(seed=3, window=13, d=2, first_bar=13 * 7 - 1, level=1e5)
def test_moments_equal_two_passes_at_every_bar(seed: int, window: int, d: int, first_bar: int, level: float) -> None:
    vectors = level + np.random.default_rng(seed).normal(size=(4 * window + 3, d)) * 1e-3
    for row, found in enumerate(run(vectors, window, first_bar)):
        if row + 1 < window:
            assert found is None
        else:
            assert found is not None
            close(found, vectors[row + 1 - window : row + 1], tolerance=1e-12)


def test_a_walk_far_from_where_it_began_keeps_its_digits() -> None:
    random = np.random.default_rng(5)
    vectors = 1e5 + np.cumsum(random.normal(size=(1200, 2)), axis=0) + np.linspace(0, 1e4, 1200)[:, None]
    results = run(vectors, 97, 1_700_000_011)
    for row in range(96, 1200, 7):
        found = results[row]
        assert found is not None
        close(found, vectors[row - 96 : row + 1], tolerance=1e-12)


@given(st.integers(1, 12), st.integers(0, 40), st.integers(0, 60))
def test_a_result_never_depends_on_where_the_run_began(window: int, first_bar: int, start: int) -> None:
    vectors = 1e5 + np.random.default_rng(window).normal(size=(80, 2))
    whole = run(vectors, window, first_bar)
    later = run(vectors[start:], window, first_bar + start)
    assert later[window - 1 :] == whole[start + window - 1 :]


@given(st.integers(2, 9), st.integers(0, 20), st.integers(0, 29))
def test_nan_is_felt_while_it_is_in_the_window_and_not_after(window: int, first_bar: int, place: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 2))
    clean = run(vectors, window, first_bar)
    vectors[place, 1] = math.nan
    for row, (found, without) in enumerate(zip(run(vectors, window, first_bar), clean, strict=True)):
        if found is None or without is None:
            continue
        if place <= row < place + window:
            assert math.isnan(found[2 * 2 + triangle(1, 1, 2)])
            assert math.isnan(found[2 * 2 + triangle(0, 1, 2)])
        else:
            assert found == without


@given(st.floats(min_value=-1e9, max_value=1e9), st.integers(1, 9), st.integers(0, 9))
def test_a_constant_has_a_variance_of_exactly_zero(level: float, window: int, first_bar: int) -> None:
    for found in run(np.full((40, 1), level), window, first_bar)[window - 1 :]:
        assert found == [level, 0.0, 0.0]


def test_deviation_of_nist_numacc4() -> None:
    """NIST StRD NumAcc4: 10000000.2, then .1 and .3 in turn, 1001 values; certified deviation 0.1, mean 10000000.2.

    The data themselves, as doubles, are a few 1e-9 off; sums of squares give NaN here.
    """
    values = np.array([10000000.2, *([10000000.1, 10000000.3] * 500)])
    found = run(values[:, None], 1001, 500)[-1]
    assert found is not None
    assert found[0] + found[1] == pytest.approx(10000000.2, rel=1e-15)
    assert math.sqrt(found[2] / 1000.0) == pytest.approx(0.1, rel=2e-8)


def test_triangle_counts_through_the_upper_half_either_way_round() -> None:
    for d in range(1, 8):
        places = [triangle(row, column, d) for row in range(d) for column in range(row, d)]
        assert places == list(range(d * (d + 1) // 2))
        assert all(triangle(a, b, d) == triangle(b, a, d) for a in range(d) for b in range(d))
