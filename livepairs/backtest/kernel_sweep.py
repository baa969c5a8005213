"""One pass over many parameter sets: trades, equity and sums of returns of each, and nothing kept that is per bar.

It keeps the rules of ``kernel.advance`` to the letter and its money to the bit, but does not walk the bars. What a fill
costs and buys depends on the bar alone and not on the set, so it is laid out once (``market``). A set leaps from
decision to decision by signals (``signals``). Sets that wait for the same bar to enter hold the same position there, so
it is marked once for all of them (``kernel_sweep_position``), and each books it with the equity it has come to
(``kernel_sweep_book``).
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
from livepairs.backtest.kernel_signals import WORD, next_bar
from livepairs.backtest.kernel_sweep_book import book_trade, close_book, open_book
from livepairs.backtest.kernel_sweep_position import close_position, extend_marks, open_position
from livepairs.backtest.sweep_slots import (
    ENTER,
    ENTRY_SIGNAL,
    EXIT,
    EXIT_SIGNAL,
    MAX_HOLD,
    MEMORY_SIZE,
    SET_SLOTS,
    SIDE,
    SPAN_SLOTS,
    STOP,
    TRADES,
    TRIP_ENTRY,
    TRIP_EXIT,
    TRIP_REASON,
    TRIP_SIDE,
    TRIP_SLOTS,
    WAY_ENTER,
    WAY_LEAVE,
    WAY_NEXT,
    WAY_REASON,
    WAY_SLOTS,
)
from livepairs.stats.compiled import kernel, part

__all__ = ["measure_slips", "run_sets"]

Numbers = MutableSequence[float]
Counts = MutableSequence[int]


@kernel(
    *("f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "f8[r]", "i8[r]", "i8[r]", "i8[r]", "i8[r]", "f8[r]"),
    *("i8[]", "i8[]", "f8[]", "f8[]", "f8[]", "f8[]", "f8[]", "f8[]", "f8[]"),
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
    weights: Sequence[float],
    heads: Counts,
    chain: Counts,
    position: Numbers,
    marks: Numbers,
    lanes: Numbers,
    ways: Numbers,
    memory: Numbers,
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
    weights
        ``kernel_returns.WEIGHTS``.
    heads, chain
        Scratch: which set waits to enter in each bar, ``(n,)``, and which other set waits with a set, ``(sets,)``; a
        set's place plus one, or zero. Zeros to begin with.
    position, marks, lanes, ways
        Scratch: ``(POSITION_SLOTS,)``, ``(3 * (n + 2 * PAD),)``, ``(2 * kernel_returns.LANES,)`` and
        ``(WAY_SLOTS * signals,)``; marks and ways are zeros to begin with.
    memory, spans
        Receive the results, ``(MEMORY_SIZE * sets,)`` and ``(SPAN_SLOTS * spans * sets,)``.
    trips
        Receives entry bar, exit bar, side and reason of each trade, as far as there is room; empty with several sets.
    """
    end = edges[len(edges) - 1]
    count = len(sets) // SET_SLOTS
    width = (len(edges) - 1) * SPAN_SLOTS
    for at in range(count):
        open_book(memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE], terms)
        _wait(sets, words, places, heads, chain, at, edges[0], end)
    for enter in range(edges[0] + 1, end):
        waiting = heads[enter]
        if waiting == 0:
            continue
        open_position(position, terms, fills, enter, -1.0 if z[enter - 1] > 0.0 else 1.0)
        while waiting != 0:
            at = waiting - 1
            waiting = chain[at]
            own = memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE]
            signal = int(sets[at * SET_SLOTS + EXIT_SIGNAL])
            way = ways[signal * WAY_SLOTS : (signal + 1) * WAY_SLOTS]
            if way[WAY_ENTER] != enter:
                rules = sets[at * SET_SLOTS : (at + 1) * SET_SLOTS]
                _find_way(way, rules, position, terms, z, words, places, end)
                extend_marks(position, closes, events, settled, marks, int(way[WAY_LEAVE]))
                is_end = way[WAY_REASON] == DATA_ENDED
                close_position(way, position, terms, fills, events, settled, int(way[WAY_LEAVE]), is_end)
            _note(own, way, position, trips)
            book_trade(own, way, position, terms, edges, marks, weights, lanes, spans[at * width : (at + 1) * width])
            _wait(sets, words, places, heads, chain, at, int(way[WAY_NEXT]), end)
    for at in range(count):
        own = memory[at * MEMORY_SIZE : (at + 1) * MEMORY_SIZE]
        close_book(own, terms, edges, marks, weights, lanes, spans[at * width : (at + 1) * width])


@part
def _wait(
    sets: Sequence[float],
    words: Sequence[int],
    places: Sequence[int],
    heads: Counts,
    chain: Counts,
    at: int,
    bar: int,
    end: int,
) -> None:
    """Put a set where it enters next, if it decides to from ``bar`` on; the last bar's decision is never filled."""
    signal = int(sets[at * SET_SLOTS + ENTRY_SIGNAL]) * _length(heads)
    enter = next_bar(words, places, signal, bar, end) + 1
    if enter < end:
        chain[at] = heads[enter]
        heads[enter] = at + 1


@part
def _length(bars: Sequence[int]) -> int:
    """Return how many words a signal has."""
    return len(bars) // WORD + 1


@part
def _find_way(
    way: Numbers,
    rules: Sequence[float],
    position: Sequence[float],
    terms: Sequence[float],
    z: Sequence[float],
    words: Sequence[int],
    places: Sequence[int],
    end: int,
) -> None:
    """Find where a position is left by the rules of a set, why, and from when on the set may enter again."""
    length = len(z) // WORD + 1
    enter = int(position[ENTER])
    side = position[SIDE]
    leaves = int(rules[EXIT_SIGNAL]) * length
    decided = next_bar(words, places, leaves if side < 0.0 else leaves + length, enter, end)
    late = enter + terms[MAX_HOLD] - 1.0
    if late < decided:
        decided = min(decided, next_bar(words, places, 0, int(late), end))
    leave = min(decided + 1, end)
    reason = DATA_ENDED if leave == end else _reason(z[decided], rules[EXIT], rules[STOP], side)
    way[WAY_ENTER] = enter
    way[WAY_LEAVE] = min(leave, end - 1)
    way[WAY_NEXT] = next_bar(words, places, leaves + 2 * length, leave, end) if reason == STOPPED else leave
    way[WAY_REASON] = reason


@part
def _reason(z: float, back: float, stop: float, side: float) -> int:
    if abs(z) >= stop:
        return STOPPED
    return CAME_BACK if -side * z <= back else TIMED_OUT


@part
def _note(own: Sequence[float], way: Sequence[float], position: Sequence[float], trips: Numbers) -> None:
    trip = int(own[TRADES]) * TRIP_SLOTS
    if trip + TRIP_SLOTS <= len(trips):
        trips[trip + TRIP_ENTRY] = position[ENTER]
        trips[trip + TRIP_EXIT] = way[WAY_LEAVE]
        trips[trip + TRIP_SIDE] = position[SIDE]
        trips[trip + TRIP_REASON] = way[WAY_REASON]


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
