"""The books of one set of a sweep: its equity while a position is held, its trades, and its returns by span."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from livepairs.backtest.sweep_slots import (
    BARS,
    BASE,
    CAPITAL,
    DUE,
    EQUITY,
    FEE,
    FEES,
    FILL_SLOTS,
    FUNDING,
    GAINED,
    GROSS,
    HELD,
    LAST_CLOSE,
    LAST_EQUITY,
    LAST_OWED,
    LOST,
    LOWEST,
    NOTIONAL,
    OFFSET,
    PEAK,
    PRICE,
    QTY,
    REALISED,
    SLIP,
    SLIPPAGE,
    SPAN,
    SPAN_SLOTS,
    SQUARES,
    SUM,
    TOTAL,
    TOTAL_SQUARES,
    TRADES,
    WINS,
    WORST,
)
from livepairs.stats.compiled import part

__all__ = ["hold", "pass_spans"]

Numbers = MutableSequence[float]


@part
def hold(
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
    pass_spans(memory, edges, spans, enter)
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
    watch(memory, worth, edges, spans, enter, leave)
    book(memory, terms, fills, enter, leave, is_end)
    pass_spans(memory, edges, spans, leave)
    before = memory[EQUITY]
    equity = terms[CAPITAL] + memory[REALISED]
    made = (equity - before) / (before if before != 0.0 else 1.0)
    memory[TOTAL] += made
    memory[TOTAL_SQUARES] += made * made
    memory[EQUITY] = equity
    see(memory, equity)


@part
def watch(
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
        pass_spans(memory, edges, spans, bar)
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
        see(memory, low)
    elif low / high - 1.0 >= memory[WORST]:
        memory[PEAK] = high
        memory[LOWEST] = min(memory[LOWEST], low)
    else:
        for i in range(enter, leave):
            see(memory, base + qty_y * worth[2 * i] + qty_x * worth[2 * i + 1])


@part
def see(memory: Numbers, equity: float) -> None:
    """Bring peak, worst drawdown and lowest equity up to date."""
    peak = max(memory[PEAK], equity)
    memory[PEAK] = peak
    memory[WORST] = min(memory[WORST], equity / peak - 1.0)
    memory[LOWEST] = min(memory[LOWEST], equity)


@part
def book(memory: Numbers, terms: Sequence[float], fills: Sequence[float], enter: int, leave: int, is_end: bool) -> None:
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
def pass_spans(memory: Numbers, edges: Sequence[int], spans: Numbers, bar: int) -> None:
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
