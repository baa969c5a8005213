"""Rolling least squares against two passes in long double and NIST, and the very columns of PAIRS."""

from __future__ import annotations

import numpy as np
import pytest

from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.schema import Pair
from livepairs.stats.rolling_ols import RollingOls
from tests.factories import make_bars
from tests.pairs.markets import market
from tests.stats.series import legs


@pytest.mark.parametrize(("level", "spread"), [(0.0, 1.0), (1e5, 1e-3)])
@pytest.mark.parametrize("window", [2, 13, 64])
def test_relation_equals_long_double_at_every_bar(level: float, spread: float, window: int) -> None:
    y, x = legs(160, seed=1, level=level, spread=spread)
    found = RollingOls(window, first_bar=1_700_000_003).update(y, x)
    for bar in range(window - 1, 160):
        ys, xs = (leg[bar + 1 - window : bar + 1].astype(np.longdouble) for leg in (y, x))
        ya, xa = ys - ys.mean(), xs - xs.mean()
        beta = (ya @ xa) / (xa @ xa)
        assert abs(found.beta[bar] - beta) <= 1e-11 * max(1.0, abs(beta))
        assert abs(found.spread[bar] - (ya[-1] - beta * xa[-1])) <= 1e-10 * spread
        assert abs(found.alpha[bar] - (ys.mean() - beta * xs.mean())) <= 1e-11 * max(1.0, level)


def test_it_is_what_pairs_shows() -> None:
    """One implementation: the columns of PAIRS and the public stream agree to rounding, spread and all."""
    y, x = market("crypto", 120)
    params = PairParams(hedge_window=30, z_window=5, corr_window=5, price="level")
    rows = PairMachine([Pair("Y", "X")], params).update(make_bars({"Y": y, "X": x}, first_bar=77))
    found = RollingOls(30, first_bar=77).update(y, x)
    for name in ("beta", "alpha", "spread"):
        np.testing.assert_allclose(getattr(found, name), rows.column(name).to_numpy(), rtol=1e-9, atol=1e-9)


def test_a_leg_that_stands_still_has_no_hedge_ratio() -> None:
    found = RollingOls(3).update([1.0, 2.0, 3.0, 4.0], np.full(4, 1e5 + 0.1))
    assert np.isnan(found.beta).all()
