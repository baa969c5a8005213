"""The PAIRS rows of the shown pair, as the sources that the spread page draws: ``spread``, ``zscore``, ``spread-bars``.

They hold the newest rows and grow by each bar that closes, or the rows of a window that the browser asked for, thinned
to what a screen can show: of each stretch the extremes of the lines stay.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from bokeh.plotting import figure

from livepairs.backtest.outlook import break_even_z, net_bps, sigma_bps
from livepairs.columns import ints_of
from livepairs.hub import Run
from livepairs.hub.paper import paper_rules
from livepairs.schema import Pair
from livepairs.tables.ring import Cursor, Delta
from livepairs.views import columns
from livepairs.views.backtest.drawnrows import thinned
from livepairs.views.charts.candleset import CandleSet, drawn
from livepairs.views.charts.chartwindow import MOST_ROWS, NEWEST_BARS, ChartWindow
from livepairs.views.columns import ROLLOVER, Columns

__all__ = ["PairRows"]

_SPREAD: Final = ["ts", "y", "x", "spread", "mean", "upper", "lower", "beta", "corr"]
_ZSCORE: Final = ["ts", "z", "floor", "ceiling", "sigma", "net", "even_above", "even_below"]
_HEADROOM: Final = 0.6
"""How far beyond the entry levels the z chart always reaches, so that one sees how near z is to them."""
_POINTS: Final = 3_600
"""Rows of a thinned window, at least: its two screens have some 1,800 each."""


class PairRows:
    """What is drawn of a pair.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is shown.
    window
        Which rows the page holds.
    """

    def __init__(self, run: Run, pair: Pair, window: ChartWindow) -> None:
        self._run = run
        self._pair = pair
        self._window = window
        self._cursor: Cursor | None = None
        self._given = -1
        self._base: tuple[float, float] | None = None
        self._reach = run.params.entry + _HEADROOM
        self._rules = paper_rules(run.params)
        self._interval_ms = run.params.interval_us / 1000
        self._line: tuple[float, float] | None = None
        self._candles: CandleSet | None = None
        self.spread = columns.empty_source("spread", _SPREAD)
        self.zscore = columns.empty_source("zscore", _ZSCORE)
        self.now = columns.empty_source("z-now", ["ts", "z"])
        self.given: pa.Table | None = None
        """The rows that lines are drawn through, while they are those of a window."""
        self.jumps = 0
        """How often the run has jumped in time."""

    def draw_candles(self, chart: figure) -> CandleSet:
        """Draw the spread's open, high, low and close on a chart."""
        self._candles = CandleSet(
            chart, "spread-bars", "forming-spread", interval_ms=self._interval_ms, shades_empty=False
        )
        return self._candles

    def refresh(self) -> bool:
        """Bring the sources up to date; return whether they were given anew."""
        delta = self._run.tables.pairs.since(self._cursor)
        if delta.is_reset and self._cursor is not None:
            self.jumps += 1
            self._window.forget()
        self._cursor = delta.cursor
        if delta.is_reset:
            self._base = None
        is_anew = delta.is_reset or self._given != self._window.version
        if self._window.held.is_newest:
            self.given = None
            self._grow(delta, is_anew=is_anew)
        elif is_anew or (delta.rows.num_rows and self._window.is_due()):
            is_anew = True
            self._give()
        self._given = self._window.version
        self._form()
        self._move_now()
        return is_anew

    def _grow(self, delta: Delta, *, is_anew: bool) -> None:
        rows = self._run.tables.pairs.tail(ROLLOVER * len(self._run.params.pairs)) if is_anew else delta.rows
        rows = columns.of(rows, "pair", str(self._pair))
        if not is_anew and not rows.num_rows:
            return
        within = self._within(rows, is_anew=is_anew)
        self._place(rows, within, is_reset=is_anew, step_ms=self._interval_ms, rollover=ROLLOVER)

    def _within(self, rows: pa.Table, *, is_anew: bool) -> np.ndarray:
        """Return open, high, low and close of the spread of rows that are about to be shown."""
        if not is_anew or not rows.num_rows:
            return self._run.tape.spreads(self._pair, rows, self._run.params)
        # All that is in view at first; what lies before comes with the window in which it is looked at.
        first = max(0, rows.num_rows - NEWEST_BARS)
        recent, within = rows.slice(first), np.full((4, rows.num_rows), np.nan)
        times = recent["ts"].cast(pa.int64()).to_numpy()
        first_us, end_us = int(times[0]), int(times[-1]) + 1
        within[:, first:] = self._window.rows.pairs(self._pair, first_us, end_us, are_kept=True)[1]
        unknown = np.flatnonzero(np.isnan(within[3, first:]) & np.isfinite(columns.numbers(recent, "alpha")))
        if len(unknown):
            # The trades at hand do not reach back so far; a bar in which nobody traded is asked for once, in vain.
            self._window.want(first_us, int(times[unknown[-1]]) + 1)
        return within

    def _give(self) -> None:
        held = self._window.held
        self._window.gave()
        start_us, end_us = held.span_us
        rows, within = self._window.rows.pairs(self._pair, start_us, min(end_us, self._window.given_us))
        self._place(rows, within, is_reset=True, step_ms=held.step_us / 1000, rollover=MOST_ROWS)

    def _place(self, rows: pa.Table, within: np.ndarray, *, is_reset: bool, step_ms: float, rollover: int) -> None:
        if rows.num_rows:
            newest = rows.slice(rows.num_rows - 1)
            self._line = (float(columns.numbers(newest, "alpha")[0]), float(columns.numbers(newest, "beta")[0]))
        if self._candles is not None:
            shown = drawn(self._prices(columns.milliseconds(rows), within), step_ms, self._interval_ms)
            self._candles.append(shown, step_ms=step_ms, is_reset=is_reset, rollover=rollover)
        lines = rows.take(pa.array(_drawn_rows(rows, max(_POINTS, self._window.room)))) if is_reset else rows
        self.given = lines if rollover == MOST_ROWS else None
        # The charts follow ``spread`` and read both then, so it grows last.
        columns.grow(self.zscore, self._zscore(lines), is_reset=is_reset, rollover=rollover)
        columns.grow(self.spread, self._spread(lines), is_reset=is_reset, rollover=rollover)

    @staticmethod
    def _prices(ts: np.ndarray, within: np.ndarray) -> Columns:
        prices = dict(zip(("open", "high", "low", "close"), within, strict=True))
        return {"ts": ts, **prices, "volume": np.zeros(len(ts))}

    def _spread(self, rows: pa.Table) -> Columns:
        y, x = columns.numbers(rows, "y_close"), columns.numbers(rows, "x_close")
        if self._base is None and len(y):
            self._base = (float(y[0]), float(x[0]))
        base_y, base_x = self._base or (1.0, 1.0)
        mean, band = columns.numbers(rows, "mean"), self._run.params.entry * columns.numbers(rows, "std")
        return {
            "ts": columns.milliseconds(rows),
            "y": 100 * y / base_y,
            "x": 100 * x / base_x,
            "spread": columns.numbers(rows, "spread"),
            "mean": mean,
            "upper": mean + band,
            "lower": mean - band,
            "beta": columns.numbers(rows, "beta"),
            "corr": columns.numbers(rows, "corr"),
        }

    def _zscore(self, rows: pa.Table) -> Columns:
        reach = np.full(rows.num_rows, self._reach)
        z = columns.numbers(rows, "z")
        names = ("std", "beta", "y_close", "x_close")
        sigma = sigma_bps(*(columns.numbers(rows, name) for name in names), price=self._rules.price)
        even = break_even_z(sigma, self._rules)
        return {
            "ts": columns.milliseconds(rows),
            "z": z,
            "floor": -reach,
            "ceiling": reach,
            "sigma": sigma,
            "net": net_bps(z, sigma, self._rules),
            "even_above": even,
            "even_below": -even,
        }

    def _form(self) -> None:
        """Show the candle of the spread that is not closed yet, at the line of the last bar that is."""
        forming, step_ms = self._run.status.forming, self._window.held.step_us / 1000
        if self._candles is None or self._line is None:
            return
        parts, run = [], self._run
        if not self._window.held.is_newest:
            rows, within = self._window.rows.pairs(self._pair, self._window.given_us, run.status.now_us)
            parts.append((columns.milliseconds(rows), within))
        if forming.num_rows:
            bar_us = int(ints_of(forming.column("ts")).max())
            parts.append((np.array([bar_us / 1000]), run.tape.forming(self._pair, bar_us, self._line, run.params)))
        if parts:
            ts, within = (np.concatenate([part[place] for part in parts], axis=-1) for place in (0, 1))
            self._candles.form(drawn(self._prices(ts, within), step_ms, self._interval_ms))

    def _move_now(self) -> None:
        status = self._run.status
        z = status.z_now.get(self._pair)
        now = {"ts": [status.now_us / 1000], "z": [z]} if z is not None and np.isfinite(z) else {"ts": [], "z": []}
        if now != self.now.data:
            self.now.data = now


def _drawn_rows(rows: pa.Table, points: int) -> np.ndarray:
    """Return which rows to draw lines through, about so many."""
    if rows.num_rows <= points:
        return np.arange(rows.num_rows)
    return thinned([columns.numbers(rows, name) for name in ("z", "spread", "y_close", "x_close")], points)
