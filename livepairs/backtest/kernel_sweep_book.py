"""The books of one set of a sweep: its equity while a position is held, its trades, and its returns by span.

Each sum is taken in the very steps of ``kernel``, so that money and equity have its bits.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final

from livepairs.backtest.kernel import E_LEG, E_MARK, E_RATE, E_ROW, EVENT_SLOTS
from livepairs.backtest.kernel_returns import LANES, add_rows, sum_lanes
from livepairs.backtest.sweep_slots import (
    BARS,
    CAPITAL,
    COUNT,
    DAILY,
    EQUITY,
    FEE,
    FEES,
    FILL_SLOTS,
    FUNDING,
    GAINED,
    GROSS,
    HIGH_LANES,
    LANE_SQUARES,
    LANE_SUMS,
    LAST_CLOSE,
    LAST_EQUITY,
    LOST,
    LOW_LANES,
    LOWEST,
    MEMORY_SIZE,
    NOTIONAL,
    OFFSET,
    PAD,
    PEAK,
    PRICE,
    QTY,
    REALISED,
    SLIP,
    SLIPPAGE,
    SPAN,
    SPAN_SLOTS,
    SQUARES,
    SQUARES_SO_FAR,
    SUM,
    SUM_SO_FAR,
    TAPE,
    TRADES,
    WINS,
    WORST,
)
from livepairs.stats.compiled import part

__all__ = ["MONEY_SLOTS", "QUEUE", "hold", "hold_all", "pass_spans", "rewind", "settle_tape", "store_tape"]

Numbers = MutableSequence[float]

MONEY_SLOTS: Final = 7
"""What is kept of each trade between the two passes of ``hold_all``."""

QUEUE: Final = 256
"""Trades in a queue."""


@part
def hold(
    memory: Numbers,
    terms: Sequence[float],
    fills: Sequence[float],
    closes: Sequence[float],
    events: Sequence[float],
    settled: Sequence[int],
    edges: Sequence[int],
    tape: Numbers,
    spans: Numbers,
    enter: int,
    leave: int,
    side: float,
    is_end: bool,
) -> None:
    """Hold a position that is filled at ``enter`` and marked as flat at ``leave``, and book it."""
    at = enter * FILL_SLOTS
    qty_y = side * fills[at + QTY]
    qty_x = side * fills[at + QTY + 1]
    paid_y = fills[at + PRICE]
    paid_x = fills[at + PRICE + 1]
    bought_y = abs(qty_y * paid_y)
    bought_x = abs(qty_x * paid_x)
    fee_y = bought_y * terms[FEE]
    fee_x = bought_x * terms[FEE]
    slip_y = bought_y * fills[at + SLIP]
    slip_x = bought_x * fills[at + SLIP + 1]
    received_y = 0.0
    received_x = 0.0
    flat = terms[CAPITAL] + memory[REALISED]
    bar = enter
    event = settled[2 * enter] if len(settled) > 0 else 0
    while bar < leave:
        if bar >= edges[int(memory[SPAN]) + 1]:
            pass_spans(memory, terms, edges, tape, spans, bar)
        until = min(leave, edges[int(memory[SPAN]) + 1])
        if len(settled) > 0:
            last = settled[2 * bar + 1]
            received_y = _receive(received_y, events, event, last, qty_y, 0.0)
            received_x = _receive(received_x, events, event, last, qty_x, 1.0)
            event = last
            until = min(until, _next_event(events, event, until))
        own_y = received_y - fee_y - slip_y
        own_x = received_x - fee_x - slip_x
        count = int(memory[COUNT])
        _mark(closes, tape, count, flat, qty_y, paid_y, own_y, qty_x, paid_x, own_x, bar, until)
        count += until - bar
        memory[EQUITY] = tape[count - 1]
        memory[COUNT] = count
        bar = until
    if len(settled) > 0:
        last = settled[2 * leave + 1] if is_end else settled[2 * leave]
        received_y = _receive(received_y, events, event, last, qty_y, 0.0)
        received_x = _receive(received_x, events, event, last, qty_x, 1.0)
    # Closed at the end, it leaves at the close, with the slippage measured by then.
    out = (leave + 1 if is_end else leave) * FILL_SLOTS
    price_y = terms[LAST_CLOSE] if is_end else fills[out + PRICE]
    price_x = terms[LAST_CLOSE + 1] if is_end else fills[out + PRICE + 1]
    sold_y = abs(qty_y * price_y)
    sold_x = abs(qty_x * price_x)
    gross = qty_y * (price_y - paid_y) + qty_x * (price_x - paid_x)
    fees = (fee_y + sold_y * terms[FEE]) + (fee_x + sold_x * terms[FEE])
    slippage = (slip_y + sold_y * fills[out + SLIP]) + (slip_x + sold_x * fills[out + SLIP + 1])
    _book(memory, gross, fees, slippage, received_y + received_x)
    memory[NOTIONAL] += bought_y + sold_y
    memory[NOTIONAL] += bought_x + sold_x
    memory[BARS] += leave - enter
    if leave >= edges[int(memory[SPAN]) + 1]:
        pass_spans(memory, terms, edges, tape, spans, leave)
    count = int(memory[COUNT])
    equity = terms[CAPITAL] + memory[REALISED]
    tape[count] = equity
    memory[EQUITY] = equity
    memory[COUNT] = count + 1.0


@part
def _receive(received: float, events: Sequence[float], event: int, last: int, qty: float, leg: float) -> float:
    """Return the funding of a leg with the events from ``event`` to before ``last``, in the order of time."""
    m = len(events) // EVENT_SLOTS
    for k in range(event, last):
        if events[E_LEG * m + k] == leg:
            received -= qty * events[E_MARK * m + k] * events[E_RATE * m + k]
    return received


@part
def _next_event(events: Sequence[float], event: int, until: int) -> int:
    """Return the bar of the next event, or ``until`` if none comes before."""
    m = len(events) // EVENT_SLOTS
    if event >= m or events[E_ROW * m + event] > until:
        return until
    # Half a row less is an event before its bar.
    return int(events[E_ROW * m + event] + 0.5)


@part
def _mark(
    closes: Sequence[float],
    tape: Numbers,
    count: int,
    flat: float,
    qty_y: float,
    paid_y: float,
    own_y: float,
    qty_x: float,
    paid_x: float,
    own_x: float,
    bar: int,
    until: int,
) -> None:
    """Put the equity at the closes from ``bar`` to before ``until`` on the tape: ``kernel.open_pnl`` step by step."""
    # Steps of a vector's length, with no rest; what goes beyond is written over by what comes next.
    steps = (until - bar + PAD - 1) // PAD * PAD
    y = closes[bar : bar + steps]
    x = closes[len(closes) // 2 + bar : len(closes) // 2 + bar + steps]
    marks = tape[count : count + steps]
    for k in range(steps):
        marks[k] = flat + (((qty_y * (y[k] - paid_y) + own_y) + qty_x * (x[k] - paid_x)) + own_x)


@part
def hold_all(
    memory: Numbers,
    terms: Sequence[float],
    fills: Sequence[float],
    closes: Sequence[float],
    tape: Numbers,
    queue: Sequence[int],
    many: int,
    money: Numbers,
) -> None:
    """Do what ``hold`` does for several trades within a span and without funding, in two passes without a branch."""
    fee = terms[FEE]
    for j in range(many):
        at = queue[3 * j] * FILL_SLOTS
        out = queue[3 * j + 1] * FILL_SLOTS
        side = float(queue[3 * j + 2])
        qty_y = side * fills[at + QTY]
        qty_x = side * fills[at + QTY + 1]
        paid_y = fills[at + PRICE]
        paid_x = fills[at + PRICE + 1]
        bought_y = abs(qty_y * paid_y)
        bought_x = abs(qty_x * paid_x)
        fee_y = bought_y * fee
        fee_x = bought_x * fee
        slip_y = bought_y * fills[at + SLIP]
        slip_x = bought_x * fills[at + SLIP + 1]
        price_y = fills[out + PRICE]
        price_x = fills[out + PRICE + 1]
        sold_y = abs(qty_y * price_y)
        sold_x = abs(qty_x * price_x)
        row = MONEY_SLOTS * j
        money[row] = terms[CAPITAL] + memory[REALISED]
        money[row + 1] = qty_y
        money[row + 2] = paid_y
        money[row + 3] = 0.0 - fee_y - slip_y
        money[row + 4] = qty_x
        money[row + 5] = paid_x
        money[row + 6] = 0.0 - fee_x - slip_x
        gross = qty_y * (price_y - paid_y) + qty_x * (price_x - paid_x)
        fees = (fee_y + sold_y * fee) + (fee_x + sold_x * fee)
        slippage = (slip_y + sold_y * fills[out + SLIP]) + (slip_x + sold_x * fills[out + SLIP + 1])
        _book(memory, gross, fees, slippage, 0.0)
        memory[NOTIONAL] += bought_y + sold_y
        memory[NOTIONAL] += bought_x + sold_x
    count = int(memory[COUNT])
    bars = 0
    for j in range(many):
        kept = money[MONEY_SLOTS * j : MONEY_SLOTS * j + MONEY_SLOTS + 1]
        enter = queue[3 * j]
        leave = queue[3 * j + 1]
        _mark(closes, tape, count, kept[0], kept[1], kept[2], kept[3], kept[4], kept[5], kept[6], enter, leave)
        count += leave - enter
        bars += leave - enter
        tape[count] = terms[CAPITAL] + memory[REALISED] if j + 1 == many else kept[MONEY_SLOTS]
        count += 1
    memory[COUNT] = count
    memory[BARS] += bars
    memory[EQUITY] = terms[CAPITAL] + memory[REALISED]


@part
def _book(memory: Numbers, gross: float, fees: float, slippage: float, funding: float) -> None:
    net = gross - fees - slippage + funding
    memory[REALISED] += net
    memory[TRADES] += 1.0
    memory[GROSS] += gross
    memory[FEES] += fees
    memory[SLIPPAGE] += slippage
    memory[FUNDING] += funding
    memory[WINS] += 1.0 if net > 0.0 else 0.0
    memory[GAINED] += net if net > 0.0 else 0.0
    memory[LOST] -= 0.0 if net > 0.0 else net


@part
def rewind(memory: Sequence[float], tape: Numbers) -> None:
    """Put back on the tape what the set had left there."""
    for k in range(int(memory[COUNT])):
        tape[k] = memory[TAPE + k]


@part
def store_tape(memory: Numbers, terms: Sequence[float], tape: Numbers) -> None:
    """Take in the tape, and keep what is left of it for the next time."""
    _take_in(memory, terms, tape)
    for k in range(int(memory[COUNT])):
        memory[TAPE + k] = tape[k]


@part
def _take_in(memory: Numbers, terms: Sequence[float], tape: Numbers) -> None:
    """Add the whole rows of the tape to returns and drawdown, and move what is left to its front."""
    count = int(memory[COUNT])
    if count <= LANES:
        return
    rows = (count - 1) // LANES * LANES
    if terms[DAILY] == 0.0:
        add_rows(tape, count, memory[LANE_SUMS:LANE_SQUARES], memory[LANE_SQUARES:TAPE])
    _watch(memory, tape, rows)
    for k in range(count - rows):
        tape[k] = tape[rows + k]
    memory[COUNT] = count - rows


@part
def _watch(memory: Numbers, tape: Sequence[float], end: int) -> None:
    """Take in the lowest equity and the drawdown of the tape before ``end``."""
    low, high = _bounds(tape, end, memory[LOW_LANES:HIGH_LANES], memory[HIGH_LANES:MEMORY_SIZE])
    if high <= memory[PEAK]:
        # The peak stood still, so the deepest drawdown is where the equity was lowest.
        _see(memory, low)
    elif low / high - 1.0 >= memory[WORST]:
        memory[PEAK] = high
        memory[LOWEST] = min(memory[LOWEST], low)
    else:
        for k in range(end):
            _see(memory, tape[k])


@part
def _bounds(tape: Sequence[float], end: int, lows: Numbers, highs: Numbers) -> tuple[float, float]:
    """Return the lowest and the highest equity before ``end``, by way of lanes as in ``kernel_returns``."""
    for lane in range(LANES):
        equity = tape[min(lane, end - 1)]
        lows[lane] = equity
        highs[lane] = equity
    for row in range(1, end // LANES):
        part_ = tape[row * LANES : row * LANES + LANES]
        for lane in range(len(part_)):
            equity = part_[lane]
            low = lows[lane]
            high = highs[lane]
            lows[lane] = equity if equity < low else low  # this form becomes one instruction
            highs[lane] = equity if equity > high else high
    low = lows[0]
    high = highs[0]
    for lane in range(1, LANES):
        low = lows[lane] if lows[lane] < low else low
        high = highs[lane] if highs[lane] > high else high
    return low, high


@part
def _see(memory: Numbers, equity: float) -> None:
    """Bring peak, worst drawdown and lowest equity up to date."""
    peak = max(memory[PEAK], equity)
    memory[PEAK] = peak
    memory[WORST] = min(memory[WORST], equity / peak - 1.0)
    memory[LOWEST] = min(memory[LOWEST], equity)


@part
def settle_tape(memory: Numbers, tape: Sequence[float]) -> None:
    """Take in the end of the tape, which is less than a row."""
    count = int(memory[COUNT])
    _watch(memory, tape, count)
    memory[SUM], memory[SQUARES] = sum_lanes(tape, count, memory[LANE_SUMS:LANE_SQUARES], memory[LANE_SQUARES:TAPE])


@part
def pass_spans(
    memory: Numbers, terms: Sequence[float], edges: Sequence[int], tape: Numbers, spans: Numbers, bar: int
) -> None:
    """Complete the spans that end at or before ``bar``."""
    _take_in(memory, terms, tape)
    count = int(memory[COUNT])
    span = int(memory[SPAN])
    while span + 1 < len(edges) and edges[span + 1] <= bar:
        at = int(memory[OFFSET]) + span * SPAN_SLOTS
        spans[at + LAST_EQUITY] = memory[EQUITY]
        spans[at + SUM_SO_FAR], spans[at + SQUARES_SO_FAR] = sum_lanes(
            tape, count, memory[LANE_SUMS:LANE_SQUARES], memory[LANE_SQUARES:TAPE]
        )
        span += 1
    memory[SPAN] = span
