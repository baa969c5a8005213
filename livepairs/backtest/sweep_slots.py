"""Where things stand in the flat arrays of a sweep: what its kernels share."""

from __future__ import annotations

from typing import Final

from livepairs.backtest.kernel_returns import LANES

STRETCH: Final = 8192
"""Bars that all sets go through before the next: few enough that what they read stays in the cache of a core."""

PAD: Final = 16
"""Bars after the last that may be read, and places after the tape's last that may be written: what a loop in steps of
a vector's length overshoots."""

# Parameter sets given, one after the other: set * SET_SLOTS + slot.
ENTRY: Final = 0
EXIT: Final = 1
STOP: Final = 2  # infinity: off; so too the next
MAX_HOLD: Final = 3
ENTRY_SIGNAL: Final = 4  # which signal enters
EXIT_SIGNAL: Final = 5  # which leaves a short spread; the next leaves a long one, and the one after ends a lock
SET_SLOTS: Final = 6

# Terms all sets share.
CAPITAL: Final = 0
FEE: Final = 1
DAILY: Final = 2  # 1 if nobody asks for per-bar returns
LAST_CLOSE: Final = 3  # of the legs Y and X at the last bar
TERM_SLOTS: Final = 5

# Fills, bar after bar: bar * FILL_SLOTS + slot. Slots of a leg come in pairs, Y then X. One bar more stands for the
# time after the last close, at which a position left over is closed.
PRICE: Final = 0
QTY: Final = 2  # signed units of a long spread that is filled in this bar
SLIP: Final = 4  # share of its notional that a fill in this bar loses
FILL_SLOTS: Final = 6

# Results of a set, one after the other: set * RESULT_SLOTS + slot. The kernel's memory begins with the same.
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
OFFSET: Final = 18  # where the set's spans begin
NEXT: Final = 19  # the bar at which the next entry may be decided
COUNT: Final = 20  # equities on the tape
LANE_SUMS: Final = 21  # as kernel_returns has them
LANE_SQUARES: Final = LANE_SUMS + LANES
TAPE: Final = LANE_SQUARES + LANES  # what was left on the tape
LOW_LANES: Final = TAPE + LANES  # scratch
HIGH_LANES: Final = LOW_LANES + LANES
MEMORY_SIZE: Final = HIGH_LANES + LANES

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
