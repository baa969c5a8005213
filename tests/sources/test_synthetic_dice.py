"""The dice: known bits, right moments, and an exponential without the C library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from livepairs.sources.synthetic_dice import Dice, exp


def test_the_bits_are_those_numpy_promises_for_good() -> None:
    """NumPy documents for PCG64 that a fixed seed will always produce the same stream of raw integers (NEP 19).

    The numbers are computed here from PCG's published 128-bit multiplier and output function, not by NumPy.
    """
    state, increment = (
        np.random.PCG64(np.random.SeedSequence((7, 1))).state["state"][name] for name in ("state", "inc")
    )
    expected = []
    for _ in range(4):
        state = (state * 0x2360ED051FC65DA44385DF649FCCF645 + increment) % 2**128
        high, low, turn = state >> 64, state % 2**64, state >> 122
        mixed = high ^ low
        word = (mixed >> turn | mixed << (64 - turn)) % 2**64
        expected.append((word >> 11) * 2.0**-53)
    assert Dice(7, 1).uniform(4).tolist() == expected


def test_names_separate_the_streams() -> None:
    streams = [tuple(Dice(*names).below(1_000_000, 4)) for names in ((7, 1), (7, 2), (8, 1), (7, 1, 1))]
    assert len(set(streams)) == 4


def test_uniform_and_below_cover_their_range_evenly() -> None:
    uniform, dice = Dice(1).uniform(200_000), Dice(2).below(6, 60_000)
    assert (uniform >= 0).all()
    assert (uniform < 1).all()
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    assert uniform.var() == pytest.approx(1 / 12, abs=0.001)
    assert np.bincount(dice, minlength=6) == pytest.approx(np.full(6, 10_000), rel=0.05)


def test_normal_has_the_moments_of_eight_uniform_numbers() -> None:
    """Their sum has mean 0, variance 1 and an excess kurtosis of -1.2 / 8."""
    normal = Dice(3).normal(400_000)
    assert normal.mean() == pytest.approx(0, abs=0.01)
    assert normal.var() == pytest.approx(1, abs=0.01)
    assert (normal**4).mean() - 3 == pytest.approx(-0.15, abs=0.03)
    assert np.abs(normal).max() < 4.9


def test_exp_agrees_with_the_library() -> None:
    exponents = np.linspace(-5, 5, 1_001)
    expected = [math.exp(exponent) for exponent in exponents]
    assert exp(exponents) == pytest.approx(np.array(expected), rel=1e-13)
