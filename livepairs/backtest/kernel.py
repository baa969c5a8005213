"""The state machine of one pair, bar after bar: fills, funding, marks and decisions.

This one source is the batch backtest, the paper trading on a stream and the sweep. It is plain scalar Python over
one-dimensional arrays, so that it gives the same bits compiled and interpreted, and its whole memory is the ``state``
vector, so that it gives the same bits in whatever slices the rows come. It allocates nothing and divides only by
prices and counts that are above zero.

Within a bar the order is: what was decided on the bar before is filled at the open; funding of the bar is settled;
equity is marked at the close; the next decision is taken. With fills at the close, funding comes before the fill.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from math import sqrt
from typing import Final

from livepairs.stats.compiled import kernel, part

__all__ = ["advance", "close_at_end"]

Numbers = MutableSequence[float]

MIN_CHANGES: Final = 30
"""Price changes needed before a Roll spread counts as measured."""

# Rows given, column after column: slot * rows + row.
TS: Final = 0
Z: Final = 1
HEDGE: Final = 2
READY: Final = 3
FILL: Final = 4  # slots of a leg come in pairs, Y then X, so that slot + leg is the leg's; here and below
BAR_CLOSE: Final = 6
BAR_STALE: Final = 8
ROW_SLOTS: Final = 10

# Funding events given, in order, column after column.
E_ROW: Final = 0  # the row of the bar it falls into; half a row less if it falls before that bar, into no bar
E_LEG: Final = 1
E_RATE: Final = 2
E_MARK: Final = 3  # NaN: the leg's last close
EVENT_SLOTS: Final = 4

# Marks returned, column after column.
EQUITY: Final = 0
POSITION: Final = 1
DRAWDOWN: Final = 2
MARK_SLOTS: Final = 3

# Parameters.
ENTRY: Final = 0
EXIT: Final = 1
STOP: Final = 2
MAX_HOLD: Final = 3
FEE: Final = 4
SLIP: Final = 5
CAPITAL: Final = 6
GROSS: Final = 7
AT_CLOSE: Final = 8
LEVEL: Final = 9
ROLL: Final = 10
PARAM_SLOTS: Final = 11

# State.
SIDE: Final = 0
PENDING: Final = 1  # 0 nothing, 1 or -1 enter that side, 2 leave
REASON: Final = 2
BETA: Final = 3
LOCKED: Final = 4
ROWS: Final = 5
REALISED: Final = 6
PEAK: Final = 7
PEAK_BEFORE: Final = 8
ENTRY_TS: Final = 9
ENTRY_ROW: Final = 10
LAST_TS: Final = 11
QTY: Final = 12
PAID: Final = 14
FEES: Final = 16
SLIPPAGE: Final = 18
FUNDING: Final = 20
STALE: Final = 22
CLOSE: Final = 24
CLOSE_STALE: Final = 26
CHANGE: Final = 28  # last relative change of a traded close, for Roll's measure
CHANGES: Final = 30
CHANGE_SUM: Final = 32
PRODUCT_SUM: Final = 34
TRADED: Final = 36  # last close of a bar with trades
STATE_SLOTS: Final = 38

# Reasons, as places in result.REASONS.
CAME_BACK: Final = 0
STOPPED: Final = 1
TIMED_OUT: Final = 2
DATA_ENDED: Final = 3

LEAVE: Final = 2.0
"""The value of PENDING that leaves."""

# Closed trades returned, one after the other: trade * TRADE_SLOTS + slot.
T_ENTRY_TS: Final = 0
T_EXIT_TS: Final = 1
T_SIDE: Final = 2
T_BARS: Final = 3
T_REASON: Final = 4
T_GROSS: Final = 5
T_FEES: Final = 6
T_SLIPPAGE: Final = 7
T_FUNDING: Final = 8
T_NET: Final = 9
T_QTY: Final = 10
T_ENTRY: Final = 12
T_EXIT: Final = 14
T_LEG_FEES: Final = 16
T_LEG_SLIPPAGE: Final = 18
T_LEG_FUNDING: Final = 20
T_LEG_GROSS: Final = 22
T_ENTRY_STALE: Final = 24
T_EXIT_STALE: Final = 26
TRADE_SLOTS: Final = 28


@kernel("f8[]", "f8[]", "f8[]", "f8[]", "f8[]", "f8[]")
def advance(state: Numbers, params: Numbers, rows: Numbers, events: Numbers, marks: Numbers, trades: Numbers) -> int:
    """Run the rows through the machine and return how many trades were closed.

    Parameters
    ----------
    state
        The machine's memory, ``(STATE_SLOTS,)``, changed in place.
    params
        ``(PARAM_SLOTS,)``; levels that are off are infinity.
    rows
        ``(ROW_SLOTS * n,)``, column after column.
    events
        Funding events of these rows, ``(EVENT_SLOTS * m,)``, in the order of time.
    marks
        Receives equity, position and drawdown, ``(MARK_SLOTS * n,)``.
    trades
        Receives the closed trades, at least ``(TRADE_SLOTS * (n // 2 + 1),)``: a trade takes two rows or more.
    """
    n = len(rows) // ROW_SLOTS
    event = 0
    closed = 0
    for i in range(n):
        # What fell before this bar or, with fills at the close, into it, meets the position there was until now.
        event = settle_funding(state, events, event, float(i) if params[AT_CLOSE] != 0.0 else i - 0.5)
        if state[PENDING] == LEAVE:
            leave(state, params, rows, i, trades, closed * TRADE_SLOTS)
            closed += 1
        elif state[PENDING] != 0.0:
            enter(state, params, rows, i)
        event = settle_funding(state, events, event, float(i))
        mark(state, params, rows, i, marks)
        decide(state, params, rows, i)
        state[ROWS] += 1.0
    return closed


@part
def settle_funding(state: Numbers, events: Numbers, event: int, row: float) -> int:
    """Book the funding events up to ``row`` on the position held, and return the first event after them."""
    m = len(events) // EVENT_SLOTS
    while event < m and events[E_ROW * m + event] <= row:
        if state[SIDE] != 0.0:
            leg = int(events[E_LEG * m + event])
            price = events[E_MARK * m + event]
            if price != price:
                price = state[CLOSE + leg]
            state[FUNDING + leg] -= state[QTY + leg] * price * events[E_RATE * m + event]
        event += 1
    return event


@part
def enter(state: Numbers, params: Numbers, rows: Numbers, i: int) -> None:
    """Fill the pending entry at row ``i``."""
    n = len(rows) // ROW_SLOTS
    side = state[PENDING]
    hedge = abs(state[BETA])
    y = rows[FILL * n + i]
    x = rows[(FILL + 1) * n + i]
    if params[LEVEL] != 0.0:
        qty_y = params[GROSS] / (y + hedge * x)
        qty_x = qty_y * hedge
    else:
        qty_y = params[GROSS] / (1.0 + hedge) / y
        qty_x = params[GROSS] * hedge / (1.0 + hedge) / x
    state[QTY] = side * qty_y
    state[QTY + 1] = side * qty_x if state[BETA] < 0.0 else -side * qty_x
    for leg in range(2):
        price = rows[(FILL + leg) * n + i]
        notional = abs(state[QTY + leg] * price)
        state[PAID + leg] = price
        state[FEES + leg] = notional * params[FEE]
        state[SLIPPAGE + leg] = notional * half_spread(state, params, leg)
        state[FUNDING + leg] = 0.0
        state[STALE + leg] = rows[(BAR_STALE + leg) * n + i]
    state[SIDE] = side
    state[PENDING] = 0.0
    state[ENTRY_TS] = rows[TS * n + i]
    state[ENTRY_ROW] = state[ROWS]


@part
def leave(state: Numbers, params: Numbers, rows: Numbers, i: int, trades: Numbers, at: int) -> None:
    """Fill the pending exit at row ``i`` and write the closed trade."""
    n = len(rows) // ROW_SLOTS
    for leg in range(2):
        trades[at + T_EXIT + leg] = rows[(FILL + leg) * n + i]
        trades[at + T_EXIT_STALE + leg] = rows[(BAR_STALE + leg) * n + i]
    trades[at + T_EXIT_TS] = rows[TS * n + i]
    trades[at + T_BARS] = state[ROWS] - state[ENTRY_ROW]
    book(state, params, trades, at)


@part
def book(state: Numbers, params: Numbers, trades: Numbers, at: int) -> None:
    """Complete a closed trade whose exit is written already, realise it and be flat."""
    for leg in range(2):
        qty = state[QTY + leg]
        price = trades[at + T_EXIT + leg]
        notional = abs(qty * price)
        trades[at + T_QTY + leg] = qty
        trades[at + T_ENTRY + leg] = state[PAID + leg]
        trades[at + T_ENTRY_STALE + leg] = state[STALE + leg]
        trades[at + T_LEG_FEES + leg] = state[FEES + leg] + notional * params[FEE]
        trades[at + T_LEG_SLIPPAGE + leg] = state[SLIPPAGE + leg] + notional * half_spread(state, params, leg)
        trades[at + T_LEG_FUNDING + leg] = state[FUNDING + leg]
        trades[at + T_LEG_GROSS + leg] = qty * (price - state[PAID + leg])
        state[QTY + leg] = 0.0
    gross = trades[at + T_LEG_GROSS] + trades[at + T_LEG_GROSS + 1]
    fees = trades[at + T_LEG_FEES] + trades[at + T_LEG_FEES + 1]
    slippage = trades[at + T_LEG_SLIPPAGE] + trades[at + T_LEG_SLIPPAGE + 1]
    funding = trades[at + T_LEG_FUNDING] + trades[at + T_LEG_FUNDING + 1]
    net = gross - fees - slippage + funding
    trades[at + T_GROSS] = gross
    trades[at + T_FEES] = fees
    trades[at + T_SLIPPAGE] = slippage
    trades[at + T_FUNDING] = funding
    trades[at + T_NET] = net
    trades[at + T_ENTRY_TS] = state[ENTRY_TS]
    trades[at + T_SIDE] = state[SIDE]
    trades[at + T_REASON] = state[REASON]
    state[REALISED] += net
    state[SIDE] = 0.0
    state[PENDING] = 0.0


@part
def half_spread(state: Numbers, params: Numbers, leg: int) -> float:
    """Return the slippage of a fill of that leg as a fraction of its notional."""
    count = state[CHANGES + leg]
    if params[ROLL] == 0.0 or count < MIN_CHANGES:
        return params[SLIP]
    mean = state[CHANGE_SUM + leg] / count
    covariance = state[PRODUCT_SUM + leg] / count - mean * mean
    if covariance >= 0.0:
        return params[SLIP]
    # Roll (1984): the spread is 2 sqrt(-cov) of successive changes, and a fill pays half of it.
    return sqrt(-covariance)


@part
def mark(state: Numbers, params: Numbers, rows: Numbers, i: int, marks: Numbers) -> None:
    """Write equity, position and drawdown at the close of row ``i`` and remember the close."""
    n = len(rows) // ROW_SLOTS
    for leg in range(2):
        close = rows[(BAR_CLOSE + leg) * n + i]
        stale = rows[(BAR_STALE + leg) * n + i]
        if params[ROLL] != 0.0 and stale == 0.0:
            measure_change(state, leg, close)
        state[CLOSE + leg] = close
        state[CLOSE_STALE + leg] = stale
    equity = params[CAPITAL] + state[REALISED] + open_pnl(state)
    state[PEAK_BEFORE] = state[PEAK]
    state[PEAK] = max(state[PEAK], equity)
    state[LAST_TS] = rows[TS * n + i]
    marks[EQUITY * n + i] = equity
    marks[POSITION * n + i] = state[SIDE]
    marks[DRAWDOWN * n + i] = equity / state[PEAK] - 1.0


@part
def open_pnl(state: Sequence[float]) -> float:
    """Return what the open position has made at the last close, costs so far included; 0 when flat."""
    if state[SIDE] == 0.0:
        return 0.0
    pnl = 0.0
    for leg in range(2):
        pnl += state[QTY + leg] * (state[CLOSE + leg] - state[PAID + leg])
        pnl += state[FUNDING + leg] - state[FEES + leg] - state[SLIPPAGE + leg]
    return pnl


@part
def measure_change(state: Numbers, leg: int, close: float) -> None:
    """Take the change to a traded close into the sums of Roll's measure."""
    before = state[TRADED + leg]
    if before > 0.0:
        change = close / before - 1.0
        if state[CHANGES + leg] > 0.0:
            state[PRODUCT_SUM + leg] += change * state[CHANGE + leg]
        state[CHANGE_SUM + leg] += change
        state[CHANGES + leg] += 1.0
        state[CHANGE + leg] = change
    state[TRADED + leg] = close


@part
def decide(state: Numbers, params: Numbers, rows: Numbers, i: int) -> None:
    """Decide at the close of row ``i`` what is filled in the next one."""
    n = len(rows) // ROW_SLOTS
    if rows[READY * n + i] == 0.0:
        return
    z = rows[Z * n + i]
    # Comparisons with a NaN z are false, so such a row opens nothing and only a time stop can close.
    if state[SIDE] != 0.0:
        decide_exit(state, params, z)
        return
    if abs(z) <= params[EXIT]:
        state[LOCKED] = 0.0
    beta = rows[HEDGE * n + i]
    if state[LOCKED] != 0.0 or beta - beta != 0.0:
        return
    if params[ENTRY] <= abs(z) < params[STOP]:
        state[PENDING] = -1.0 if z > 0.0 else 1.0
        state[BETA] = beta


@part
def decide_exit(state: Numbers, params: Numbers, z: float) -> None:
    """Decide whether the open position is left, and why: the stop goes before the return, and that before time."""
    if abs(z) >= params[STOP]:
        state[LOCKED] = 1.0
        state[REASON] = STOPPED
    elif (z <= params[EXIT]) if state[SIDE] < 0.0 else (z >= -params[EXIT]):
        state[REASON] = CAME_BACK
    elif state[ROWS] + 1.0 - state[ENTRY_ROW] >= params[MAX_HOLD]:
        state[REASON] = TIMED_OUT
    else:
        return
    state[PENDING] = LEAVE


@kernel("f8[]", "f8[]", "f8[]", "f8[]")
def close_at_end(state: Numbers, params: Numbers, marks: Numbers, trades: Numbers) -> int:
    """Close an open position at the last close, mark that bar anew, and return how many trades were closed."""
    if state[SIDE] == 0.0:
        return 0
    state[REASON] = DATA_ENDED
    for leg in range(2):
        trades[T_EXIT + leg] = state[CLOSE + leg]
        trades[T_EXIT_STALE + leg] = state[CLOSE_STALE + leg]
    trades[T_EXIT_TS] = state[LAST_TS]
    trades[T_BARS] = state[ROWS] - 1.0 - state[ENTRY_ROW]
    book(state, params, trades, 0)
    equity = params[CAPITAL] + state[REALISED]
    state[PEAK] = max(state[PEAK_BEFORE], equity)
    marks[EQUITY] = equity
    marks[POSITION] = 0.0
    marks[DRAWDOWN] = equity / state[PEAK] - 1.0
    return 1
