"""The hidden prices and the activity of the synthetic market, on a grid of 100 ms.

Log BTCUSDT is a random walk whose variance follows the activity. Log ETHUSDT is ``hedge_ratio`` times that plus a
spread that returns to its mean (an Ornstein-Uhlenbeck process on the grid), until the relation breaks. Log SOLUSDT is
as much driven by the walk, plus a walk of its own, so the two are correlated and never cointegrated.

Activity is shot noise: jumps that die away in 1.5 s and in 120 s, half of them common to all symbols, so that trades
cluster and clusters coincide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from livepairs.sources.synthetic_dice import Dice, Floats, exp
from livepairs.sources.synthetic_params import INSTRUMENTS, SyntheticParams

__all__ = ["STEPS", "STEP_US", "BlockPrices", "HiddenPrices"]

STEP_US: Final = 100_000
STEPS: Final = 6_000
"""Steps of a block: ten minutes."""

_STEPS_PER_S: Final = 1_000_000 // STEP_US
_LN2: Final = 0.6931471805599453

_WALK_SD: Final = 1.0e-4
"""Of BTCUSDT's log price in a second: about 56 % in a year."""

_OWN_WALK_SD: Final = 1.0e-4
"""Of what SOLUSDT does alone, in a second."""

_BROKEN_SD: Final = 0.5e-4
"""Of the spread while the relation is broken, in a second."""

_JUMPS: Final = np.array([1, 1, 1, 1, 2, 2, 3, 21], dtype=np.float64)
"""Sizes of the jumps of activity, each as likely as the others."""

_MEAN_JUMP: Final = 4.0

_FAST, _SLOW = (1.5, 0.4), (120.0, 1 / 30)
"""How long a jump lasts in seconds, and how many there are a second."""

_ROW: Final = 100


@dataclass(frozen=True, slots=True)
class BlockPrices:
    """Ten minutes of hidden state: ``mids`` and ``activity`` have one array ``(STEPS,)`` a symbol.

    ``activity`` has a long-run mean of 1.
    """

    mids: tuple[Floats, ...]
    activity: tuple[Floats, ...]


class HiddenPrices:
    """Carries the hidden state from block to block.

    Parameters
    ----------
    params
        The market.
    """

    def __init__(self, params: SyntheticParams) -> None:
        self._params = params
        self._block = 0
        self._walk, self._own_walk = 0.0, 0.0
        self._spread, self._spread_mean = 0.0, 0.0
        self._shots: dict[str, float] = {}

    def next_block(self, dice: Dice) -> BlockPrices:
        """Return the next ten minutes, drawn from a stream of random numbers of their own."""
        common = self._activity("common", dice)
        activity = tuple(0.25 + 0.45 * common + 0.3 * self._activity(i.symbol, dice) for i in INSTRUMENTS)
        # Prices move when people trade; the square root keeps the long-run variance.
        walk = self._walk + np.cumsum(dice.normal(STEPS) * _per_step(_WALK_SD) * np.sqrt(0.5 + 0.5 * common))
        own_walk = self._own_walk + np.cumsum(dice.normal(STEPS) * _per_step(_OWN_WALK_SD))
        residuals = np.zeros(STEPS), self._next_spread(dice), own_walk
        self._walk, self._own_walk = float(walk[-1]), float(own_walk[-1])
        self._block += 1
        mids = []
        for instrument, residual in zip(INSTRUMENTS, residuals, strict=True):
            loading = self._params.hedge_ratio if instrument.loading is None else instrument.loading
            mids.append(instrument.price * exp(loading * walk + residual))
        return BlockPrices(tuple(mids), activity)

    def _next_spread(self, dice: Dice) -> Floats:
        """Return the spread of the next block: mean-reverting, but for the steps in which the relation is broken."""
        params = self._params
        decay = float(exp(np.array([-_LN2 / (params.half_life_s * _STEPS_PER_S)]))[0])
        sd = params.spread_bps * 1e-4 * float(np.sqrt(1 - decay * decay))
        shocks, noise = dice.normal(STEPS), dice.normal(STEPS) * params.noise_bps * 1e-4
        first = round(params.break_min * 60 * _STEPS_PER_S) - self._block * STEPS
        end = first + round(params.break_for_min * 60 * _STEPS_PER_S)
        first, end = (min(max(step, 0), STEPS) for step in (first, end))
        before = self._spread_levels(shocks[:first] * sd, decay)
        broken = self._spread_levels(shocks[first:end] * _per_step(_BROKEN_SD), 1.0)
        if len(broken):
            # Whatever level it wanders to is the mean from then on.
            self._spread_mean = self._spread
        after = self._spread_levels(shocks[end:] * sd, decay)
        return np.concatenate([before, broken, after]) + noise

    def _spread_levels(self, shocks: Floats, decay: float) -> Floats:
        levels = self._spread_mean + _decaying(shocks, decay, self._spread - self._spread_mean)
        self._spread = float(levels[-1]) if len(levels) else self._spread
        return levels

    def _activity(self, name: str, dice: Dice) -> Floats:
        """Return shot noise of mean 1, one value a step."""
        fast, slow = (self._shot_noise(f"{name} {lasts_s}", lasts_s, rate, dice) for lasts_s, rate in (_FAST, _SLOW))
        return 0.6 * fast + 0.4 * slow

    def _shot_noise(self, name: str, lasts_s: float, rate: float, dice: Dice) -> Floats:
        decay = float(exp(np.array([-1 / (lasts_s * _STEPS_PER_S)]))[0])
        chance = rate / _STEPS_PER_S
        mean = _MEAN_JUMP * chance / (1 - decay)
        jumps = np.where(dice.uniform(STEPS) < chance, _JUMPS[dice.below(len(_JUMPS), STEPS)], 0.0)
        levels = _decaying(jumps, decay, self._shots.get(name, mean))
        self._shots[name] = float(levels[-1])
        return levels / mean


def _decaying(shocks: Floats, decay: float, level: float) -> Floats:
    """Return level after level of ``level = decay * level + shock``, from the one given on.

    Within a row of 100 steps the shocks are summed in the units of the row's first step; rows follow on each other one
    by one. A compiled filter would do as well, but may fuse a multiplication and an addition on one machine and not on
    another.
    """
    rows = -(-len(shocks) // _ROW)
    powers = np.cumprod(np.full(_ROW, decay))
    padded = np.zeros((rows, _ROW))
    padded.ravel()[: len(shocks)] = shocks
    levels = np.cumsum(padded / powers, axis=1) * powers
    for row in range(rows):
        levels[row] += powers * level
        level = levels[row, -1]
    return levels.ravel()[: len(shocks)]


def _per_step(sd_per_s: float) -> float:
    """Return a walk's standard deviation in a step from that in a second."""
    return sd_per_s / float(np.sqrt(_STEPS_PER_S))
