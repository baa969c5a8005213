"""What becomes of the spread after an alert, against a bar-by-bar reading of the definition."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.alerts.aftermath import HALF_LIVES, LEFT, Aftermath, aftermath, join_aftermaths

Columns = dict[str, np.ndarray]


def walk(seed: int, bars: int) -> Columns:
    """Return a pair whose statistics are anything, some of them missing."""
    rng = np.random.default_rng(seed)
    columns = {
        "y_close": np.exp(7.0 + np.cumsum(rng.normal(0, 1e-3, bars))),
        "x_close": np.exp(5.0 + np.cumsum(rng.normal(0, 1e-3, bars))),
        "alpha": rng.normal(2.0, 1e-3, bars),
        "beta": rng.normal(1.0, 0.5, bars),
        "mean": rng.normal(0, 1e-3, bars),
        "std": np.abs(rng.normal(0, 1e-3, bars)),
        "half_life": rng.exponential(20.0, bars),
    }
    for name in ("half_life", "std", "beta"):
        columns[name][rng.random(bars) < 0.1] = np.nan
    return columns


def by_hand(columns: Columns, row: int, price: str) -> tuple[float, bool, float, float]:
    """Return bars, judged, pain in sigma and in bps of one alert, as the definition reads."""
    y, x = (np.log(columns[leg]) if price == "log" else columns[leg] for leg in ("y_close", "x_close"))
    beta, std = columns["beta"][row], columns["std"][row]
    level = columns["alpha"][row] + columns["mean"][row]
    start = y[row] - beta * x[row] - level
    horizon = HALF_LIVES * columns["half_life"][row]
    unknown = (math.nan, False, math.nan, math.nan)
    if not (abs(start) > 0 and std > 0 and horizon >= 1):
        return unknown
    side, pain, bars = math.copysign(1, start), 0.0, math.nan
    for step in range(1, int(horizon) + 1):
        if row + step == len(y):
            return unknown
        out = side * (y[row + step] - beta * x[row + step] - level)
        pain = max(pain, out - abs(start))
        if out <= LEFT * abs(start):
            bars = float(step)
            break
    gross = 1 + abs(beta) if price == "log" else y[row] + abs(beta) * x[row]
    return bars, True, pain / std, 1e4 * pain / gross


@pytest.mark.parametrize("price", ["log", "level"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), bars=st.integers(2, 400))
def test_every_alert_is_judged_as_the_definition_reads(price: Literal["log", "level"], seed: int, bars: int) -> None:
    columns = walk(seed, bars)
    fired = np.arange(0, bars, 3)
    came = aftermath(columns, fired, price=price)
    expected = [by_hand(columns, row, price) for row in fired.tolist()]
    for name, values in zip(("bars", "is_judged", "pain_sigma", "pain_bps"), zip(*expected, strict=True), strict=True):
        np.testing.assert_allclose(getattr(came, name), np.array(values, np.float64), rtol=1e-9, atol=1e-9)


def test_a_long_way_back_is_followed_to_its_end() -> None:
    """Alerts are followed in strides; this one comes back after many of them."""
    bars = 5_000
    out = np.full(bars, 1.5)
    out[0], out[4_321] = 1.0, 0.25
    flat = np.zeros(bars)
    columns = {"y_close": out, "x_close": flat + 1, "alpha": flat, "beta": flat, "mean": flat}
    came = aftermath(columns | {"std": flat + 0.1, "half_life": flat + 1e9}, np.array([0]), price="level")
    assert came.bars.tolist() == [4321.0]
    np.testing.assert_allclose(came.pain_sigma, [5.0])
    np.testing.assert_allclose(came.pain_bps, [5000.0])


def test_an_alert_whose_time_is_not_over_is_not_judged() -> None:
    flat = np.ones(10)
    columns = {"y_close": 2 * flat, "x_close": flat, "alpha": 0 * flat, "beta": 0 * flat, "mean": 0 * flat, "std": flat}
    came = aftermath(columns | {"half_life": flat * 4.5}, np.array([0, 1]), price="level")
    assert came.is_judged.tolist() == [True, False]
    assert came.is_back.tolist() == [False, False]


def test_none_and_several_are_joined_in_their_order() -> None:
    assert len(join_aftermaths([]).bars) == 0
    one = Aftermath(np.array([3.0]), np.array([True]), np.array([0.5]), np.array([7.0]))
    two = Aftermath(np.array([np.nan]), np.array([False]), np.array([np.nan]), np.array([np.nan]))
    assert join_aftermaths([one, two]).is_back.tolist() == [True, False]
