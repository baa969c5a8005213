"""Metrics of a backtest, with their meaning and unit, and a sentence for each that does not exist."""

from __future__ import annotations

from math import exp, isfinite, log, sqrt
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest.moments import sharpe_of, sums_of_bars, sums_of_daily
from livepairs.backtest.result import Metrics
from livepairs.backtest.rows import Floats, micros
from livepairs.backtest.selection import deflated_sharpe

__all__ = ["DAY_US", "METRICS", "YEAR_DAYS", "equity_returns", "measure"]

DAY_US: Final = 86_400_000_000
YEAR_DAYS: Final = 365
"""Crypto trades every day."""
DAILY_FROM_DAYS: Final = 10
"""From that span on, ratios are made of daily returns; below, of per-bar returns."""

METRICS: Final = {
    "total_return": "last equity / capital - 1; fraction",
    "annual_return": "total return compounded to a year of 365 days; fraction per year",
    "annual_vol": "standard deviation (ddof 1) of equity returns times the root of returns per year; fraction per year",
    "sharpe": "mean / standard deviation (ddof 1) of equity returns, annualised by a root of time; no risk-free rate",
    "sortino": "mean / root mean square of the negative equity returns, over all returns, annualised like sharpe",
    "max_drawdown": "lowest equity / highest before it - 1; fraction, zero or negative",
    "calmar": "annual_return / abs(max_drawdown)",
    "trades": "closed trades; count",
    "hit_rate": "trades with pnl_net above zero / trades; fraction",
    "profit_factor": "sum of positive pnl_net / abs(sum of negative pnl_net)",
    "avg_bars_held": "mean of bars_held; bars",
    "exposure": "bars at whose close a position was held / bars; fraction",
    "turnover": "notional of all fills / capital, over the whole span; multiple of capital",
    "fees": "sum over the trades; quote currency",
    "slippage": "sum over the trades; quote currency",
    "funding": "sum over the trades, positive was received; quote currency",
    "break_even_bps": "fee plus slippage per fill at which pnl_net sums to zero; bps of notional",
    "deflated_sharpe": "probability that the true Sharpe ratio is above what the best of so many trials shows by luck",
    "trials": "parameter sets tried to get here; count",
}
"""What each metric is, and its unit."""


def measure(equity: pa.Table, trades: pa.Table, *, capital: float, interval_us: int) -> tuple[Metrics, tuple[str, ...]]:
    """Return the metrics of a finished backtest, and notes on what they are made of and what does not exist.

    Parameters
    ----------
    equity
        An EQUITY table.
    trades
        A ROUND_TRIPS table, all of it closed.
    capital
        The starting equity.
    interval_us
        Length of a bar.

    Returns
    -------
    metrics
        Every name of ``METRICS``; None where it does not exist. Never NaN or infinite.
    notes
        Sentences.
    """
    notes: list[str] = []
    made = dict.fromkeys(METRICS) | _of_equity(equity, capital, interval_us, notes) | _of_trades(trades, capital, notes)
    made["exposure"] = _exposure(equity)
    made["trials"] = 1
    return {name: _finite(made[name]) for name in METRICS}, tuple(notes)


def equity_returns(equity: pa.Table, *, capital: float, interval_us: int) -> tuple[Floats, float, str]:
    """Return the equity returns that ratios are made of, how many there are in a year, and what they are in words.

    From ten days on they are daily: between the last equities of UTC days, the first against the capital. Below, they
    are per bar. The equity must be positive throughout.
    """
    values: Floats = equity.column("equity").to_numpy()
    ts = micros(equity.column("ts"))
    if len(ts) and ts[-1] + interval_us - ts[0] >= DAILY_FROM_DAYS * DAY_US:
        days = ts // DAY_US
        ends = np.append(np.flatnonzero(days[1:] != days[:-1]), len(days) - 1)
        levels = np.concatenate([[capital], values[ends]])
        return levels[1:] / levels[:-1] - 1.0, float(YEAR_DAYS), "daily"
    # Nothing can be held in the first bar, so its equity is the capital and the returns begin after it.
    return values[1:] / values[:-1] - 1.0, YEAR_DAYS * DAY_US / interval_us, "per-bar"


def _of_equity(equity: pa.Table, capital: float, interval_us: int, notes: list[str]) -> Metrics:
    if not equity.num_rows:
        notes.append("no rows: the pair has no closed bar yet")
        return {}
    values: Floats = equity.column("equity").to_numpy()
    made: Metrics = {"total_return": float(values[-1] / capital - 1.0)}
    made["max_drawdown"] = pc.min(equity.column("drawdown")).as_py()
    if values.min() <= 0.0:
        notes.append("the equity fell to zero or below: the account was lost, and ratios of returns do not exist")
        return made
    ts = micros(equity.column("ts"))
    made["annual_return"] = _annual_return(float(values[-1]) / capital, int(ts[-1] - ts[0]) + interval_us, notes)
    returns, per_year, kind = equity_returns(equity, capital=capital, interval_us=interval_us)
    notes.append(
        f"annual_vol, sharpe and sortino are from {len(returns):,} {kind} equity returns, {per_year:,.0f} a year"
    )
    position = equity.column("position").to_numpy()
    sums = sums_of_daily(returns) if kind == "daily" else sums_of_bars(values, position)
    made |= _ratios(returns, sums, per_year, notes)
    if made["annual_return"] is not None and made["max_drawdown"]:
        made["calmar"] = made["annual_return"] / abs(made["max_drawdown"])
    else:
        notes.append("calmar does not exist without a drawdown")
    return made


def _annual_return(growth: float, span_us: int, notes: list[str]) -> float | None:
    days = span_us / DAY_US
    if days < DAILY_FROM_DAYS:
        notes.append(f"annual figures are extrapolated from {_span(days)}: they say little about a year")
    exponent = log(growth) * YEAR_DAYS / days
    if exponent > 700.0:
        notes.append("annual_return is beyond all bounds when extrapolated from so short a span")
        return None
    return exp(exponent) - 1.0


def _span(days: float) -> str:
    for length, unit in ((1.0, "days"), (1 / 24, "hours"), (1 / 1440, "minutes")):
        if days >= length:
            return f"{days / length:.3g} {unit}"
    return f"{days * 86_400:.3g} seconds"


def _ratios(returns: Floats, sums: tuple[Floats, Floats], per_year: float, notes: list[str]) -> Metrics:
    if len(returns) < 2:
        notes.append("too short: annual_vol, sharpe and sortino need at least three marks of equity")
        return {}
    mean = float(returns.mean())
    centred = returns - mean
    squares = centred * centred
    deviation = sqrt(float(squares.sum()) / (len(returns) - 1))
    made: Metrics = {"annual_vol": deviation * sqrt(per_year)}
    if deviation == 0.0:
        notes.append("zero variance: the equity never moved, so sharpe and sortino do not exist")
        return made
    # Of sums, as a sweep has nothing else: the two agree to the bit.
    made["sharpe"] = float(sharpe_of(len(returns), *sums)) * sqrt(per_year)
    downside = sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    if downside:
        made["sortino"] = mean / downside * sqrt(per_year)
    else:
        notes.append("sortino does not exist without a negative return")
    # Products, as numpy's general power is twenty times slower.
    variance = float(squares.mean())
    skew = float((squares * centred).mean()) / variance**1.5
    kurtosis = float((squares * squares).mean()) / variance**2
    made["deflated_sharpe"] = deflated_sharpe(mean / deviation, len(returns), skew=skew, kurtosis=kurtosis)
    return made


def _exposure(equity: pa.Table) -> float | None:
    return float(np.mean(equity.column("position").to_numpy() != 0)) if equity.num_rows else None


def _of_trades(trades: pa.Table, capital: float, notes: list[str]) -> Metrics:
    made: Metrics = {name: _total(trades.column(name).to_numpy()) for name in ("fees", "slippage", "funding")}
    made["trades"] = trades.num_rows
    made["turnover"] = 0.0
    if not trades.num_rows:
        return made
    if trades.num_rows == 1:
        notes.append("one trade: hit_rate, profit_factor and avg_bars_held describe just that one")
    net: Floats = trades.column("pnl_net").to_numpy()
    gained, lost = _total(net[net > 0.0]), _total(net[net < 0.0])
    made["hit_rate"] = float(np.mean(net > 0.0))
    made["avg_bars_held"] = pc.mean(trades.column("bars_held")).as_py()
    if lost:
        made["profit_factor"] = gained / -lost
    else:
        notes.append("profit_factor does not exist without a losing trade")
    notional = _notional(trades)
    made["turnover"] = notional / capital
    before_costs = _total(trades.column("pnl_gross").to_numpy()) + _total(trades.column("funding").to_numpy())
    made["break_even_bps"] = before_costs * 10_000 / notional
    return made


def _notional(trades: pa.Table) -> float:
    legs = []
    for leg in ("y", "x"):
        qty, entry, exit_ = (trades.column(f"{name}_{leg}").to_numpy() for name in ("qty", "entry", "exit"))
        legs.append(np.abs(qty * entry) + np.abs(qty * exit_))
    return _total(np.stack(legs, axis=1).reshape(-1))


def _total(values: Floats) -> float:
    """Return the sum taken one after the other, as a sweep takes it."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def _finite(value: float | int | None) -> float | int | None:
    return value if value is None or isfinite(value) else None
