"""Hedge ratio and intercept of the current hedge window by another method than least squares.

Both are taken from the bars in the window alone. Legs are measured from their means over the window, ``y - mean y =
shift + beta (x - mean x)``, so that a price level costs no digits.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.pairs.hedge import EWOLS, FIXED, TLS
from livepairs.pairs.layout import Layout
from livepairs.stats.compiled import part
from livepairs.stats.ew_ols import FADE_SLOTS, fade
from livepairs.stats.kalman_hedge import FILTER_SLOTS, follow
from livepairs.stats.rolling_tls import tls_slope

__all__ = ["relate_otherwise"]

Numbers = MutableSequence[float]

HEDGE_WINDOW: Final = Layout.HEDGE_WINDOW
METHOD: Final = Layout.METHOD
SETTINGS: Final = Layout.SETTINGS
Y_RING: Final = Layout.Y_RING
X_RING: Final = Layout.X_RING
MOMENTS: Final = Layout.MOMENTS
BESIDE: Final = Layout.BESIDE

DIFFUSE: Final = 1e4
"""What is not known of slope and intercept before the first bar of a window, over what a bar is off the line."""


@part
def relate_otherwise(state: Numbers, layout: Sequence[int], bar: int) -> tuple[float, float]:
    """Return beta and shift of a full window; NaN where the method has none."""
    at = layout[MOMENTS]
    method = layout[METHOD]
    first = state[layout[SETTINGS]]
    if method == FIXED:
        x_mean = state[at + 1] + state[at + 3]
        return first, state[layout[SETTINGS] + 1] - ((state[at] + state[at + 2]) - first * x_mean)
    if not state[at + 6] > 0.0:
        return math.nan, math.nan
    if method == TLS:
        return tls_slope(state[at + 4], state[at + 5], state[at + 6], 1.0), 0.0
    if method == EWOLS:
        return _fading(state, layout, bar, 2.0 ** (-1.0 / first))
    return _following(state, layout, bar, first)


@part
def _fading(state: Numbers, layout: Sequence[int], bar: int, decay: float) -> tuple[float, float]:
    """Weigh the window's bars by their age."""
    window = layout[HEDGE_WINDOW]
    own = layout[BESIDE]
    for slot in range(FADE_SLOTS):
        state[own + slot] = 0.0
    beta = math.nan
    for step in range(bar - window + 1, bar + 1):
        beta = fade(state, own, decay, _away(state, layout, 0, step), _away(state, layout, 1, step))
    return beta, (state[own + 1] + state[own + 3]) - beta * (state[own + 2] + state[own + 4])


@part
def _following(state: Numbers, layout: Sequence[int], bar: int, memory: float) -> tuple[float, float]:
    """Follow slope and intercept through the window.

    The gain of a filter knows variances only by their ratios. With what a bar is off the line as 1, an intercept of
    ``1 / memory^2`` a bar forgets in about ``memory`` bars, and so does a slope that moves as much where x is one
    standard deviation from its mean.
    """
    window = layout[HEDGE_WINDOW]
    own = layout[BESIDE]
    size = math.sqrt(state[layout[MOMENTS] + 6] / window)
    for slot in range(FILTER_SLOTS):
        state[own + slot] = 0.0
    state[own + 2] = DIFFUSE
    state[own + 4] = DIFFUSE
    step_variance = 1.0 / (memory * memory)
    for step in range(bar - window + 1, bar + 1):
        y = _away(state, layout, 0, step)
        follow(state, own, step_variance, step_variance, 1.0, y, _away(state, layout, 1, step) / size)
    return state[own] / size, state[own + 1]


@part
def _away(state: Numbers, layout: Sequence[int], leg: int, bar: int) -> float:
    """Return how far a leg was from its mean over the window."""
    at = layout[MOMENTS] + leg
    return (state[layout[Y_RING + leg] + bar % layout[HEDGE_WINDOW]] - state[at]) - state[at + 2]
