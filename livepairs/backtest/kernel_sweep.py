"""One pass over many parameter sets: trades, equity and moments of returns of each, and nothing kept that is per bar.

It keeps the rules of ``kernel.advance`` to the letter, but does not walk the bars. What a fill costs and buys, and what
funding a held unit pays, depends on the bar alone and not on the set, so it is laid out once (``market``). A set then
leaps from decision to decision over blocks of bars in which z stays within bounds, and only while it holds a position
is each bar's close looked at. What belongs to one fill lies side by side, so that it costs one line of cache.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from math import inf

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
from livepairs.backtest.kernel_sweep_book import hold, pass_spans
from livepairs.backtest.sweep_slots import (
    BLOCK,
    CAPITAL,
    ENTRY,
    EQUITY,
    EXIT,
    LOWEST,
    MAX_HOLD,
    MEMORY_SIZE,
    NEXT,
    OFFSET,
    PEAK,
    RESULT_SLOTS,
    SET_SLOTS,
    SPAN_SLOTS,
    STOP,
    STRETCH,
    TRADES,
    TRIP_ENTRY,
    TRIP_EXIT,
    TRIP_REASON,
    TRIP_SIDE,
    TRIP_SLOTS,
)
from livepairs.stats.compiled import kernel, part

__all__ = ["measure_slips", "run_sets", "summarise"]

Numbers = MutableSequence[float]


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
        pass_spans(memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE], edges, spans, end)
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
        hold(memory, terms, fills, worth, edges, spans, enter, min(leave, end - 1), side, leave == end)
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
