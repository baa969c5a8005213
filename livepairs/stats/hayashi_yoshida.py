"""Correlation straight from trades that never happen at the same moment (Hayashi and Yoshida)."""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from livepairs.errors import SchemaError
from livepairs.stats.arrays import ascending
from livepairs.stats.compiled import kernel, part

__all__ = ["HayashiYoshida", "TickCovariance"]

Numbers = MutableSequence[float]

# Of each leg (y, then x LEG further on): whether it has traded, its last log price, the other leg's at that time, what
# waits for its moment to be over (is there any, log price), sum of squares, sum of neighbours' products, last step,
# number of steps.
HAS, LAST, OTHER, WAITS, WAITING, SQUARES, NEIGHBOURS, STEP, STEPS = range(9)
LEG: Final = 9
NOW: Final = 18
PRODUCTS: Final = 19
SIZE: Final = 20


@kernel("f8[]", "i8[r]", "f8[r]", "i8[r]", "f8[r]")
def _take(state: Numbers, y_us: Sequence[int], y: Sequence[float], x_us: Sequence[int], x: Sequence[float]) -> None:
    """Merge both legs' trades in the order of time; a moment counts once a later one has come, with its last prices."""
    i = 0
    j = 0
    while i < len(y_us) or j < len(x_us):
        is_y = j == len(x_us) or (i < len(y_us) and y_us[i] <= x_us[j])
        now = float(y_us[i]) if is_y else float(x_us[j])
        if now > state[NOW]:
            _settle(state)
            state[NOW] = now
        if is_y:
            state[WAITS] = 1.0
            state[WAITING] = y[i]
            i += 1
        else:
            state[LEG + WAITS] = 1.0
            state[LEG + WAITING] = x[j]
            j += 1


@part
def _settle(state: Numbers) -> None:
    """Count the steps that end at the moment that is over: each with the other leg's steps it overlaps so far."""
    y_step = _step(state, 0)
    x_step = _step(state, LEG)
    both = state[HAS] * state[LEG + HAS]
    if both > 0.0:
        # A step overlaps what the other leg did since the step began; of two that overlap the later one counts them.
        if state[WAITS] > 0.0:
            state[PRODUCTS] += y_step * (state[LEG + LAST] - state[OTHER])
        if state[LEG + WAITS] > 0.0:
            state[PRODUCTS] += x_step * (state[LAST] - state[LEG + OTHER])
        state[PRODUCTS] += y_step * x_step
    is_first_y = state[WAITS] > 0.0 and state[HAS] == 0.0
    is_first_x = state[LEG + WAITS] > 0.0 and state[LEG + HAS] == 0.0
    has_y = state[WAITS] > 0.0
    has_x = state[LEG + WAITS] > 0.0
    for leg in range(0, SIZE - 2, LEG):
        if state[leg + WAITS] > 0.0:
            state[leg + HAS] = 1.0
            state[leg + LAST] = state[leg + WAITING]
            state[leg + WAITS] = 0.0
    # A leg that begins within the other's step overlaps it from there.
    if has_y or is_first_x:
        state[OTHER] = state[LEG + LAST]
    if has_x or is_first_y:
        state[LEG + OTHER] = state[LAST]


@part
def _step(state: Numbers, leg: int) -> float:
    """Return a leg's step to the waiting price, and add it to its sums; 0 where there is none."""
    if state[leg + WAITS] == 0.0 or state[leg + HAS] == 0.0:
        return 0.0
    step = state[leg + WAITING] - state[leg + LAST]
    state[leg + SQUARES] += step * step
    state[leg + NEIGHBOURS] += step * state[leg + STEP]
    state[leg + STEP] = step
    state[leg + STEPS] += 1.0
    return step


class TickCovariance(NamedTuple):
    """Sums over trades; those of separate spans may be added up before they are made a correlation.

    Notes
    -----
    ``covariance`` is Hayashi and Yoshida's (Bernoulli 11, 2005), ``variance_*`` the realised variances tick by tick,
    ``quiet_variance_*`` the same without the bounce between bid and ask (Zhou 1996).

    Examples
    --------
    >>> TickCovariance(1.0, 4.0, 1.0, 4.0, 0.25, 10, 10).correlation
    0.5
    >>> TickCovariance(0.5, 4.0, 1.0, 4.0, 0.25, 10, 10).quiet_correlation
    0.5
    """

    covariance: float
    variance_y: float
    variance_x: float
    quiet_variance_y: float
    quiet_variance_x: float
    steps_y: int
    steps_x: int

    @property
    def correlation(self) -> float:
        """Return the correlation; NaN where a leg did not move. Noise in prices draws it towards zero."""
        return _ratio(self.covariance, self.variance_y, self.variance_x)

    @property
    def quiet_correlation(self) -> float:
        """Return the correlation freed of the bounce; NaN where a quiet variance is not above zero."""
        return _ratio(self.covariance, self.quiet_variance_y, self.quiet_variance_x)

    def __add__(self, other: TickCovariance) -> TickCovariance:  # type: ignore[override]  # sums, not a longer tuple
        return TickCovariance(*(mine + its for mine, its in zip(self, other, strict=True)))  # type: ignore[arg-type]


def _ratio(covariance: float, one: float, other: float) -> float:
    return covariance / (math.sqrt(one) * math.sqrt(other)) if one > 0.0 and other > 0.0 else math.nan


class HayashiYoshida:
    """Sum products of price steps that overlap in time, trade by trade, without any bars.

    Notes
    -----
    ``sum over i, j of dY_i dX_j`` where the spans of the steps overlap: Hayashi and Yoshida, Bernoulli 11 (2005);
    steps are of log prices. The covariance has no Epps bias, nor any from noise that is independent between the legs.
    The correlation does suffer from noise, through the variances below it; ``quiet_correlation`` takes those with
    ``sum r_i^2 + 2 sum r_i r_(i-1)`` (Zhou, Journal of Business and Economic Statistics 14, 1996).

    Trades of one leg in the same microsecond count as one step, to the last of them, so how a feed is cut changes no
    bit. That moment counts once a later trade has come.

    Examples
    --------
    >>> ticks = HayashiYoshida()
    >>> ticks.update([1, 3, 5], [1.0, 1.1, 1.0], [2, 4, 6], [2.0, 2.2, 2.0])
    >>> ticks.settle()
    >>> round(ticks.total.correlation, 4)
    0.5
    """

    def __init__(self) -> None:
        self._state = np.zeros(SIZE)
        self._taken = TickCovariance(0.0, 0.0, 0.0, 0.0, 0.0, 0, 0)

    def update(self, y_us: ArrayLike, y_price: ArrayLike, x_us: ArrayLike, x_price: ArrayLike) -> None:
        """Take in all trades of both legs up to some time, each leg in the order of time.

        Parameters
        ----------
        y_us, y_price, x_us, x_price
            Times in microseconds, above zero and none before a time already taken in; and prices.

        Raises
        ------
        ConfigError
            If trades are not in order or a price is not above zero.
        SchemaError
            If a trade is older than those taken in before.
        """
        y, x = ascending(y_us, y_price), ascending(x_us, x_price)
        if any(len(ts) and ts[0] < max(self._state[NOW], 1.0) for ts, _ in (y, x)):
            raise SchemaError(f"a trade is older than {self._state[NOW]:.0f} us, which has been taken in already")
        _take(self._state, y[0], np.log(y[1]), x[0], np.log(x[1]))

    def settle(self) -> None:
        """Count the newest moment, because every trade of it is there: at the end, or at the close of a bar."""
        numbers: Any = self._state  # an array does what a sequence of numbers does
        _settle(numbers)

    @property
    def total(self) -> TickCovariance:
        """Return the sums since the start."""
        state = self._state
        quiet = [state[leg + SQUARES] + 2.0 * state[leg + NEIGHBOURS] for leg in (0, LEG)]
        variances = float(state[SQUARES]), float(state[LEG + SQUARES])
        steps = int(state[STEPS]), int(state[LEG + STEPS])
        return TickCovariance(float(state[PRODUCTS]), *variances, float(quiet[0]), float(quiet[1]), *steps)

    def take(self) -> TickCovariance:
        """Return the sums since they were last taken: one bar's share, for a sum over a window of bars."""
        now, before = self.total, self._taken
        self._taken = now
        return TickCovariance(*(a - b for a, b in zip(now, before, strict=True)))  # type: ignore[arg-type]
