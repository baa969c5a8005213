"""The backtest page's row of figures: what it made, what it cost, and by which rules."""

from __future__ import annotations

from html import escape
from typing import Final

from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.views import numbers
from livepairs.views.backtest.metrictable import sentences

__all__ = ["metric_markup", "metric_values"]

_METRICS: Final = {
    "total_return": ("Return", "Last equity against the capital, after costs"),
    "max_drawdown": ("Max drawdown", "Deepest fall below the highest equity before it"),
    "trades": ("Trades", "Closed round trips of both legs"),
    "hit_rate": ("Hit rate", "Trades that made money after costs"),
    "profit_factor": ("Profit factor", "What the winners made over what the losers lost"),
    "avg_bars_held": ("Average hold", "From fill to fill"),
    "exposure": ("Exposure", "Share of the bars with a position"),
    "turnover": ("Turnover", "Notional of all fills over the capital"),
    "fees": ("Fees", "Paid to the venue, quote currency"),
    "slippage": ("Slippage", "Conceded to the market, quote currency"),
    "break_even_bps": ("Break-even cost", "Fee and slippage per fill at which it would come out at zero"),
}


def metric_values(result: BacktestResult, bar_us: int) -> dict[str, dict[str, str]]:
    """Return the texts and states of the tiles, in the form ``LiveText`` takes."""
    metrics = result.metrics
    total = metrics["total_return"]
    values = {
        "total_return": numbers.percent(total),
        "max_drawdown": numbers.percent(metrics["max_drawdown"]),
        "trades": numbers.count(metrics["trades"] or 0),
        "hit_rate": _share(metrics["hit_rate"]),
        "profit_factor": numbers.fixed(metrics["profit_factor"], 2),
        "avg_bars_held": numbers.bars(metrics["avg_bars_held"], bar_us).split(" (", maxsplit=1)[0],
        "exposure": _share(metrics["exposure"]),
        "turnover": f"{numbers.fixed(metrics['turnover'], 1)}×" if metrics["turnover"] is not None else numbers.NONE,
        "fees": numbers.fixed(metrics["fees"], 2),
        "slippage": numbers.fixed(metrics["slippage"], 2),
        "break_even_bps": _basis_points(metrics["break_even_bps"]),
        "rules": _rules(result.params),
        "notes": sentences(note for note in result.notes if not _is_about_ratios(note)),
    }
    state = "" if not total else "up" if total > 0 else "down"
    return {"values": values, "states": {"total_return": state}}


def _is_about_ratios(note: str) -> bool:
    """Say whether a note explains figures that this page does not show: over hours, annual ones mislead."""
    return any(word in note for word in ("annual", "sharpe", "sortino", "Calmar", "calmar"))


def _basis_points(value: float | None) -> str:
    return numbers.NONE if value is None else f"{numbers.fixed(value, 2)} bps"


def _share(value: float | None) -> str:
    return numbers.NONE if value is None else f"{100 * value:.0f} %"


def metric_markup() -> str:
    """Return the tiles, and the place of the rules in a sentence."""
    tiles = "".join(
        f'<div class="tile" title="{escape(tip)}"><span>{escape(name)}</span>'
        f'<b data-v="{key}" data-s="{key}">–</b></div>'
        for key, (name, tip) in _METRICS.items()
    )
    return f'{tiles}<p><span data-v="rules"></span> <span data-v="notes"></span></p>'


def _rules(params: BacktestParams) -> str:
    stop = f", stop {params.stop:g}" if params.stop else ""
    hold = f", at most {params.max_hold:,} bars" if params.max_hold else ""
    slippage = "measured" if params.slippage == "roll" else f"{params.slippage_bps:g} bps"
    size = f"{params.capital:,.0f}" + (f" × {params.leverage:g}" if params.leverage != 1 else "")
    return (
        f"In at |z| ≥ {params.entry:g}, out at {params.exit:g}{stop}{hold}; filled at the next bar's {params.fill}; "
        f"{params.fee_bps:g} bps fee and {slippage} slippage a fill; capital {size}."
    )
