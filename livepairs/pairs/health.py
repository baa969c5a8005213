"""The health of a pair: whether its relation holds, reason by reason, and one light for all of them.

Each reason is a test from ``livepairs.stats`` on the last closed bars, with two thresholds. The light is that of the
worst reason. Pure, and of a tenth of a second: it belongs off the hot path, at a rate one can read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from livepairs.errors import ConfigError
from livepairs.stats.arrays import Floats
from livepairs.stats.cusum import ols_cusum
from livepairs.stats.drift import hedge_drift
from livepairs.stats.kalman_hedge import KalmanHedge, fit_kalman_noise, innovation_ratio
from livepairs.stats.rolling_half_life import estimate_half_life

__all__ = ["FEWEST_BARS", "Health", "Light", "Reason", "Sample", "assess_health"]

Light = Literal["good", "watch", "bad", "unknown"]

FEWEST_BARS: Final = 60
"""Bars of a sample below which nothing is said."""

COINTEGRATION_P: Final = (0.05, 0.15)
"""Good below the first, bad from the second."""

CUSUM_P: Final = (0.05, 0.01)
DRIFT_P: Final = (0.01, 0.001)
"""Good from the first, bad below the second; of some hundred bars the drift's p is too small for a sound pair."""

HALF_LIFE_SHARE: Final = 0.25
"""Good if even the upper end of the interval is below this share of the sample."""

INNOVATION: Final = (1.5, 2.0)
"""Good up to the first and down to its inverse, bad beyond the second or its inverse."""

STALE_S: Final = (10.0, 60.0)
STALE_BARS: Final = (3.0, 10.0)
"""Good up to the first, bad beyond the second; seconds or bars, whichever is longer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What health is judged by.

    Parameters
    ----------
    y, x
        The legs at the closed bars of the hedge window, logarithms or levels as PAIRS takes them, ``(n,)`` each.
    spread
        ``y - alpha - beta x`` over the window with the newest alpha and beta, ``(n,)``.
    coint_p
        The last row's cointegration p.
    silent_s
        Seconds since the last trade of the leg that has been silent for longer.
    bar_s
        Length of a bar in seconds.
    """

    y: Floats
    x: Floats
    spread: Floats
    coint_p: float
    silent_s: float
    bar_s: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground for the light: what was looked at, what it says alone, and the figure in words."""

    name: str
    light: Light
    text: str


@dataclass(frozen=True, slots=True)
class Health:
    """The light and its reasons, in a fixed order."""

    light: Light
    reasons: tuple[Reason, ...]


def assess_health(sample: Sample) -> Health:
    """Judge a pair.

    A reason that cannot be computed is unknown and does not count; with too few bars all of them are.

    Examples
    --------
    >>> import numpy as np
    >>> assess_health(Sample(np.zeros(5), np.zeros(5), np.zeros(5), float("nan"), 0.1, 1.0)).light
    'unknown'
    """
    tests: dict[str, Callable[[Sample], tuple[Light, str]]] = {
        "Cointegration": _cointegration,
        "Half-life": _half_life,
        "Hedge drift": _drift,
        "CUSUM": _cusum,
        "Staleness": _staleness,
        "Innovation ratio": _innovation,
    }
    reasons = tuple(_reason(name, test, sample) for name, test in tests.items())
    return Health(_worst(reasons) if len(sample.y) >= FEWEST_BARS else "unknown", reasons)


def _reason(name: str, test: Callable[[Sample], tuple[Light, str]], sample: Sample) -> Reason:
    if len(sample.y) < FEWEST_BARS:
        return Reason(name, "unknown", "warming up")
    try:
        return Reason(name, *test(sample))
    except ConfigError as error:
        return Reason(name, "unknown", str(error))


def _worst(reasons: tuple[Reason, ...]) -> Light:
    lights = {reason.light for reason in reasons}
    order: tuple[Light, ...] = ("bad", "watch", "good")
    return next((light for light in order if light in lights), "unknown")


def _cointegration(sample: Sample) -> tuple[Light, str]:
    p = sample.coint_p
    if not math.isfinite(p):
        return "unknown", "no p-value yet"
    good, bad = COINTEGRATION_P
    light: Light = "good" if p < good else "watch" if p < bad else "bad"
    return light, f"p = {_p(p)}; below {good:g} the legs are tied"


def _half_life(sample: Sample) -> tuple[Light, str]:
    found = estimate_half_life(sample.spread)
    if not math.isfinite(float(found.bars)):
        return "bad", "the spread does not revert"
    most = HALF_LIFE_SHARE * len(sample.spread)
    low, high = float(found.low), float(found.high)
    light: Light = "good" if high <= most else "watch" if float(found.bars) <= most else "bad"
    upper = f"{high:.0f}" if math.isfinite(high) else "∞"
    return light, f"{float(found.bars):.0f} bars, 95 % between {low:.0f} and {upper}; good up to {most:.0f}"


def _drift(sample: Sample) -> tuple[Light, str]:
    drift = hedge_drift(sample.y, sample.x)
    text = f"β {drift.older:.3f} in the older half, {drift.newer:.3f} in the newer; p = {_p(drift.p)}"
    return _break_light(drift.p, DRIFT_P), text


def _cusum(sample: Sample) -> tuple[Light, str]:
    test = ols_cusum(sample.y, sample.x)
    return _break_light(test.p, CUSUM_P), f"strays to {test.stat:.2f}; p = {_p(test.p)} that one relation held"


def _break_light(p: float, thresholds: tuple[float, float]) -> Light:
    good, bad = thresholds
    if not math.isfinite(p):
        return "unknown"
    return "good" if p >= good else "watch" if p >= bad else "bad"


def _staleness(sample: Sample) -> tuple[Light, str]:
    good, bad = (max(s, n * sample.bar_s) for s, n in zip(STALE_S, STALE_BARS, strict=True))
    light: Light = "good" if sample.silent_s <= good else "watch" if sample.silent_s <= bad else "bad"
    return light, f"last trade of the quieter leg {sample.silent_s:.1f} s ago; good up to {good:.0f} s"


def _innovation(sample: Sample) -> tuple[Light, str]:
    middle = len(sample.y) // 2
    # Without their level the legs leave the intercept little to do, and the fit converges.
    y, x = sample.y - sample.y[0], sample.x - sample.x[0]
    filter_ = KalmanHedge(fit_kalman_noise(y[:middle], x[:middle]))
    filter_.filter(y[:middle], x[:middle])
    ratio = innovation_ratio(filter_.filter(y[middle:], x[middle:]).score)
    good, bad = INNOVATION
    off = max(ratio, 1.0 / ratio) if ratio > 0.0 else math.inf
    light: Light = "good" if off <= good else "watch" if off <= bad else "bad"
    return light, f"{ratio:.2f}; 1 if error bars fitted on the older half are honest on the newer"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
