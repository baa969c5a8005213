"""The spread page's row of figures: z large and coloured by how far it is out, and what makes it worth believing."""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from typing import Final

import pyarrow as pa
from panel.viewable import Viewable

from livepairs.backtest.outlook import Outlook, look_ahead, round_trip_bps
from livepairs.hub import Run
from livepairs.hub.paper import paper_rules
from livepairs.pairs.hedge import hedge_words
from livepairs.schema import Pair, interval_us
from livepairs.views import columns, numbers
from livepairs.views.assets import stylesheet
from livepairs.views.component import LiveText
from livepairs.views.figures.checkup import Checkup, check_up
from livepairs.views.figures.healthtile import checkup_values, health_markup
from livepairs.views.pace import FIGURES_S, Pace
from livepairs.views.shared import shared, stamp_of

__all__ = ["Kpis", "band", "pays", "why_none"]

_RECENT_ROWS: Final = 64


def band(z: float | None, entry: float, exit_level: float) -> tuple[str, str]:
    """Return the band that z is in, for the colour, and what it means, in words.

    Examples
    --------
    >>> band(2.4, 2.0, 0.5)
    ('high', 'Y rich: beyond entry')
    >>> band(None, 2.0, 0.5)
    ('none', 'warming up')
    """
    if z is None or not math.isfinite(z):
        return "none", "warming up"
    if abs(z) >= entry:
        return ("high", "Y rich: beyond entry") if z > 0 else ("low", "Y cheap: beyond entry")
    if abs(z) >= (entry + exit_level) / 2:
        return "near", "towards entry"
    return ("inside", "between exit and entry") if abs(z) > exit_level else ("home", "at the mean")


def pays(outlook: Outlook) -> dict[str, str]:
    """Return the tile's texts: what acting now would bring to the exit, and what that is made of.

    Examples
    --------
    >>> pays(Outlook(gain_bps=15.2, cost_bps=12.0, funding_bps=None, hold_bars=60.0))
    {'pays': 'pays 3.2 bps', 'pays-note': '15.2 − 12.0 costs'}
    >>> pays(Outlook(gain_bps=1.0, cost_bps=12.0, funding_bps=-0.5, hold_bars=3.0))
    {'pays': 'costs 11.5 bps', 'pays-note': '1.0 − 12.0 costs − 0.5 funding'}
    """
    net = outlook.net_bps
    note = f"{outlook.gain_bps:.1f} − {outlook.cost_bps:.1f} costs"
    if outlook.funding_bps:
        note += f" {'+' if outlook.funding_bps > 0 else '−'} {abs(outlook.funding_bps):.1f} funding"
    return {"pays": f"{'pays' if net > 0 else 'costs'} {abs(net):.1f} bps", "pays-note": note}


def why_none(rows: pa.Table, warmup_bars: int) -> str:
    """Return why there is no z at the last of a pair's rows, newest last.

    Parameters
    ----------
    rows
        The PAIRS rows of the pair, ``warmup_bars`` of them or all there are.
    warmup_bars
        How many fill every window.
    """
    if rows.num_rows and rows["is_ready"][-1].as_py():
        return "undefined: no movement"
    if rows.num_rows >= warmup_bars:
        return "warming up"
    return f"warming up, {rows.num_rows:,} of {warmup_bars:,}"


class Kpis:
    """The figures of the pair at its last closed bar, and z as it would be now.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is shown.
    notify
        Called on the server's loop when a check-up has come.
    """

    def __init__(self, run: Run, pair: Pair, notify: Callable[[], None] = lambda: None) -> None:
        self._run = run
        self._pair = pair
        self._notify = notify
        self._is_placed = False
        self._checkup: Future[Checkup] | None = None
        self._awaited: Future[Checkup] | None = None
        self._pace = Pace(FIGURES_S)
        self._interval_us = interval_us(run.params.interval)
        self._rules = paper_rules(run.params)
        self._text = LiveText(
            markup=_markup(run, pair),
            stylesheets=[stylesheet("kpis")],
            sizing_mode="stretch_width",
            height=78,
            margin=0,
        )
        self.view: Viewable = self._text

    def refresh(self) -> None:
        """Bring the figures up to date, at a rate they can be read at."""
        if not self._pace.is_due(self._run):
            return
        self._look_at_checkup()
        key = ("kpis", self._pair, self._checkup)
        values, states = shared(self._run, key, stamp_of(self._run), self._figures)
        self._text.show(values=values, states=states)

    def _figures(self) -> tuple[dict[str, str], dict[str, str]]:
        rows = columns.of(self._run.tables.pairs.tail(_RECENT_ROWS), "pair", str(self._pair))
        row = _last(rows)
        status, params = self._run.status, self._run.params
        z = status.z_now.get(self._pair)
        z = row.get("z") if z is None or not math.isfinite(z) else z
        state, meaning = band(z, params.entry, params.exit)
        if state == "none":
            meaning = self._why_none()
        newest_us = max(status.last_trade_us.values(), default=0)
        checked_values, checked_states = checkup_values(self._checkup.result()) if self._checkup else ({}, {})
        values = {
            "z": numbers.fixed(z, 2, signed=True),
            "z-note": meaning,
            "beta": numbers.fixed(row.get("beta"), 4),
            "alpha": f"α {numbers.fixed(row.get('alpha'), 4)}",
            "corr": numbers.fixed(row.get("corr"), 3),
            "p": numbers.p_value(row.get("coint_p")),
            "stat": f"t = {numbers.fixed(row.get('coint_stat'), 2)}",
            "half": _bars_only(row.get("half_life")),
            "half-note": self._length(row.get("half_life"), rows),
            **self._pays(z, row),
            "rate": numbers.compact(sum(status.trades_per_s.get(leg, 0.0) for leg in (self._pair.y, self._pair.x))),
            "lag": f"{max(0, status.now_us - newest_us) / 1000:,.0f} ms" if newest_us else numbers.NONE,
            **checked_values,
        }
        return values, {"z": state, "pays": values["pays"].partition(" ")[0], **checked_states}

    def _look_at_checkup(self) -> None:
        if not self._is_placed:  # while the page is built nothing is begun
            self._is_placed = True
            return
        found = check_up(self._run, self._pair)
        if found is None:
            return
        if found.done():
            self._checkup = found
        elif found is not self._awaited:
            self._awaited = found
            loop, notify = asyncio.get_running_loop(), self._notify

            def tell(_future: Future[Checkup]) -> None:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(notify, context=contextvars.Context())

            found.add_done_callback(tell)

    def _pays(self, z: float | None, row: dict[str, float]) -> dict[str, str]:
        if z is None or not math.isfinite(z) or not math.isfinite(row.get("std", math.nan)):
            return {"pays": numbers.NONE, "pays-note": "needs z"}
        due = self._run.paper.due(self._pair)
        return pays(look_ahead(z, row, self._rules, interval_us=self._interval_us, due=due))

    def _why_none(self) -> str:
        windows, status = self._run.params.pair_params, self._run.status
        every = windows.warmup_bars * max(len(status.z_now), len(self._run.params.pairs))
        rows = columns.of(self._run.tables.pairs.tail(every), "pair", str(self._pair))
        return why_none(rows.slice(max(0, rows.num_rows - windows.warmup_bars)), windows.warmup_bars)

    def _length(self, half_life: float | None, rows: pa.Table) -> str:
        if half_life is None or not math.isfinite(half_life):
            is_warm = rows.num_rows and rows["is_ready"][-1].as_py()
            return "not reverting" if is_warm else "warming up"
        return f"({numbers.duration(half_life * self._interval_us / 1e6)})"


def _last(rows: pa.Table) -> dict[str, float]:
    if not rows.num_rows:
        return {}
    names = ["z", "beta", "alpha", "corr", "coint_stat", "coint_p", "half_life", "std", "y_close", "x_close"]
    return {name: float(rows[name][-1].as_py()) for name in names}


def _bars_only(half_life: float | None) -> str:
    if half_life is None or not math.isfinite(half_life):
        return numbers.NONE
    return f"{half_life:,.0f} bars" if half_life >= 10 else f"{half_life:.1f} bars"


def _markup(run: Run, pair: Pair) -> str:
    windows = run.params.pair_params
    tiles = [
        ("z now", "z", "z-note", "How many standard deviations the spread is from its mean over the last "
         f"{windows.z_window} bars; now includes the bar that is still forming"),
        ("To the exit, now", "pays", "pays-note", "What the spread's way back from z to the exit is worth, less fees "
         f"and slippage of both legs ({round_trip_bps(paper_rules(run.params)):g} bps) and the funding due meanwhile, "
         "in basis points of both legs' notional; it may not come back"),
        ("Hedge ratio β", "beta", "alpha", f"{pair.y} on {pair.x}: {hedge_words(windows.hedge)} over "
         f"{windows.hedge_window} bars ({windows.hedge})"),
        ("Correlation", "corr", "corr-note", f"Pearson, one-bar changes, last {windows.corr_window} bars. "
         "Beside it Hayashi-Yoshida by ticks, without bars; and the share of the true correlation that bars are "
         "expected to see at the measured trade rates (Epps)"),
        ("Cointegration p", "p", "stat", f"Engle-Granger over {windows.hedge_window} bars, {windows.adf_lags} lag(s), "
         "MacKinnon's p for two variables"),
        ("Half-life", "half", "half-note", "How long the spread takes to come half way back, from its AR(1)"),
        ("Trades / s", "rate", "rate-note", "Both legs, a second of event time"),
        ("Event lag", "lag", "lag-note", "Time since the newest trade, as the source vouches"),
    ]  # fmt: skip
    notes = {"corr-note": f"{windows.corr_window} bars", "rate-note": "both legs", "lag-note": "since last trade"}
    parts = []
    for title, key, note, tip in tiles:
        shown = escape(notes.get(note, "\u2007"))
        parts.append(
            f'<div class="tile {key}" title="{escape(tip)}"><span>{escape(title)}</span>'
            f'<b data-v="{key}" data-s="{key}">–</b><small data-v="{note}" data-s="{note}">{shown}</small></div>'
        )
    parts.insert(2, health_markup())
    return "".join(parts)
