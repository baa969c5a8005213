"""The market page's right column: where each leg stands, what was traded last, and whether the counts add up."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from panel.viewable import Viewable

from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.views import columns, numbers
from livepairs.views.assets import markup, stylesheet
from livepairs.views.charts.pricecharts import tick_digits
from livepairs.views.component import LiveText
from livepairs.views.frame.feedtext import rate_of
from livepairs.views.pace import FIGURES_S, Pace
from livepairs.views.shared import shared, stamp_of

__all__ = ["Tape"]

_ROWS: Final = 8
_WINDOW_BARS: Final = 300
_SILENT_US: Final = 15_000_000
"""After so long without a trade a price is old, and says since when."""
_TRADES: Final = 2000
"""A chunk may hold one symbol only, so the newest few rows of the table may all be of the other leg."""


class Tape:
    """Last price, change, buy and sell balance and last trades of both legs, and the feed's counts.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        Its legs are shown.
    """

    def __init__(self, run: Run, pair: Pair) -> None:
        self._run = run
        self._legs = {"y": pair.y, "x": pair.x}
        self._digits: dict[str, int] = {}
        self._pace = Pace(FIGURES_S)
        self._window = window = numbers.duration(_WINDOW_BARS * interval_us(run.params.interval) / 1e6)
        legs = [_leg_markup(key, symbol, window) for key, symbol in self._legs.items()]
        self._text = LiveText(
            markup="".join(legs) + markup("feed"),
            stylesheets=[stylesheet("tape")],
            sizing_mode="stretch_width",
            margin=0,
        )
        self.view: Viewable = self._text

    def refresh(self) -> None:
        """Bring the figures up to date, at a rate they can be read at."""
        if not self._pace.is_due(self._run):
            return
        key = ("tape", *self._legs.values())
        values, states = shared(self._run, key, stamp_of(self._run), self._figures)
        self._text.show(values=values, states=states)

    def _figures(self) -> tuple[dict[str, str], dict[str, str]]:
        bars = self._run.tables.bars.tail(_WINDOW_BARS * max(2, len(self._run.status.last_price)))
        trades = self._run.tables.trades.tail(_TRADES)
        values, states = self._feed(), dict[str, str]()
        for key, symbol in self._legs.items():
            new_values, new_states = self._leg(key, columns.of(bars, "symbol", symbol), trades)
            values |= new_values
            states |= new_states
        return values, states

    def _leg(self, key: str, bars: pa.Table, trades: pa.Table) -> tuple[dict[str, str], dict[str, str]]:
        symbol = self._legs[key]
        digits = self._digits.get(key)
        if digits is None and bars.num_rows:
            digits = self._digits[key] = tick_digits(self._run, symbol)
        digits = 2 if digits is None else digits
        price = self._run.status.last_price.get(symbol)
        first = bars["open"][0].as_py() if bars.num_rows else None
        change = price / first - 1 if price is not None and first else None
        bought, volume = pc.sum(bars["buy_volume"]).as_py() or 0.0, pc.sum(bars["volume"]).as_py() or 0.0
        share = bought / volume if volume else 0.5
        last_us = self._run.status.last_trade_us.get(symbol)
        is_silent = last_us is not None and self._run.status.now_us - last_us > _SILENT_US
        values = {
            f"{key}-when": f"silent since {_clock(last_us)} UTC" if is_silent else f"over {self._window}",
            f"{key}-price": numbers.fixed(price, digits),
            f"{key}-change": numbers.percent(change),
            f"{key}-bought": f"{100 * share:.0f} % bought" if volume else numbers.NONE,
            f"{key}-sold": f"{100 * (1 - share):.0f} % sold" if volume else numbers.NONE,
        }
        states = {f"{key}-change": _direction(change), f"width-{key}": f"{100 * share:.1f}%"}
        states |= dict.fromkeys((f"{key}-when", f"{key}-price"), "silent" if is_silent else "")
        return _with_trades(key, _last_of(trades, symbol), digits, (values, states))

    def _feed(self) -> dict[str, str]:
        status = self._run.status
        rejected = sum(status.rejected.values())
        return {
            "trades": numbers.count(status.trades),
            "late": numbers.count(status.late),
            "rejected": numbers.count(rejected),
            "rate": rate_of(self._run),
        }


def _direction(change: float | None) -> str:
    return "" if not change else "up" if change > 0 else "down"


def _last_of(trades: pa.Table, symbol: str) -> list[dict[str, object]]:
    mine = columns.of(trades, "symbol", symbol)
    rows = mine.slice(max(0, mine.num_rows - _ROWS)).select(["ts", "price", "qty", "buyer_is_maker"])
    return [*reversed(rows.cast(_TRADE).to_pylist())]


_TRADE: Final = pa.schema(
    [("ts", pa.int64()), ("price", pa.float64()), ("qty", pa.float64()), ("buyer_is_maker", pa.bool_())]
)


def _with_trades(
    key: str, rows: list[dict[str, object]], digits: int, shown: tuple[dict[str, str], dict[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    values, states = shown
    for index in range(_ROWS):
        row = rows[index] if index < len(rows) else None
        place = f"{key}{index}"
        values[f"{place}-time"] = "" if row is None else str(int(str(row["ts"])) // 1_000_000)
        values[f"{place}-price"] = "" if row is None else numbers.fixed(float(str(row["price"])), digits)
        values[f"{place}-qty"] = "" if row is None else numbers.compact(float(str(row["qty"])))
        states[place] = "" if row is None else ("down" if row["buyer_is_maker"] else "up")
    return values, states


def _clock(ts_us: object) -> str:
    return f"{datetime.fromtimestamp(int(str(ts_us)) / 1e6, UTC):%H:%M:%S}"


def _leg_markup(key: str, symbol: str, window: str) -> str:
    rows = "".join(
        f'<tr><td data-v="{key}{row}-time" data-clock></td><td data-v="{key}{row}-price" data-s="{key}{row}"></td>'
        f'<td data-v="{key}{row}-qty"></td></tr>'
        for row in range(_ROWS)
    )
    return f"""<section aria-label="{escape(symbol)}">
  <h3>{escape(symbol)} <small title="Change of the last price against the open {window} ago" data-v="{key}-when"
    data-s="{key}-when">over {window}</small></h3>
  <div class="price"><span data-v="{key}-price" data-s="{key}-price" title="Price of the last trade">–</span>
    <span class="change" data-v="{key}-change" data-s="{key}-change">–</span></div>
  <div class="balance" title="Volume whose taker bought against volume whose taker sold, over {window}">
    <i data-s="width-{key}"></i></div>
  <div class="sides"><span data-v="{key}-bought">–</span><span data-v="{key}-sold">–</span></div>
  <table aria-label="Last trades: time, price, size"><tbody>{rows}</tbody></table></section>"""
