"""The books of one set of a sweep: its trades, its equity while it holds a position, and its returns by span."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from livepairs.backtest.kernel_returns import LANES, add_returns, return_of, total
from livepairs.backtest.sweep_slots import (
    BARS,
    CAPITAL,
    DAILY,
    ENTER,
    EQUITY,
    FEES,
    FUNDING,
    GAINED,
    GROSS,
    LANE_SQUARES,
    LANE_SUMS,
    LAST_EQUITY,
    LOST,
    LOWEST,
    MEMORY_SIZE,
    NOTIONAL,
    PEAK,
    REALISED,
    SLIPPAGE,
    SPAN,
    SPAN_SLOTS,
    SQUARES,
    SQUARES_SO_FAR,
    SUM,
    SUM_SO_FAR,
    TRADES,
    WAY_FEES,
    WAY_FUNDING,
    WAY_GROSS,
    WAY_LEAVE,
    WAY_NET,
    WAY_NOTIONAL,
    WAY_SLIPPAGE,
    WINS,
    WORST,
)
from livepairs.stats.compiled import part

__all__ = ["book_trade", "close_book", "open_book"]

Numbers = MutableSequence[float]


@part
def open_book(own: Numbers, terms: Sequence[float]) -> None:
    """Begin with the capital and nothing else."""
    for slot in range(MEMORY_SIZE):
        own[slot] = 0.0
    own[PEAK] = terms[CAPITAL]
    own[LOWEST] = terms[CAPITAL]


@part
def book_trade(
    own: Numbers,
    way: Sequence[float],
    position: Sequence[float],
    terms: Sequence[float],
    edges: Sequence[int],
    marks: Sequence[float],
    weights: Sequence[float],
    lanes: Numbers,
    spans: Numbers,
) -> None:
    """Take in a position that was left by ``way``, with its marks."""
    enter = int(position[ENTER])
    leave = int(way[WAY_LEAVE])
    held = leave - enter
    flat = terms[CAPITAL] + own[REALISED]
    if leave >= edges[int(own[SPAN]) + 1]:
        _pass_spans(own, terms, edges, marks, weights, lanes, spans, flat, enter, leave)
    _add(own, way)
    own[BARS] += held
    equity = terms[CAPITAL] + own[REALISED]
    if terms[DAILY] == 0.0:
        add_returns(marks, flat, held, weights, own[LANE_SUMS:LANE_SQUARES], own[LANE_SQUARES:MEMORY_SIZE])
        left = return_of(flat + marks[held], equity)
        own[SUM] += left
        own[SQUARES] += left * left
    if held > 0:
        _watch(own, flat, marks, held)
    _see(own, equity)


@part
def _add(own: Numbers, way: Sequence[float]) -> None:
    net = way[WAY_NET]
    own[REALISED] += net
    own[TRADES] += 1.0
    own[GROSS] += way[WAY_GROSS]
    own[FEES] += way[WAY_FEES]
    own[SLIPPAGE] += way[WAY_SLIPPAGE]
    own[FUNDING] += way[WAY_FUNDING]
    own[WINS] += 1.0 if net > 0.0 else 0.0
    own[GAINED] += net if net > 0.0 else 0.0
    own[LOST] -= 0.0 if net > 0.0 else net
    own[NOTIONAL] += way[WAY_NOTIONAL]
    own[NOTIONAL] += way[WAY_NOTIONAL + 1]


@part
def _watch(own: Numbers, flat: float, marks: Sequence[float], held: int) -> None:
    """Take in the lowest equity and the drawdown while the position was held."""
    room = len(marks) // 3
    # Rounding keeps order, so the lowest sum is that of the lowest mark.
    low = flat + marks[room + held]
    high = flat + marks[2 * room + held]
    peak = max(own[PEAK], high)
    deepest = low / peak - 1.0
    if deepest >= own[WORST]:
        # Not even the lowest after the highest would be a new worst.
        own[PEAK] = peak
        own[LOWEST] = min(own[LOWEST], low)
    elif high <= own[PEAK]:
        # The peak stood still, so the deepest drawdown is where the equity was lowest.
        own[WORST] = deepest
        own[LOWEST] = min(own[LOWEST], low)
    else:
        for k in range(1, held + 1):
            _see(own, flat + marks[k])


@part
def _see(own: Numbers, equity: float) -> None:
    """Bring peak, worst drawdown and lowest equity up to date."""
    peak = max(own[PEAK], equity)
    own[PEAK] = peak
    own[WORST] = min(own[WORST], equity / peak - 1.0)
    own[LOWEST] = min(own[LOWEST], equity)


@part
def _pass_spans(
    own: Numbers,
    terms: Sequence[float],
    edges: Sequence[int],
    marks: Sequence[float],
    weights: Sequence[float],
    lanes: Numbers,
    spans: Numbers,
    flat: float,
    enter: int,
    bar: int,
) -> None:
    """Complete the spans that end at or before ``bar``, with a position held since ``enter``."""
    span = int(own[SPAN])
    while span + 1 < len(edges) and edges[span + 1] <= bar:
        held = max(edges[span + 1] - enter, 0)
        spans[span * SPAN_SLOTS + LAST_EQUITY] = flat + marks[held] if held > 0 else flat
        for lane in range(2 * LANES):
            lanes[lane] = own[LANE_SUMS + lane]
        if terms[DAILY] == 0.0:
            add_returns(marks, flat, held, weights, lanes[:LANES], lanes[LANES:])
        spans[span * SPAN_SLOTS + SUM_SO_FAR] = own[SUM] + total(lanes[:LANES])
        spans[span * SPAN_SLOTS + SQUARES_SO_FAR] = own[SQUARES] + total(lanes[LANES:])
        span += 1
    own[SPAN] = span


@part
def close_book(
    own: Numbers,
    terms: Sequence[float],
    edges: Sequence[int],
    marks: Sequence[float],
    weights: Sequence[float],
    lanes: Numbers,
    spans: Numbers,
) -> None:
    """Complete what is left, flat."""
    end = edges[len(edges) - 1]
    equity = terms[CAPITAL] + own[REALISED]
    _pass_spans(own, terms, edges, marks, weights, lanes, spans, equity, end, end)
    own[EQUITY] = equity
    own[SUM] += total(own[LANE_SUMS:LANE_SQUARES])
    own[SQUARES] += total(own[LANE_SQUARES:MEMORY_SIZE])
