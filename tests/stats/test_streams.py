"""What every stream promises: however the bars are cut, and wherever a windowed run began, the same bits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.stats.compiled import Kernel, prepare
from livepairs.stats.cusum import CusumMonitor
from livepairs.stats.ew_ols import EwOls, _fade
from livepairs.stats.hayashi_yoshida import HayashiYoshida, _take
from livepairs.stats.hedge import FixedHedge
from livepairs.stats.kalman_hedge import KalmanHedge, KalmanNoise, _filter
from livepairs.stats.moments import _slide_rows
from livepairs.stats.ornstein_uhlenbeck import RollingOrnsteinUhlenbeck
from livepairs.stats.reversion import RollingReversion
from livepairs.stats.rolling_correlation import RollingCorrelation
from livepairs.stats.rolling_half_life import RollingHalfLife
from livepairs.stats.rolling_ols import RollingOls
from livepairs.stats.rolling_tls import RollingTls
from tests.stats.series import autoregressive, legs

NOISE = KalmanNoise(beta=1e-4, alpha=1e-3, observation=0.5)
WINDOWED: dict[str, Callable[[int], object]] = {
    "RollingOls": lambda first_bar: RollingOls(13, first_bar=first_bar),
    "RollingTls": lambda first_bar: RollingTls(13, noise_ratio=0.5, first_bar=first_bar),
    "RollingCorrelation": lambda first_bar: RollingCorrelation(13, first_bar=first_bar),
    "RollingReversion": lambda first_bar: RollingReversion(13, first_bar=first_bar),
    "RollingHalfLife": lambda first_bar: RollingHalfLife(13, first_bar=first_bar),
    "RollingOrnsteinUhlenbeck": lambda first_bar: RollingOrnsteinUhlenbeck(13, first_bar=first_bar),
}
OTHERS: dict[str, Callable[[int], object]] = {
    "FixedHedge": lambda _: FixedHedge(0.7, 0.1),
    "EwOls": lambda _: EwOls(9.0),
    "KalmanHedge": lambda _: KalmanHedge(NOISE),
    "CusumMonitor": lambda _: CusumMonitor(0.7, 0.0, autoregressive(60, 0.5, seed=3)),
}
ONE_SERIES = {"RollingReversion", "RollingHalfLife", "RollingOrnsteinUhlenbeck"}


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def columns_of(name: str, stream: object, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return what the stream makes of the bars, one row a column."""
    found = stream.update(y) if name in ONE_SERIES else stream.update(y, x)
    return np.vstack(found if isinstance(found, tuple) else [found])


@pytest.mark.parametrize("name", [*WINDOWED, *OTHERS])
@given(cuts=st.lists(st.integers(0, 90), max_size=8), first_bar=st.integers(0, 2_000_000_000))
@settings(max_examples=15)
def test_slicing_the_bars_otherwise_changes_no_bit(name: str, cuts: list[int], first_bar: int) -> None:
    y, x = legs(90, seed=4, level=1e5, spread=1e-3)
    make = (WINDOWED | OTHERS)[name]
    whole, stream = make(first_bar), make(first_bar)
    edges = sorted({0, 90, *cuts})
    pieces = [columns_of(name, stream, y[a:b], x[a:b]) for a, b in zip([0, *edges[:-1]], edges, strict=True)]
    np.testing.assert_array_equal(np.hstack(pieces), columns_of(name, whole, y, x))


@pytest.mark.parametrize("name", list(WINDOWED))
@pytest.mark.parametrize("start", [1, 7, 40])
def test_a_windowed_run_begun_later_has_the_very_bits_once_full(name: str, start: int) -> None:
    y, x = legs(90, seed=4)
    whole = columns_of(name, WINDOWED[name](1000), y, x)
    later = columns_of(name, WINDOWED[name](1000 + start), y[start:], x[start:])
    assert np.isnan(later[0, :12]).all()
    assert np.isfinite(later[:, 12:]).any(axis=1).all()
    np.testing.assert_array_equal(later[:, 12:], whole[:, start + 12 :])


@pytest.mark.parametrize("name", list(WINDOWED))
def test_a_window_with_a_nan_is_nan_and_those_after_are_not(name: str) -> None:
    y, x = legs(90, seed=4)
    clean = columns_of(name, WINDOWED[name](0), y, x)
    y[40] = np.nan
    holed = columns_of(name, WINDOWED[name](0), y, x)
    assert np.isnan(holed[:, 40:53]).all()
    np.testing.assert_array_equal(holed[:, :40], clean[:, :40])
    np.testing.assert_array_equal(holed[:, 54:], clean[:, 54:])


@pytest.mark.parametrize("made", [_slide_rows, _fade, _filter, _take], ids=lambda made: made.source.__name__)
def test_kernels_interpreted_and_compiled_agree_to_the_bit(made: Kernel) -> None:
    y, x = legs(60, seed=9, level=1e5, spread=1e-3)
    ts = np.sort(np.random.default_rng(0).integers(1, 50, 60))
    arguments = {
        _slide_rows: lambda: (np.zeros(300), 2, 13, 200, 5, np.column_stack([y, x]).reshape(-1), np.zeros(60 * 7)),
        _fade: lambda: (np.zeros(7), 0.9, y, x, np.zeros(180)),
        _filter: lambda: (np.array([0.0, 0.0, 9.0, 0.0, 9.0, 0.0]), np.array([1e-4, 1e-4, 0.1]), y, x, np.zeros(360)),
        _take: lambda: (np.zeros(20), ts, y, ts + 1, x),
    }[made]
    interpreted, machine = arguments(), arguments()
    made.interpret(*interpreted)
    made(*machine)
    for one, other in zip(interpreted, machine, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: RollingOls(1),
        lambda: RollingTls(10, noise_ratio=0.0),
        lambda: RollingHalfLife(4),
        lambda: RollingHalfLife(10, confidence=1.0),
        lambda: RollingReversion(3),
        lambda: EwOls(0.0),
        lambda: FixedHedge(np.nan),
        lambda: KalmanNoise(beta=-1.0, alpha=0.0, observation=1.0),
        lambda: RollingOrnsteinUhlenbeck(9, bar_length=0.0),
        lambda: CusumMonitor(1.0, 0.0, np.zeros(20)),
    ],
)
def test_parameters_that_cannot_be_used_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"use|scale"):
        make()


def test_legs_of_unequal_length_or_two_dimensions_are_refused() -> None:
    with pytest.raises(ConfigError, match="legs of 2 and 3 values do not match"):
        RollingOls(5).update([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ConfigError, match="is not a series"):
        RollingReversion(5).update(np.zeros((2, 2)))


@given(st.lists(st.integers(0, 600), max_size=12))
def test_hayashi_yoshida_sliced_otherwise_changes_no_bit(cuts: list[int]) -> None:
    """Also within a microsecond: some of its trades now, the others with the next batch."""
    random = np.random.default_rng(2)
    ts = np.sort(random.integers(1, 400, 600))
    price = np.exp(np.cumsum(random.normal(size=600)) * 1e-3)
    is_y = random.random(600) < 0.6

    def take(ticks: HayashiYoshida, rows: slice) -> None:
        y, x = is_y[rows], ~is_y[rows]
        ticks.update(ts[rows][y], price[rows][y], ts[rows][x], price[rows][x])

    whole, stream = HayashiYoshida(), HayashiYoshida()
    take(whole, slice(0, 600))
    for low, high in pairwise(sorted({0, 600, *cuts})):
        take(stream, slice(low, high))
    assert stream.total == whole.total
    stream.settle()
    whole.settle()
    assert stream.total == whole.total
