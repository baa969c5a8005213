"""Where things stand in the flat arrays of a sweep: what ``kernel_sweep`` and ``kernel_sweep_book`` share."""

from __future__ import annotations

from typing import Final

BLOCK: Final = 16
"""Bars in a block of the summary."""

STRETCH: Final = 4096
"""Bars that all sets go through before the next: few enough that what they read stays in the cache of a core."""

# Parameter sets given, one after the other: set * SET_SLOTS + slot.
ENTRY: Final = 0
EXIT: Final = 1
STOP: Final = 2  # infinity: off; so too the next
MAX_HOLD: Final = 3
SET_SLOTS: Final = 4

# Terms all sets share.
CAPITAL: Final = 0
FEE: Final = 1
LAST_CLOSE: Final = 2  # of the legs Y and X at the last bar, here and below
LAST_OWED: Final = 4
TERM_SLOTS: Final = 6

# Fills, bar after bar: bar * FILL_SLOTS + slot. Slots of a leg come in pairs, Y then X. One bar more stands for the
# time after the last close, at which a position left over is closed.
PRICE: Final = 0
QTY: Final = 2  # signed units of a long spread that is filled in this bar
SLIP: Final = 4  # share of its notional that a fill in this bar loses
DUE: Final = 6  # funding that a unit held since ever has paid before a fill in this bar
FILL_SLOTS: Final = 8

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
EQUITY: Final = 12  # before the end: at the last close looked at
RESULT_SLOTS: Final = 13

REALISED: Final = 13
PEAK: Final = 14
SPAN: Final = 15  # the span being filled
TOTAL: Final = 16  # its sum of per-bar equity returns, and of their squares
TOTAL_SQUARES: Final = 17
BASE: Final = 18  # equity of the open position were both legs worth nothing
HELD: Final = 19  # signed units of Y and X
OFFSET: Final = 21  # where the set's spans begin
NEXT: Final = 22  # the bar at which the next entry may be decided
MEMORY_SIZE: Final = 23

# Of each span of a set: (set * spans + span) * SPAN_SLOTS + slot.
LAST_EQUITY: Final = 0
SUM: Final = 1
SQUARES: Final = 2
SPAN_SLOTS: Final = 3

# Trips of a single set: trip * TRIP_SLOTS + slot.
TRIP_ENTRY: Final = 0
TRIP_EXIT: Final = 1
TRIP_SIDE: Final = 2
TRIP_REASON: Final = 3
TRIP_SLOTS: Final = 4
