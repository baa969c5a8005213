"""Orders of one instrument over ten minutes: when they arrive, how they walk the book, when fills are received."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from livepairs.sources.synthetic_dice import Dice, Floats, Integers
from livepairs.sources.synthetic_params import Instrument
from livepairs.sources.synthetic_prices import STEP_US, STEPS

__all__ = ["Fills", "fills_of"]

# Fills of an order, each as likely as the others: most orders have one, some sweep the book within a millisecond.
_FILLS: Final = np.array([1] * 44 + [2] * 10 + [3] * 5 + [5] * 3 + [9, 17], dtype=np.int64)
_FILLS_AN_ORDER: Final = int(_FILLS.sum()) / len(_FILLS)

# Sizes of fills in everyday orders, each as likely as the others: many small ones, few large ones.
_SIZES: Final = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 12, 20, 40], dtype=np.int64)

_MOMENTUM: Final = 0.15
"""By how much more often takers buy when the price is about to rise."""

_FIRST_LATENCY_US, _LATENCY_RANGE_US = 25_000, 30_000


@dataclass(frozen=True, slots=True)
class Fills:
    """Trades in their order, one array ``(n_trades,)`` a column; ``is_maker`` is whether the buyer is the maker."""

    ts_us: Integers
    recv_us: Integers
    trade_id: Integers
    price: Floats
    qty: Floats
    is_maker: npt.NDArray[np.bool_]

    def where(self, mask: npt.NDArray[np.bool_]) -> Fills:
        """Return the trades for which the mask is true."""
        return Fills(*(getattr(self, field.name)[mask] for field in fields(self)))


def fills_of(instrument: Instrument, mids: Floats, rates: Floats, dice: Dice) -> Fills:
    """Return the trades of a block; times count from its start in microseconds, ids from 0.

    Parameters
    ----------
    mids
        Price between bid and ask at each step, ``(STEPS,)``.
    rates
        Trades a second at each step, ``(STEPS,)``.
    """
    steps, ts_us = _arrivals(rates / _FILLS_AN_ORDER, dice)
    move = np.sign(mids[np.minimum(steps + 1, STEPS - 1)] - mids[steps])
    is_maker = dice.uniform(len(steps)) >= 0.5 + _MOMENTUM * move
    counts = _FILLS[dice.below(len(_FILLS), len(steps))]
    orders = np.repeat(np.arange(len(steps)), counts)
    level = (np.arange(len(orders)) - (np.cumsum(counts) - counts)[orders]) // instrument.fills_a_level
    # Buyers pay the ask and above, sellers get the bid and below.
    bids = np.floor(mids[steps] * instrument.ticks_per_unit).astype(np.int64)
    ticks = np.where(is_maker[orders], bids[orders] - level, bids[orders] + 1 + level)
    return Fills(
        ts_us=ts_us[orders],
        recv_us=_received(steps, dice)[orders],
        trade_id=np.arange(len(orders)),
        price=ticks / instrument.ticks_per_unit,
        qty=_lots(instrument, len(orders), dice) / instrument.lots_per_unit,
        is_maker=is_maker[orders],
    )


def _arrivals(rates: Floats, dice: Dice) -> tuple[Integers, Integers]:
    """Return step and time of each order of a Poisson process with these rates a second."""
    expected = np.cumsum(rates) * (STEP_US / 1e6)
    count = int(expected[-1] + dice.uniform(1)[0])
    places = np.sort(dice.uniform(count)) * expected[-1]
    # Rounding may carry a place to the very end of the last step.
    steps = np.minimum(np.searchsorted(expected, places, side="right"), STEPS - 1)
    before = np.concatenate([[0.0], expected])[steps]
    part = np.clip((places - before) / (expected[steps] - before), 0.0, 1.0)
    # The venue stamps trades to the millisecond.
    milliseconds = np.minimum((part * (STEP_US // 1_000)).astype(np.int64), STEP_US // 1_000 - 1)
    return steps, steps * STEP_US + milliseconds * 1_000


def _received(steps: Integers, dice: Dice) -> Integers:
    """Return when the trades of each order are received: the venue pushes every 100 ms, the network takes its time."""
    latency_us = _FIRST_LATENCY_US + dice.below(_LATENCY_RANGE_US, STEPS)
    return (steps + 1) * STEP_US + latency_us[steps]


def _lots(instrument: Instrument, count: int, dice: Dice) -> Integers:
    sizes = _SIZES[dice.below(len(_SIZES), count)] * instrument.typical_lots
    return 1 + sizes * dice.below(64, count) // 64
