"""The spread page's row of paper trading: what is held, what it has made, and the last trades."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from panel.viewable import Viewable

from livepairs.backtest.params import BacktestParams
from livepairs.hub import Run
from livepairs.hub.paper import Account, paper_rules
from livepairs.schema import Pair
from livepairs.views import numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import LiveText
from livepairs.views.pace import FIGURES_S, Pace
from livepairs.views.shared import shared, stamp_of

__all__ = ["PAPER_HEIGHT", "PaperRow", "paper_values"]

PAPER_HEIGHT: Final = 46
_LAST: Final = 3


class PaperRow:
    """What paper trading of the pair has come to, in one line.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is traded.
    """

    def __init__(self, run: Run, pair: Pair) -> None:
        self._run = run
        self._pair = pair
        self._pace = Pace(FIGURES_S)
        self._rules = paper_rules(run.params)
        self._text = LiveText(
            markup=_markup(self._rules),
            stylesheets=[stylesheet("paper")],
            sizing_mode="stretch_width",
            height=PAPER_HEIGHT,
            margin=0,
        )
        self.view: Viewable = self._text
        self._is_placed = False

    def refresh(self) -> None:
        """Bring the figures up to date, at a rate they can be read at."""
        if not self._is_placed:
            # The page is built with dashes: trading the rows so far is not on the way to the first paint.
            self._is_placed = True
            return
        if not self._pace.is_due(self._run):
            return
        account = self._run.paper.look(self._pair)
        if account is not None:
            key, stamp = ("paper row", self._pair), (stamp_of(self._run), account.until_us)
            self._text.show(**shared(self._run, key, stamp, lambda: paper_values(account, self._rules)))


def paper_values(account: Account, rules: BacktestParams) -> dict[str, dict[str, str]]:
    """Return texts and states of the row, in the form ``LiveText`` takes."""
    position, gross = account.position, rules.capital * rules.leverage
    side = "flat" if position is None else "long" if position.side > 0 else "short"
    words = {"flat": "flat, waiting for z to come back" if account.is_locked else "flat", "long": "▲ long the spread"}
    bars = f"{numbers.count(position.bars_held)} bars" if position else ""
    made = position.pnl if position else None
    values = {
        "position": words.get(side, "▼ short the spread"),
        "held": bars,
        "open": numbers.fixed(made, 2, signed=True),
        "open-bps": f"{numbers.fixed(1e4 * made / gross, 1, signed=True)} bps" if made is not None else "",
        "realised": numbers.fixed(account.realised, 2, signed=bool(account.realised)),
        "count": f"{numbers.count(account.trade_count)} trade{'' if account.trade_count == 1 else 's'}",
        "since": f"since {numbers.day_clock(account.since_us)[11:]}" if account.since_us is not None else "",
        "funding": "" if account.has_funding else "funding unknown",
    }
    states = {"position": side, "open": _sign(made), "realised": _sign(account.realised)}
    newest = account.trades.slice(max(0, account.trades.num_rows - _LAST)).to_pylist()[::-1]
    for place in range(_LAST):
        trade = newest[place] if place < len(newest) else None
        values[f"trade{place}"], values[f"why{place}"] = _trade(trade) if trade else (numbers.NONE, "")
        states[f"trade{place}"] = _sign(trade["pnl_net"] if trade else None)
    return {"values": values, "states": states}


def _trade(trade: dict[str, Any]) -> tuple[str, str]:  # a row of ROUND_TRIPS
    arrow = "▲" if trade["side"] == "long" else "▼"
    return (
        f"{arrow} {numbers.fixed(trade['pnl_net'], 2, signed=True)}",
        f"{trade['reason']} {trade['exit_ts']:%H:%M:%S}",
    )


def _sign(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def _markup(rules: BacktestParams) -> str:
    stop = f", stop {rules.stop:g}" if rules.stop else ""
    tip = (
        f"Nothing is ordered. In at |z| ≥ {rules.entry:g}, out at {rules.exit:g}{stop}, filled at the next bar's "
        f"{rules.fill}; {rules.fee_bps:g} bps fee and {rules.slippage_bps:g} bps slippage a fill; gross "
        f"{rules.capital * rules.leverage:,.0f}. The backtest's own machine: the same rows make the same trades."
    )
    cells = [
        ("Paper position", "position", "held", tip),
        ("Open P&L", "open", "open-bps", "At the last close, after the costs of the entry; closing will cost more"),
        ("Realised, after costs", "realised", "count", "All closed trades, after fees, slippage and funding"),
    ]
    parts = [_cell(*cell) for cell in cells]
    trade = '<i><b data-v="trade{0}" data-s="trade{0}"></b> <small data-v="why{0}"></small></i>'
    trades = "".join(trade.format(place) for place in range(_LAST))
    tip = "The newest first: what was left after costs, why it ended and when (UTC)"
    parts.append(f'<div class="cell last" title="{tip}"><span>Last trades</span><div>{trades}</div></div>')
    parts.append('<div class="cell notes"><small data-v="since"></small><small data-v="funding"></small></div>')
    return "".join(parts)


def _cell(title: str, value: str, note: str, tip: str) -> str:
    return (
        f'<div class="cell {value}" title="{escape(tip)}"><span>{escape(title)}</span>'
        f'<div><b data-v="{value}" data-s="{value}">–</b> <small data-v="{note}"></small></div></div>'
    )
