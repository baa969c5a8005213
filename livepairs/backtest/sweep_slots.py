"""Where things stand in the flat arrays of a sweep: what its kernels share."""

from __future__ import annotations

from typing import Final

from livepairs.backtest.kernel_returns import LANES

PAD: Final = 16
"""Bars after the last that may be read, and marks after the last that may be written: what a loop in steps of a
vector's length overshoots."""

# Parameter sets given, one after the other: set * SET_SLOTS + slot.
EXIT: Final = 0
STOP: Final = 1  # infinity: off
ENTRY_SIGNAL: Final = 2  # which signal enters
EXIT_SIGNAL: Final = 3  # which leaves a short spread; the next leaves a long one, and the one after ends a lock
SET_SLOTS: Final = 4

# Terms all sets share.
CAPITAL: Final = 0
FEE: Final = 1
DAILY: Final = 2  # 1 if nobody asks for per-bar returns
LAST_CLOSE: Final = 3  # of the legs Y and X at the last bar
MAX_HOLD: Final = 5  # infinity: off
TERM_SLOTS: Final = 6

# Fills, bar after bar: bar * FILL_SLOTS + slot. Slots of a leg come in pairs, Y then X. One bar more stands for the
# time after the last close, at which a position left over is closed.
PRICE: Final = 0
QTY: Final = 2  # signed units of a long spread that is filled in this bar
SLIP: Final = 4  # share of its notional that a fill in this bar loses
FILL_SLOTS: Final = 6

# The position at hand. Slots of a leg come in pairs here too.
ENTER: Final = 0  # the bar it was filled in
SIDE: Final = 1
MARKED: Final = 2  # how many of its closes are marked
HELD_QTY: Final = 3
PAID: Final = 5
BOUGHT: Final = 7  # notional
FEE_PAID: Final = 9
SLIP_PAID: Final = 11
POSITION_SLOTS: Final = 13

# Ways out of it, one for each signal that leaves: signal * WAY_SLOTS + slot.
WAY_ENTER: Final = 0  # the position of which the rest holds, by its bar
WAY_LEAVE: Final = 1  # the bar it is closed in
WAY_NEXT: Final = 2  # the bar at which the next entry may be decided
WAY_REASON: Final = 3
WAY_NET: Final = 4
WAY_GROSS: Final = 5
WAY_FEES: Final = 6
WAY_SLIPPAGE: Final = 7
WAY_FUNDING: Final = 8
WAY_NOTIONAL: Final = 9  # of a leg, in and out
WAY_SLOTS: Final = 11

# Memory of a set, one after the other: set * MEMORY_SIZE + slot. First what are its results.
TRADES: Final = 0
WINS: Final = 1
GAINED: Final = 2
LOST: Final = 3
GROSS: Final = 4
FEES: Final = 5
SLIPPAGE: Final = 6
FUNDING: Final = 7
BARS: Final = 8
NOTIONAL: Final = 9
WORST: Final = 10
LOWEST: Final = 11
EQUITY: Final = 12
SUM: Final = 13  # of all per-bar equity returns, and of their squares
SQUARES: Final = 14
RESULT_SLOTS: Final = 15

REALISED: Final = 15
PEAK: Final = 16
SPAN: Final = 17  # the span being filled
LANE_SUMS: Final = 18  # as kernel_returns has them; what left positions goes to SUM and SQUARES at once
LANE_SQUARES: Final = LANE_SUMS + LANES
MEMORY_SIZE: Final = LANE_SQUARES + LANES

# Of each span of a set: (set * spans + span) * SPAN_SLOTS + slot.
LAST_EQUITY: Final = 0
SUM_SO_FAR: Final = 1  # since the first bar
SQUARES_SO_FAR: Final = 2
SPAN_SLOTS: Final = 3

# Trips of a single set: trip * TRIP_SLOTS + slot.
TRIP_ENTRY: Final = 0
TRIP_EXIT: Final = 1
TRIP_SIDE: Final = 2
TRIP_REASON: Final = 3
TRIP_SLOTS: Final = 4
