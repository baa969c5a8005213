"""A slow backtest written from the words of the specification, sharing no code with livepairs.

It walks over lists of plain numbers and keeps every event in a ledger of dictionaries; money is summed from the ledger
at the end, and equity is worked out anew at every bar from the trades so far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Bar:
    """One bar time of the pair: both legs' bars and the row of the statistics."""

    ts: int
    z: float
    beta: float
    is_ready: bool
    open: tuple[float, float]
    close: tuple[float, float]
    is_filled: tuple[bool, bool] = (False, False)


@dataclass
class Rules:
    entry: float = 2.0
    exit: float = 0.5
    stop: float | None = 4.0
    max_hold: int | None = None
    fee_bps: float = 5.0
    slippage_bps: float = 1.0
    capital: float = 10_000.0
    leverage: float = 1.0
    fill: str = "open"
    price: str = "log"


@dataclass
class Ledger:
    trades: list[dict] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    drawdown: list[float] = field(default_factory=list)


def backtest(bars: list[Bar], rules: Rules, events: list[tuple], interval_us: int) -> Ledger:
    """events: (ts, leg 0 or 1, rate, mark price or None)."""
    ledger = Ledger()
    trade = None  # the open one
    order = None  # ("enter", side, beta) or ("leave", reason)
    memory = {"must_wait": False}
    for number, bar in enumerate(bars):
        settled = [e for e in events if bar.ts <= e[0] < bar.ts + interval_us]
        before = bars[number - 1] if number else None
        if rules.fill == "close" and trade:
            pay_funding(trade, settled, before)
        if order and order[0] == "enter":
            trade = begin(order, bar, number, fill_prices(bar, rules), rules)
        elif order:
            finish(ledger, trade, (bar, number, fill_prices(bar, rules)), order[1], rules)
            trade = None
        if rules.fill == "open" and trade:
            pay_funding(trade, settled, before)
        write_mark(ledger, trade, bar, rules)
        order = decide(bar, number, trade, memory, rules)
    if trade:
        finish(ledger, trade, (bars[-1], len(bars) - 1, bars[-1].close), "end", rules)
        for column in (ledger.equity, ledger.position, ledger.drawdown):
            column.pop()
        write_mark(ledger, None, bars[-1], rules)
    return ledger


def decide(bar, number, trade, memory, rules):
    if not bar.is_ready:
        return None
    if trade:
        reason = why_leave(trade, bar.z, number, rules)
        if reason == "stop":
            memory["must_wait"] = True
        return ("leave", reason) if reason else None
    if abs(bar.z) <= rules.exit:
        memory["must_wait"] = False
    side = which_side(bar.z, rules)
    if side and not memory["must_wait"] and math.isfinite(bar.beta):
        return ("enter", side, bar.beta)
    return None


def which_side(z, rules):
    if math.isnan(z) or (rules.stop is not None and abs(z) >= rules.stop):
        return 0
    if z >= rules.entry:
        return -1
    if z <= -rules.entry:
        return 1
    return 0


def why_leave(trade, z, number, rules):
    if rules.stop is not None and abs(z) >= rules.stop:
        return "stop"
    if trade["side"] == -1 and z <= rules.exit:
        return "exit"
    if trade["side"] == 1 and z >= -rules.exit:
        return "exit"
    # Filled in the next bar, the trade will then have lasted so many bars.
    if rules.max_hold is not None and number + 1 - trade["number"] >= rules.max_hold:
        return "time"
    return None


def fill_prices(bar, rules):
    prices = []
    for leg in (0, 1):
        carried = bar.is_filled[leg] or rules.fill == "close"
        prices.append(bar.close[leg] if carried else bar.open[leg])
    return tuple(prices)


def begin(order, bar, number, price, rules):
    _, side, beta = order
    gross = rules.capital * rules.leverage
    share = abs(beta)
    if rules.price == "log":
        notional_y = gross * 1 / (1 + share)
        notional_x = gross - notional_y
        qty = [notional_y / price[0], notional_x / price[1]]
    else:
        unit = gross / (price[0] + share * price[1])
        qty = [unit, unit * share]
    signs = (side, -side if beta >= 0 else side)
    return {
        "side": side,
        "number": number,
        "entry_ts": bar.ts,
        "qty": [q * s for q, s in zip(qty, signs, strict=True)],
        "entry": price,
        "entry_stale": bar.is_filled,
        "funding": [0.0, 0.0],
    }


def pay_funding(trade, events, before):
    for _, leg, rate, mark in events:
        price = before.close[leg] if mark is None else mark
        trade["funding"][leg] += -trade["qty"][leg] * price * rate


def cost(qty, price, bps):
    return abs(qty) * price * bps / 1e4


def finish(ledger, trade, fill, reason, rules):
    bar, number, price = fill
    done = dict(trade, exit=price, exit_ts=bar.ts, reason=reason, bars_held=number - trade["number"])
    done["exit_stale"] = bar.is_filled
    for name, bps in (("fees", rules.fee_bps), ("slippage", rules.slippage_bps)):
        done[f"leg_{name}"] = [
            cost(q, a, bps) + cost(q, b, bps) for q, a, b in zip(trade["qty"], trade["entry"], price, strict=True)
        ]
        done[name] = sum(done[f"leg_{name}"])
    done["leg_gross"] = [q * b - q * a for q, a, b in zip(trade["qty"], trade["entry"], price, strict=True)]
    done["leg_funding"] = trade["funding"]
    done["funding"] = sum(trade["funding"])
    done["pnl_gross"] = sum(done["leg_gross"])
    done["pnl_net"] = done["pnl_gross"] - done["fees"] - done["slippage"] + done["funding"]
    ledger.trades.append(done)


def write_mark(ledger, trade, bar, rules):
    equity = rules.capital + sum(t["pnl_net"] for t in ledger.trades)
    if trade:
        for leg in (0, 1):
            qty, paid = trade["qty"][leg], trade["entry"][leg]
            equity += qty * (bar.close[leg] - paid) + trade["funding"][leg]
            equity -= cost(qty, paid, rules.fee_bps) + cost(qty, paid, rules.slippage_bps)
    ledger.equity.append(equity)
    ledger.position.append(trade["side"] if trade else 0)
    ledger.drawdown.append(equity / max([rules.capital, *ledger.equity]) - 1)
