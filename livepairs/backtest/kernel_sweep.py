"""One pass over many parameter sets: trades, equity and sums of returns of each, and nothing kept that is per bar.

It keeps the rules of ``kernel.advance`` to the letter and its money to the bit, but does not walk the bars. What a fill
costs and buys depends on the bar alone and not on the set, so it is laid out once (``market``). A set then leaps from
decision to decision by signals (``signals``), and only while it holds a position is each bar's close looked at.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

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
from livepairs.backtest.kernel_signals import next_bar
from livepairs.backtest.kernel_sweep_book import (
    QUEUE,
    hold,
    hold_all,
    pass_spans,
    rewind,
    settle_tape,
    store_tape,
)
from livepairs.backtest.sweep_slots import (
    CAPITAL,
    COUNT,
    ENTRY_SIGNAL,
    EQUITY,
    EXIT,
    EXIT_SIGNAL,
    LOWEST,
    MAX_HOLD,
    MEMORY_SIZE,
    NEXT,
    OFFSET,
    PEAK,
    RESULT_SLOTS,
    SET_SLOTS,
    SPAN,
    SPAN_SLOTS,
    STOP,
    STRETCH,
    TAPE,
    TRADES,
    TRIP_ENTRY,
    TRIP_EXIT,
    TRIP_REASON,
    TRIP_SIDE,
    TRIP_SLOTS,
)
from livepairs.stats.compiled import kernel, part

__all__ = ["measure_slips", "run_sets"]

Numbers = MutableSequence[float]


@kernel(
    *("f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "i8[r]", "i8[r]", "i8[r]", "i8[r]"),
    *("f8[]", "f8[]", "i8[]", "f8[]", "f8[]", "f8[]", "f8[]"),
    releases_gil=True,
    checks_division=False,
)
def run_sets(
    sets: Sequence[float],
    terms: Sequence[float],
    fills: Sequence[float],
    closes: Sequence[float],
    events: Sequence[float],
    z: Sequence[float],
    words: Sequence[int],
    places: Sequence[int],
    settled: Sequence[int],
    edges: Sequence[int],
    memory: Numbers,
    tape: Numbers,
    queue: MutableSequence[int],
    money: Numbers,
    results: Numbers,
    spans: Numbers,
    trips: Numbers,
) -> None:
    """Run every set over the same bars.

    Parameters
    ----------
    sets, terms, fills
        See the slots.
    closes
        Of Y, then of X, each with ``PAD`` more.
    events, settled
        As ``market.Market`` has them.
    z
        What is decided on, ``(n,)``; NaN where the row is not ready.
    words, places
        Signals and the table to read them by, as ``kernel_signals`` has them.
    edges
        First bar, then the end of each span, exclusive and rising. Trading begins flat at the first and what is open
        is closed at the last bar before the end.
    memory, tape, queue, money
        Scratch: ``(MEMORY_SIZE * sets,)``, ``(n + LANES + 2 * PAD,)``, ``(3 * QUEUE,)`` and
        ``(MONEY_SLOTS * QUEUE + 1,)``.
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
            own = memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE]
            rewind(own, tape)
            _trade(
                own,
                sets[at * SET_SLOTS : (at + 1) * SET_SLOTS],
                terms,
                fills,
                closes,
                events,
                z,
                words,
                places,
                settled,
                edges,
                tape,
                queue,
                money,
                spans,
                trips,
                min(stretch + STRETCH, end),
            )
            store_tape(own, terms, tape)
    for at in range(count):
        own = memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE]
        rewind(own, tape)
        pass_spans(own, terms, edges, tape, spans, end)
        settle_tape(own, tape)
        for slot in range(RESULT_SLOTS):
            results[at * RESULT_SLOTS + slot] = own[slot]


@part
def _trade(
    memory: Numbers,
    rules: Sequence[float],
    terms: Sequence[float],
    fills: Sequence[float],
    closes: Sequence[float],
    events: Sequence[float],
    z: Sequence[float],
    words: Sequence[int],
    places: Sequence[int],
    settled: Sequence[int],
    edges: Sequence[int],
    tape: Numbers,
    queue: MutableSequence[int],
    money: Numbers,
    spans: Numbers,
    trips: Numbers,
    until: int,
) -> None:
    """Make every trade of a set that is decided before bar ``until``; the last may run beyond it."""
    end = edges[len(edges) - 1]
    length = len(z) // 32 + 1
    enters = int(rules[ENTRY_SIGNAL]) * length
    leaves = int(rules[EXIT_SIGNAL]) * length
    bar = int(memory[NEXT])
    while bar < until:
        many = 0
        enter = 0
        out = 0
        side = 0.0
        is_alone = False
        is_end = False
        while bar < until and many < QUEUE and not is_alone:
            enter = next_bar(words, places, enters, bar, until) + 1
            if enter > until or enter == end:
                bar = until
                break
            side = -1.0 if z[enter - 1] > 0.0 else 1.0
            decided = next_bar(words, places, leaves if side < 0.0 else leaves + length, enter, end)
            late = enter + rules[MAX_HOLD] - 1.0
            if late < decided:
                decided = min(decided, next_bar(words, places, 0, int(late), end))
            leave = min(decided + 1, end)
            is_end = leave == end
            out = min(leave, end - 1)
            reason = DATA_ENDED if is_end else _reason(z[decided], rules[EXIT], rules[STOP], side)
            trip = (int(memory[TRADES]) + many) * TRIP_SLOTS
            if trip + TRIP_SLOTS <= len(trips):
                trips[trip + TRIP_ENTRY] = enter
                trips[trip + TRIP_EXIT] = out
                trips[trip + TRIP_SIDE] = side
                trips[trip + TRIP_REASON] = reason
            bar = next_bar(words, places, leaves + 2 * length, leave, end) if reason == STOPPED else leave
            if leave < min(end, edges[int(memory[SPAN]) + 1]) and (
                len(settled) == 0 or settled[2 * enter] == settled[2 * leave]
            ):
                queue[3 * many] = enter
                queue[3 * many + 1] = leave
                queue[3 * many + 2] = -1 if side < 0.0 else 1
                many += 1
            else:
                is_alone = True
        hold_all(memory, terms, fills, closes, tape, queue, many, money)
        if is_alone:
            hold(memory, terms, fills, closes, events, settled, edges, tape, spans, enter, out, side, is_end)
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
    memory[COUNT] = 1.0
    memory[TAPE] = terms[CAPITAL]


@part
def _reason(z: float, back: float, stop: float, side: float) -> int:
    if abs(z) >= stop:
        return STOPPED
    return CAME_BACK if -side * z <= back else TIMED_OUT


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
