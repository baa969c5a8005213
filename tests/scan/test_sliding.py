"""Sums of products that slide: equal to those made anew, whatever came before, and to the bit wherever one began."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.scan.engine import find_pairs
from livepairs.scan.params import ScanParams
from livepairs.scan.sliding import Products, SlidingProducts
from livepairs.scan.universe import Universe
from livepairs.stats import compiled
from tests.scan.universes import make_universe


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    compiled.prepare()


def bits(products: Products) -> bytes:
    return b"".join(getattr(products, field.name).tobytes() for field in fields(products) if field.name != "bars")


def sums_in(products: Products) -> list[np.ndarray]:
    """Return the sums as the tasks read them, without the lanes that are filled up."""
    return [sums[:, : products.series] for sums in (products.level_sums, *products.lagged_sums)]


def sums_of(levels: np.ndarray, lags: int) -> list[np.ndarray]:
    """Return the sums of products of a window, each term written out."""
    away = levels - levels.mean(axis=1, keepdims=True)
    changes = np.diff(levels, axis=1)
    sums = [away @ away.T]
    for lag in range(lags + 1):
        product = changes[:, lag:] @ changes[:, : changes.shape[1] - lag].T
        sums.append(product + product.T)
    return sums


@settings(max_examples=6)
@given(window=st.integers(30, 140), lags=st.integers(0, 8), start=st.integers(0, 400), seed=st.integers(0, 50))
def test_sums_are_those_of_the_window_and_forget_where_the_run_began(window, lags, start, seed):
    lags = min(lags, window // 2 - 3)
    closes = make_universe(5, window + 60, seed=seed)
    sliding = SlidingProducts(window, lags, is_log=True)
    for step in range(0, 60, 1 + seed % 7):
        found = sliding.products(closes[:, step : step + window], start + step + window)
        levels = np.log(closes[:, step : step + window])
        expected = sums_of(levels, lags)
        for one, other in zip(sums_in(found), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * np.abs(other).max())
        fresh = SlidingProducts(window, lags, is_log=True).products(
            closes[:, step : step + window], start + step + window
        )
        assert bits(found) == bits(fresh)


def test_price_level_of_a_hundred_thousand_costs_no_digits():
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.normal(size=(4, 400)) * 1e-3, axis=1)
    sliding = SlidingProducts(200, 1, is_log=False)
    for step in range(0, 200, 9):
        found = sliding.products(100_000.0 + walk[:, step : step + 200], step + 200)
        for one, other in zip(sums_in(found), sums_of(walk[:, step : step + 200], 1), strict=True):
            # The prices themselves are rounded to 1.5e-11, which is 1.5e-8 of a change.
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6 * np.abs(other).max())


def test_history_that_was_changed_is_not_believed():
    closes = make_universe(4, 100)
    sliding = SlidingProducts(80, 1, is_log=True)
    sliding.products(closes[:, :80], 80)
    other = closes.copy()
    other[2, 30] *= 1.01
    fresh = SlidingProducts(80, 1, is_log=True)
    assert bits(sliding.products(other[:, 5:85], 85)) == bits(fresh.products(other[:, 5:85], 85))


def test_blocks_kept_are_bounded():
    closes = make_universe(3, 700)
    sliding = SlidingProducts(120, 1, is_log=True)
    for end in range(120, 700):
        sliding.products(closes[:, end - 120 : end], end)
    assert len(sliding._blocks) <= 12
    assert len(sliding._tails) <= 12


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_statistics_are_those_of_the_offline_scan(lags):
    closes = make_universe(40, 400, seed=3)
    sliding = SlidingProducts(300, lags, is_log=True)
    symbols = tuple(f"S{place}" for place in range(40))
    params = ScanParams(lags=lags)
    for end in (300, 301, 377, 400):
        window = Universe(symbols, closes[:, end - 300 : end])
        work = sliding.products(window.closes, end)
        slid = find_pairs(window, [], params, work=work).result().table
        anew = find_pairs(window, [], params).result().table
        assert slid.select(["y", "x", "lags", "crossings"]).equals(anew.select(["y", "x", "lags", "crossings"]))
        for name in ("alpha", "beta", "coint_stat", "coint_p", "half_life", "corr", "q_bh", "q_by"):
            one, other = (table[name].to_numpy().astype(float) for table in (slid, anew))
            np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-12, err_msg=name)
