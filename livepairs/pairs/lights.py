"""The health light of each pair as a number a rule may ask for: once a minute of bars, from the hedge window alone.

A light takes a twentieth of a second, so nothing computes it unless a rule asks. Each pair has its own bar of the
minute, told by its name, so that many of them do not fall due at one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.columns import floats_of, ints_column, ints_of
from livepairs.pairs.health import Sample, assess_health
from livepairs.pairs.machine import PairParams
from livepairs.schema import Pair
from livepairs.stats.elementary import log

__all__ = ["EVERY_US", "LIGHTS", "LightMachine"]

LIGHTS: Final = {"good": 0.0, "watch": 1.0, "bad": 2.0, "unknown": float("nan")}

EVERY_US: Final = 60_000_000
"""How often a pair is judged."""

Floats = NDArray[np.float64]


class LightMachine:
    """Turns rows of pair statistics into lights. How stale the legs are does not count: rules have ``age_s`` for it.

    Parameters
    ----------
    pairs
        The pairs of the PAIRS batches.
    params
        Window and price scale of the pairs.
    interval_us
        Length of a bar in microseconds.
    """

    def __init__(self, pairs: Sequence[Pair], params: PairParams, *, interval_us: int) -> None:
        self._names = tuple(map(str, pairs))
        self._params = params
        self._interval_us = interval_us
        self._every = max(1, EVERY_US // interval_us)
        self.reset()

    def reset(self) -> None:
        """Forget everything seen."""
        self._states = {name: (np.empty((2, 0)), LIGHTS["unknown"]) for name in self._names}

    def update(self, rows: pa.RecordBatch) -> Floats:
        """Take in a PAIRS batch and return the newest light at each row, ``(n,)``: a value of ``LIGHTS``.

        It is NaN until a pair's own bar comes with a full window behind it.
        """
        lights = np.full(rows.num_rows, LIGHTS["unknown"])
        names = np.array(rows.column("pair").to_pylist(), dtype=object)
        bars = ints_of(rows.column("ts")) // self._interval_us
        closes = np.array([floats_of(rows.column("y_close")), floats_of(rows.column("x_close"))])
        for name in self._names:
            own = np.flatnonzero(names == name)
            if len(own):
                lights[own] = self._lights_of(name, bars[own], closes[:, own], rows.take(ints_column(own)))
        return lights

    def _lights_of(self, name: str, bars: NDArray[np.int64], closes: Floats, rows: pa.RecordBatch) -> Floats:
        before, light = self._states[name]
        known, window = np.concatenate((before, closes), axis=1), self._params.hedge_window
        lights = np.empty(len(bars))
        due = (bars + crc32(name.encode())) % self._every == 0
        for place in range(len(bars)):
            end = before.shape[1] + place + 1
            if due[place] and end >= window:
                light = self._judge(known[:, end - window : end], rows.slice(place, 1))
            lights[place] = light
        self._states[name] = known[:, -window:].copy(), light
        return lights

    def _judge(self, closes: Floats, row: pa.RecordBatch) -> float:
        if self._params.price == "log":
            closes = np.array([[log(value) for value in leg] for leg in closes.tolist()])
        alpha, beta, p = (float(floats_of(row.column(name))[0]) for name in ("alpha", "beta", "coint_p"))
        y, x = closes
        sample = Sample(y, x, y - alpha - beta * x, p, 0.0, self._interval_us / 1e6)
        return LIGHTS[assess_health(sample).light]
