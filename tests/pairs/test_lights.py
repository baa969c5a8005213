"""The health light as rules see it: that of the hedge window, once a minute, however the rows come."""

from __future__ import annotations

import numpy as np

from livepairs.pairs.health import Sample, assess_health
from livepairs.pairs.lights import LIGHTS, LightMachine
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.schema import Pair
from tests.factories import make_bars

PAIR = Pair("Y", "X")
PARAMS = PairParams(60, 20, 10, price="level")


def rows_of(bars: int):
    random = np.random.default_rng(3)
    x = 100 + np.cumsum(random.normal(0, 0.1, bars))
    # The relation holds for half of the time, and then the legs part.
    drift = np.concatenate((np.zeros(bars // 2), np.cumsum(random.normal(0.05, 0.1, bars - bars // 2))))
    y = 20 + 0.8 * x + random.normal(0, 0.05, bars) + drift
    return PairMachine([PAIR], PARAMS).update(make_bars({"Y": y, "X": x}))


def test_a_light_is_that_of_the_window_at_the_pairs_own_bar_of_the_minute() -> None:
    rows = rows_of(125)
    lights = LightMachine([PAIR], PARAMS, interval_us=1_000_000).update(rows)
    changes = np.flatnonzero(~(lights[1:] == lights[:-1]) & ~np.isnan(lights[1:])) + 1
    first = int(changes[0])
    assert np.isnan(lights[:first]).all()
    assert first >= 59
    for at in range(first, 125, 60):
        window = rows.slice(at - 59, 60)
        y, x = (window.column(f"{leg}_close").to_numpy() for leg in "yx")
        newest = {name: window.column(name)[59].as_py() for name in ("alpha", "beta", "coint_p")}
        sample = Sample(y, x, y - newest["alpha"] - newest["beta"] * x, newest["coint_p"], 0.0, 1.0)
        assert set(lights[at : at + 60]) == {LIGHTS[assess_health(sample).light]}


def test_any_slicing_makes_the_same_lights() -> None:
    rows = rows_of(125)
    machine = LightMachine([PAIR], PARAMS, interval_us=1_000_000)
    parts = [machine.update(rows.slice(at, 7)) for at in range(0, 125, 7)]
    whole = LightMachine([PAIR], PARAMS, interval_us=1_000_000).update(rows)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert not np.isnan(whole).all()
