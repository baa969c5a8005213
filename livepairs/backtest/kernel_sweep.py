"""One pass over many parameter sets: trades, equity and moments of returns of each, and nothing kept that is per bar.

It keeps the rules of ``kernel.advance`` to the letter, but does not walk the bars. What a fill costs and buys, and what
funding a held unit pays, depends on the bar alone and not on the set, so it is laid out once (``market``). A set then
leaps from decision to decision over blocks of bars in which z stays within bounds, and only while it holds a position
is each bar's close looked at. What belongs to one fill lies side by side, so that it costs one line of cache.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from math import inf
from typing import Final

from livepairs.backtest.kernel import (
    BAR_CLOSE,
    BAR_STALE,
    CAME_BACK,
    DATA_ENDED,
    ROW_SLOTS,
    STOPPED,
    TIMED_OUT,
    half_spread,
    measure_change,
)
from livepairs.stats.compiled import kernel, part

__all__ = ["measure_slips", "run_sets", "summarise"]

Numbers = MutableSequence[float]

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


@kernel("f8[r]", "f8[]", releases_gil=True)
def summarise(z: Sequence[float], summary: Numbers) -> None:
    """Write the lowest and the highest z of each block, ``(2 * blocks,)``: all lows, then all highs; NaN is left out.

    A block without a z gets infinity and minus infinity.
    """
    blocks = len(summary) // 2
    for block in range(blocks):
        low = inf
        high = -inf
        for i in range(block * BLOCK, min((block + 1) * BLOCK, len(z))):
            value = z[i]
            low = value if value < low else low  # min and max treat NaN in their own ways
            high = value if value > high else high
        summary[block] = low
        summary[blocks + block] = high


@kernel(
    *("f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "i8[r]"),
    *("f8[]", "f8[]", "f8[]", "f8[]"),
    releases_gil=True,
    checks_division=False,
)
def run_sets(
    sets: Sequence[float],
    terms: Sequence[float],
    fills: Sequence[float],
    worth: Sequence[float],
    z: Sequence[float],
    entry_z: Sequence[float],
    ready: Sequence[float],
    summary: Sequence[float],
    edges: Sequence[int],
    memory: Numbers,
    results: Numbers,
    spans: Numbers,
    trips: Numbers,
) -> None:
    """Run every set over the same bars.

    Parameters
    ----------
    sets, terms, fills
        See the slots above.
    worth
        Closes less the funding a unit held since ever has paid by then, ``(2 * n,)``: Y and X of each bar in turn.
    z, entry_z
        What is decided on, ``(n,)``; NaN where the row is not ready, and for entries where there is no hedge ratio.
    ready
        1 where the row is ready, else 0, ``(n,)``.
    summary
        What ``summarise`` wrote of ``z``.
    edges
        First bar, then the end of each span, exclusive and rising. Trading begins flat at the first and what is open
        is closed at the last bar before the end.
    memory
        Scratch, ``(MEMORY_SIZE * sets,)``.
    results, spans
        Receive the results, ``(RESULT_SLOTS * sets,)`` and ``(SPAN_SLOTS * spans * sets,)``.
    trips
        Receives entry bar, exit bar, side and reason of each trade, as far as there is room; empty with several sets.
    """
    end = edges[len(edges) - 1]
    count = len(sets) // SET_SLOTS
    for at in range(count):
        offset = at * (len(edges) - 1) * SPAN_SLOTS
        _start(memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE], terms, offset, edges[0])
    for stretch in range(edges[0], end, STRETCH):
        for at in range(count):
            _trade(
                memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE],
                sets[at * SET_SLOTS : (at + 1) * SET_SLOTS],
                terms,
                fills,
                worth,
                z,
                entry_z,
                ready,
                summary,
                edges,
                spans,
                trips,
                min(stretch + STRETCH, end),
            )
    for at in range(count):
        _pass_spans(memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE], edges, spans, end)
        for slot in range(RESULT_SLOTS):
            results[at * RESULT_SLOTS + slot] = memory[at * MEMORY_SIZE + slot]


@part
def _trade(
    memory: Numbers,
    rules: Sequence[float],
    terms: Sequence[float],
    fills: Sequence[float],
    worth: Sequence[float],
    z: Sequence[float],
    entry_z: Sequence[float],
    ready: Sequence[float],
    summary: Sequence[float],
    edges: Sequence[int],
    spans: Numbers,
    trips: Numbers,
    until: int,
) -> None:
    """Make every trade of a set that is decided before bar ``until``; the last may run beyond it."""
    end = edges[len(edges) - 1]
    back = rules[EXIT]
    stop = rules[STOP]
    bar = int(memory[NEXT])
    while bar < until:
        enter = _next_entry(entry_z, summary, bar, until, rules[ENTRY], stop) + 1
        if enter > until or enter == end:
            bar = until
            break
        side = -1.0 if z[enter - 1] > 0.0 else 1.0
        decided = _next_exit(z, ready, summary, enter, end, back, stop, enter + rules[MAX_HOLD] - 1.0, side)
        leave = min(decided + 1, end)
        reason = DATA_ENDED if leave == end else _reason(z[decided], back, stop, side)
        trip = int(memory[TRADES]) * TRIP_SLOTS
        if trip + TRIP_SLOTS <= len(trips):
            trips[trip + TRIP_ENTRY] = enter
            trips[trip + TRIP_EXIT] = min(leave, end - 1)
            trips[trip + TRIP_SIDE] = side
            trips[trip + TRIP_REASON] = reason
        _hold(memory, terms, fills, worth, edges, spans, enter, min(leave, end - 1), side, leave == end)
        bar = _next_calm(z, summary, leave, end, back) if reason == STOPPED else leave
    memory[NEXT] = bar


@part
def _start(memory: Numbers, terms: Sequence[float], offset: int, bar: int) -> None:
    for slot in range(MEMORY_SIZE):
        memory[slot] = 0.0
    memory[PEAK] = terms[CAPITAL]
    memory[EQUITY] = terms[CAPITAL]
    memory[LOWEST] = terms[CAPITAL]
    memory[OFFSET] = offset
    memory[NEXT] = bar


@part
def _next_entry(
    entry_z: Sequence[float], summary: Sequence[float], bar: int, end: int, level: float, stop: float
) -> int:
    """Return the first bar from ``bar`` on that decides to enter, or ``end``."""
    blocks = len(summary) // 2
    while bar < end:
        block = bar // BLOCK
        after = min((block + 1) * BLOCK, end)
        if summary[block] <= -level or summary[blocks + block] >= level:
            for i in range(bar, after):
                if level <= abs(entry_z[i]) < stop:
                    return i
        bar = after
    return end


@part
def _next_exit(
    z: Sequence[float],
    ready: Sequence[float],
    summary: Sequence[float],
    bar: int,
    end: int,
    back: float,
    stop: float,
    late: float,
    side: float,
) -> int:
    """Return the first bar from ``bar``, that of the entry, on that decides to leave, or ``end``."""
    blocks = len(summary) // 2
    while bar < end:
        block = bar // BLOCK
        after = min((block + 1) * BLOCK, end)
        # A short spread is seen as it is, and a long one in the mirror.
        low = summary[block] if side < 0.0 else -summary[blocks + block]
        high = summary[blocks + block] if side < 0.0 else -summary[block]
        if low <= back or high >= stop or after > late:
            for i in range(bar, after):
                value = -side * z[i]
                if value <= back or value >= stop or (i >= late and ready[i] != 0.0):
                    return i
        bar = after
    return end


@part
def _reason(z: float, back: float, stop: float, side: float) -> int:
    if abs(z) >= stop:
        return STOPPED
    return CAME_BACK if -side * z <= back else TIMED_OUT


@part
def _next_calm(z: Sequence[float], summary: Sequence[float], bar: int, end: int, back: float) -> int:
    """Return the first bar from ``bar`` on at which z is back after a stop, or ``end``."""
    blocks = len(summary) // 2
    while bar < end:
        block = bar // BLOCK
        after = min((block + 1) * BLOCK, end)
        if summary[block] <= back and summary[blocks + block] >= -back:
            for i in range(bar, after):
                if abs(z[i]) <= back:
                    return i
        bar = after
    return end


@part
def _hold(
    memory: Numbers,
    terms: Sequence[float],
    fills: Sequence[float],
    worth: Sequence[float],
    edges: Sequence[int],
    spans: Numbers,
    enter: int,
    leave: int,
    side: float,
    is_end: bool,
) -> None:
    """Hold a position that is filled at ``enter`` and marked as flat at ``leave``, and book it."""
    _pass_spans(memory, edges, spans, enter)
    at = enter * FILL_SLOTS
    base = memory[EQUITY]
    for leg in range(2):
        qty = side * fills[at + QTY + leg]
        paid = fills[at + PRICE + leg]
        cost = abs(qty * paid)
        memory[HELD + leg] = qty
        base -= qty * (paid - fills[at + DUE + leg])
        base -= cost * terms[FEE] + cost * fills[at + SLIP + leg]
    memory[BASE] = base
    _watch(memory, worth, edges, spans, enter, leave)
    _book(memory, terms, fills, enter, leave, is_end)
    _pass_spans(memory, edges, spans, leave)
    before = memory[EQUITY]
    equity = terms[CAPITAL] + memory[REALISED]
    made = (equity - before) / (before if before != 0.0 else 1.0)
    memory[TOTAL] += made
    memory[TOTAL_SQUARES] += made * made
    memory[EQUITY] = equity
    _see(memory, equity)


@part
def _watch(
    memory: Numbers, worth: Sequence[float], edges: Sequence[int], spans: Numbers, enter: int, leave: int
) -> None:
    """Take the returns and the drawdown of the closes from ``enter`` to before ``leave``."""
    base = memory[BASE]
    qty_y = memory[HELD]
    qty_x = memory[HELD + 1]
    low = memory[EQUITY]
    high = low
    bar = enter
    while bar < leave:
        _pass_spans(memory, edges, spans, bar)
        after = min(leave, edges[int(memory[SPAN]) + 1])
        before = memory[EQUITY]
        total = 0.0
        squares = 0.0
        held = worth[2 * bar : 2 * after]
        for k in range(after - bar):
            equity = base + qty_y * held[2 * k] + qty_x * held[2 * k + 1]
            made = (equity - before) / (before if before != 0.0 else 1.0)
            total += made
            squares += made * made
            high = equity if equity > high else high  # this form becomes one instruction
            low = equity if equity < low else low
            before = equity
        memory[TOTAL] += total
        memory[TOTAL_SQUARES] += squares
        memory[EQUITY] = before
        bar = after
    if high <= memory[PEAK]:
        # The peak stood still, so the deepest drawdown is where the equity was lowest.
        _see(memory, low)
    elif low / high - 1.0 >= memory[WORST]:
        memory[PEAK] = high
        memory[LOWEST] = min(memory[LOWEST], low)
    else:
        for i in range(enter, leave):
            _see(memory, base + qty_y * worth[2 * i] + qty_x * worth[2 * i + 1])


@part
def _see(memory: Numbers, equity: float) -> None:
    """Bring peak, worst drawdown and lowest equity up to date."""
    peak = max(memory[PEAK], equity)
    memory[PEAK] = peak
    memory[WORST] = min(memory[WORST], equity / peak - 1.0)
    memory[LOWEST] = min(memory[LOWEST], equity)


@part
def _book(
    memory: Numbers, terms: Sequence[float], fills: Sequence[float], enter: int, leave: int, is_end: bool
) -> None:
    """Realise the trade: leg by leg in the very steps of ``kernel.book``, so that the money has the same bits."""
    gross = 0.0
    fees = 0.0
    slippage = 0.0
    funding = 0.0
    at = enter * FILL_SLOTS
    # Closed at the end, it leaves at the close, with the slippage measured by then.
    out = (leave + 1 if is_end else leave) * FILL_SLOTS
    for leg in range(2):
        qty = memory[HELD + leg]
        paid = fills[at + PRICE + leg]
        price = terms[LAST_CLOSE + leg] if is_end else fills[out + PRICE + leg]
        owed = terms[LAST_OWED + leg] if is_end else fills[out + DUE + leg]
        bought = abs(qty * paid)
        sold = abs(qty * price)
        gross += qty * (price - paid)
        fees += bought * terms[FEE] + sold * terms[FEE]
        slippage += bought * fills[at + SLIP + leg] + sold * fills[out + SLIP + leg]
        funding -= qty * (owed - fills[at + DUE + leg])
        memory[NOTIONAL] += bought + sold
    net = gross - fees - slippage + funding
    memory[REALISED] += net
    memory[TRADES] += 1.0
    memory[GROSS] += gross
    memory[FEES] += fees
    memory[SLIPPAGE] += slippage
    memory[FUNDING] += funding
    memory[BARS] += leave - enter
    if net > 0.0:
        memory[WINS] += 1.0
        memory[GAINED] += net
    else:
        memory[LOST] -= net


@part
def _pass_spans(memory: Numbers, edges: Sequence[int], spans: Numbers, bar: int) -> None:
    """Complete the spans that end at or before ``bar``."""
    span = int(memory[SPAN])
    while span + 1 < len(edges) and edges[span + 1] <= bar:
        at = int(memory[OFFSET]) + span * SPAN_SLOTS
        spans[at + LAST_EQUITY] = memory[EQUITY]
        spans[at + SUM] = memory[TOTAL]
        spans[at + SQUARES] = memory[TOTAL_SQUARES]
        memory[TOTAL] = 0.0
        memory[TOTAL_SQUARES] = 0.0
        span += 1
        memory[SPAN] = span


@kernel("f8[]", "f8[r]", "f8[]", "f8[]", releases_gil=True)
def measure_slips(params: Numbers, rows: Sequence[float], state: Numbers, slips: Numbers) -> None:
    """Write what share of its notional a fill in each bar loses, ``(2 * (bars + 1),)``: all of Y, then all of X.

    Parameters
    ----------
    params, rows, state
        As ``kernel.advance`` takes them; ``state`` is new.
    slips
        Receives the shares; the last of a leg is that of a position closed after the last bar.
    """
    bars = len(rows) // ROW_SLOTS
    for leg in range(2):
        for i in range(bars):
            slips[leg * (bars + 1) + i] = half_spread(state, params, leg)
            if rows[(BAR_STALE + leg) * bars + i] == 0.0:
                measure_change(state, leg, rows[(BAR_CLOSE + leg) * bars + i])
        slips[leg * (bars + 1) + bars] = half_spread(state, params, leg)
