"""One position of a sweep, for all the sets that hold it: what its fills cost, what it made at each close, and the
ways out of it.

Which bar a position is filled in says everything about it but when it is left. So it is worked out once, however many
sets hold it, in the very steps of ``kernel``, so that money has its bits.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from livepairs.backtest.kernel import E_LEG, E_MARK, E_RATE, E_ROW, EVENT_SLOTS
from livepairs.backtest.sweep_slots import (
    BOUGHT,
    ENTER,
    FEE,
    FEE_PAID,
    FILL_SLOTS,
    HELD_QTY,
    LAST_CLOSE,
    MARKED,
    PAD,
    PAID,
    PRICE,
    QTY,
    SIDE,
    SLIP,
    SLIP_PAID,
    WAY_FEES,
    WAY_FUNDING,
    WAY_GROSS,
    WAY_NET,
    WAY_NOTIONAL,
    WAY_SLIPPAGE,
)
from livepairs.stats.compiled import part

__all__ = ["close_position", "extend_marks", "open_position"]

Numbers = MutableSequence[float]


@part
def open_position(position: Numbers, terms: Sequence[float], fills: Sequence[float], enter: int, side: float) -> None:
    """Fill a position in bar ``enter``."""
    at = enter * FILL_SLOTS
    position[ENTER] = enter
    position[SIDE] = side
    position[MARKED] = 0.0
    for leg in range(2):
        qty = side * fills[at + QTY + leg]
        price = fills[at + PRICE + leg]
        bought = abs(qty * price)
        position[HELD_QTY + leg] = qty
        position[PAID + leg] = price
        position[BOUGHT + leg] = bought
        position[FEE_PAID + leg] = bought * terms[FEE]
        position[SLIP_PAID + leg] = bought * fills[at + SLIP + leg]


@part
def close_position(
    way: Numbers,
    position: Sequence[float],
    terms: Sequence[float],
    fills: Sequence[float],
    events: Sequence[float],
    settled: Sequence[int],
    leave: int,
    is_end: bool,
) -> None:
    """Write the money of a position closed in bar ``leave``: at its fill or, if the data ends, at its close."""
    # Closed at the end, it leaves at the close, with the slippage measured by then.
    out = (leave + 1 if is_end else leave) * FILL_SLOTS
    last = 0
    if len(settled) > 0:
        last = settled[2 * leave + 1] if is_end else settled[2 * leave]
    gross = 0.0
    fees = 0.0
    slippage = 0.0
    funding = 0.0
    for leg in range(2):
        price = terms[LAST_CLOSE + leg] if is_end else fills[out + PRICE + leg]
        sold = abs(position[HELD_QTY + leg] * price)
        gross += position[HELD_QTY + leg] * (price - position[PAID + leg])
        fees += position[FEE_PAID + leg] + sold * terms[FEE]
        slippage += position[SLIP_PAID + leg] + sold * fills[out + SLIP + leg]
        funding += _receive(position, events, settled, last, leg)
        way[WAY_NOTIONAL + leg] = position[BOUGHT + leg] + sold
    way[WAY_NET] = gross - fees - slippage + funding
    way[WAY_GROSS] = gross
    way[WAY_FEES] = fees
    way[WAY_SLIPPAGE] = slippage
    way[WAY_FUNDING] = funding


@part
def _receive(position: Sequence[float], events: Sequence[float], settled: Sequence[int], last: int, leg: int) -> float:
    """Return the funding of a leg from the fill to before event ``last``, in the order of time."""
    received = 0.0
    if len(settled) == 0:
        return received
    m = len(events) // EVENT_SLOTS
    for k in range(settled[2 * int(position[ENTER])], last):
        if events[E_LEG * m + k] == leg:
            received -= position[HELD_QTY + leg] * events[E_MARK * m + k] * events[E_RATE * m + k]
    return received


@part
def extend_marks(
    position: Numbers,
    closes: Sequence[float],
    events: Sequence[float],
    settled: Sequence[int],
    marks: Numbers,
    until: int,
) -> None:
    """Mark the position at its closes before bar ``until``, as far as they are not marked yet.

    ``marks`` holds three rows: what the position has made, costs so far included, nothing at first and then at each
    close; the lowest of that so far; and the highest.
    """
    enter = int(position[ENTER])
    room = len(marks) // 3
    marks[0] = 0.0
    bar = enter + int(position[MARKED])
    while bar < until:
        piece = until
        received_y = 0.0
        received_x = 0.0
        if len(settled) > 0:
            last = settled[2 * bar + 1]
            received_y = _receive(position, events, settled, last, 0)
            received_x = _receive(position, events, settled, last, 1)
            piece = min(until, _next_event(events, last, until))
        own_y = received_y - position[FEE_PAID] - position[SLIP_PAID]
        own_x = received_x - position[FEE_PAID + 1] - position[SLIP_PAID + 1]
        _mark(position, closes, own_y, own_x, bar, piece, marks[bar - enter + 1 : room])
        bar = piece
    done = int(position[MARKED])
    count = until - enter
    if count > done:
        low = marks[room + done] if done > 0 else marks[1]
        high = marks[2 * room + done] if done > 0 else marks[1]
        lows = marks[room + done + 1 : room + count + 1]
        highs = marks[2 * room + done + 1 : 2 * room + count + 1]
        _bound(marks[done + 1 : count + 1], lows, highs, low, high)
        position[MARKED] = count


@part
def _next_event(events: Sequence[float], event: int, until: int) -> int:
    """Return the bar of an event, or ``until`` if it does not come before."""
    m = len(events) // EVENT_SLOTS
    if event >= m or events[E_ROW * m + event] > until:
        return until
    # Half a row less is an event before its bar.
    return int(events[E_ROW * m + event] + 0.5)


@part
def _mark(
    position: Sequence[float],
    closes: Sequence[float],
    own_y: float,
    own_x: float,
    bar: int,
    until: int,
    marks: Numbers,
) -> None:
    """Write what the position has made at the closes from ``bar`` to before ``until``: ``kernel.open_pnl`` by steps."""
    # Steps of a vector's length, with no rest; what goes beyond is written over by what comes next.
    steps = (until - bar + PAD - 1) // PAD * PAD
    y = closes[bar : bar + steps]
    x = closes[len(closes) // 2 + bar : len(closes) // 2 + bar + steps]
    made = marks[:steps]
    qty_y = position[HELD_QTY]
    qty_x = position[HELD_QTY + 1]
    paid_y = position[PAID]
    paid_x = position[PAID + 1]
    for k in range(steps):
        made[k] = ((qty_y * (y[k] - paid_y) + own_y) + qty_x * (x[k] - paid_x)) + own_x


@part
def _bound(marks: Sequence[float], lows: Numbers, highs: Numbers, low: float, high: float) -> None:
    """Write the lowest and the highest so far at each of some closes, going on from those before."""
    for k in range(len(marks)):
        low = min(low, marks[k])
        high = max(high, marks[k])
        lows[k] = low
        highs[k] = high
