"""What became of the spread after an alert fired; pure.

An alert is judged as the trade it would have been: the hedge ratio, mean and deviation are those of the bar at which it
fired and stay so, as they do for whoever acts on it. Two half-lives are expected to leave a quarter of the distance, so
the spread has come back when a quarter or less of it is left, and two half-lives are the time it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["HALF_LIVES", "LEFT", "NEEDED", "Aftermath", "aftermath", "join_aftermaths"]

HALF_LIVES: Final = 2.0
"""How long the spread has to come back."""

LEFT: Final = 0.25
"""The share of the distance that may be left of it: what two half-lives are expected to leave."""

NEEDED: Final = ("y_close", "x_close", "alpha", "beta", "mean", "std", "half_life")
"""The PAIRS columns a judgement is made of."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_STRIDE: Final = 64
"""Bars that all alerts still under way are followed at a time."""
_MOST_CELLS: Final = 4_000_000
"""Numbers held at a time, so that thousands of alerts cost no more memory than a few."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What came of each alert, one number each, shape ``(n_fired,)``.

    Parameters
    ----------
    bars
        Bars until the spread had come back; NaN where it did not within two half-lives, or nobody can say.
    is_judged
        False where there is nothing to judge: no half-life at that bar, no distance from the mean, or the rows end
        before the two half-lives do.
    pain_sigma
        How much farther the spread went first, in its deviations at the time; NaN where not judged.
    pain_bps
        The same for one gross notional in both legs, without costs; NaN where not judged.
    """

    bars: Floats
    is_judged: NDArray[np.bool_]
    pain_sigma: Floats
    pain_bps: Floats

    @property
    def is_back(self) -> NDArray[np.bool_]:
        """Whether the spread came back in time."""
        return np.isfinite(self.bars)


def join_aftermaths(parts: list[Aftermath]) -> Aftermath:
    """Return several as one, in their order; of none an empty one."""
    empty = Aftermath(np.empty(0), np.empty(0, np.bool_), np.empty(0), np.empty(0))
    whole = [empty, *parts]
    return Aftermath(
        *(np.concatenate([getattr(part, name) for part in whole]) for name in
          ("bars", "is_judged", "pain_sigma", "pain_bps"))
    )  # fmt: skip


def aftermath(columns: Mapping[str, Floats], fired: Rows, *, price: Literal["log", "level"]) -> Aftermath:
    """Return what came of the alerts of one pair.

    Parameters
    ----------
    columns
        At least the ``NEEDED`` columns of one pair's PAIRS rows, in their order, ``(n_bars,)`` each.
    fired
        Rows at which it fired, ``(n_fired,)``, from 0 up.
    price
        The scale the PAIRS were made on.

    Examples
    --------
    >>> n = np.full(6, np.nan)
    >>> y = np.exp([0.0, 0.020, 0.024, 0.010, 0.004, 0.0])
    >>> one = dict(y_close=y, x_close=np.ones(6), alpha=0 * y, beta=0 * y, mean=0 * y, std=0 * y + 0.01,
    ...            half_life=0 * y + 2.0)
    >>> came = aftermath(one, np.array([1]), price="log")
    >>> came.bars.tolist(), came.pain_sigma.round(6).tolist(), came.pain_bps.round(6).tolist()
    ([3.0], [0.4], [40.0])
    """
    y, x = columns["y_close"], columns["x_close"]
    if price == "log":
        y, x = np.log(y), np.log(x)
    beta, level = columns["beta"][fired], columns["alpha"][fired] + columns["mean"][fired]
    start = y[fired] - beta * x[fired] - level
    side, distance = np.sign(start), np.abs(start)
    with np.errstate(invalid="ignore"):
        span = np.floor(HALF_LIVES * columns["half_life"][fired])
        knows = (distance > 0.0) & (columns["std"][fired] > 0.0) & (span >= 1.0)
    last = fired + np.where(knows, np.minimum(span, len(y)), 0.0).astype(np.int64)
    back, worst = _follow(_Frozen(y, x, side * beta, side, side * level), fired, last, distance)
    # A way back that was seen counts; one that the end of the rows cut off is no verdict.
    judged = knows & ((back >= 0) | (last < len(y)))
    pain = np.where(judged, worst, np.nan)
    gross = 1.0 + np.abs(beta) if price == "log" else y[fired] + np.abs(beta) * x[fired]
    return Aftermath(
        bars=np.where(judged & (back >= 0), back - fired, np.nan),
        is_judged=judged,
        pain_sigma=pain / np.where(judged, columns["std"][fired], 1.0),
        pain_bps=1e4 * pain / gross,
    )


@dataclass(frozen=True, slots=True)
class _Frozen:
    """The legs, and what each alert holds on to: its signed hedge ratio, side and level."""

    y: Floats
    x: Floats
    beta: Floats
    side: Floats
    level: Floats

    def distances(self, which: Rows, at: Rows) -> Floats:
        """Return how far out the alerts ``which``, ``(n, 1)``, are at the rows ``at``, ``(n, bars)``."""
        return self.side[which] * self.y[at] - self.beta[which] * self.x[at] - self.level[which]


def _follow(frozen: _Frozen, fired: Rows, last: Rows, distance: Floats) -> tuple[Rows, Floats]:
    """Return the row at which each came back, -1 if it did not, and how much farther out it was before."""
    back, worst = np.full(len(fired), -1, np.int64), np.zeros(len(fired))
    final, done = np.minimum(last, len(frozen.y) - 1), fired.copy()
    under_way = np.flatnonzero(final > fired)
    stride = _STRIDE
    while len(under_way):
        which = under_way[:, None]
        at = done[which] + np.arange(1, stride + 1)
        is_open = at <= final[which]
        out = frozen.distances(which, np.where(is_open, at, 0))
        is_home = is_open & (out <= LEFT * distance[which])
        came = is_home.any(axis=1)
        first = np.where(came, is_home.argmax(axis=1), stride)
        before = is_open & (np.arange(stride) <= first[:, None])
        farther = np.where(before, out - distance[which], 0.0).max(axis=1)
        worst[under_way] = np.maximum(worst[under_way], farther)
        back[under_way[came]] = done[under_way[came]] + 1 + first[came]
        done[under_way] += stride
        under_way = under_way[~came & (done[under_way] < final[under_way])]
        stride = max(_STRIDE, min(4 * stride, _MOST_CELLS // max(1, len(under_way))))
    return back, worst
