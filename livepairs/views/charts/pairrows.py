"""The PAIRS rows of the shown pair, as the sources that the spread page draws: ``spread``, ``zscore``, ``spread-bars``.

They hold the newest rows and grow by each bar that closes, or the rows of a window that the browser asked for, thinned
to what a screen can show: of each stretch the extremes of the lines stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from bokeh.plotting import figure

from livepairs.backtest.outlook import break_even_z, net_bps, sigma_bps
from livepairs.bars.coarser import joined
from livepairs.columns import ints_of
from livepairs.hub import Run
from livepairs.hub.paper import paper_rules
from livepairs.schema import Pair
from livepairs.tables.ring import Cursor
from livepairs.views import columns
from livepairs.views.charts.candleset import CandleSet, drawn
from livepairs.views.charts.chartwindow import FRESH_BARS, MOST_ROWS, NEWEST_BARS, ChartWindow
from livepairs.views.charts.windowrows import PRICES
from livepairs.views.columns import ROLLOVER, Columns
from livepairs.views.letter import replace
from livepairs.views.shared import shared, stamp_of

__all__ = ["PairRows"]

_SPREAD: Final = ["ts", "y", "x", "spread", "mean", "upper", "lower", "beta", "corr"]
_ZSCORE: Final = ["ts", "z", "floor", "ceiling", "sigma", "net", "even_above", "even_below"]
_HEADROOM: Final = 0.6
"""How far beyond the entry levels the z chart always reaches, so that one sees how near z is to them."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """PAIRS rows of a pair as they are drawn: its candles, its lines, and the last row's line."""

    candles: Columns
    zscore: Columns
    spread: Columns
    line: tuple[float, float] | None


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
        since, stamp = self._cursor, stamp_of(self._run)
        delta = shared(self._run, "pairs", (stamp, since), lambda: self._run.tables.pairs.since(since))
        if delta.is_reset and since is not None:
            self.jumps += 1
            self._window.forget()
        self._cursor = delta.cursor
        is_anew = delta.is_reset or self._given != self._window.version
        if self._window.held.is_newest:
            self.given = None
            if is_anew:
                self._renew()
            elif delta.rows.num_rows:
                key = ("pairs drawn", self._pair)
                self._append(shared(self._run, key, (stamp, since), lambda: self._drawn_news(delta.rows)))
        elif is_anew or (delta.rows.num_rows and self._window.is_due()):
            is_anew = True
            self._give()
        self._given = self._window.version
        self._form()
        self._move_now()
        return is_anew

    def _renew(self) -> None:
        most = FRESH_BARS * len(self._run.params.pairs)
        rows = columns.of(self._run.tables.pairs.tail(most), "pair", str(self._pair))
        self._place(rows, self._spreads(rows, self._within(rows)), step_ms=self._interval_ms, rollover=ROLLOVER)

    def _drawn_news(self, news: pa.Table) -> _Drawn:
        rows = columns.of(news, "pair", str(self._pair))
        within = self._run.tape.spreads(self._pair, rows, self._run.params)
        return self._drawn(rows, self._spreads(rows, within), self._interval_ms)

    def _append(self, drawn_rows: _Drawn) -> None:
        if len(drawn_rows.zscore["ts"]):
            self._show(drawn_rows, is_reset=False, step_ms=self._interval_ms, rollover=ROLLOVER)

    def _within(self, rows: pa.Table) -> np.ndarray:
        """Return open, high, low and close of the spread of rows that are about to be shown."""
        if not rows.num_rows:
            return np.empty((4, 0))
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
        lines, spreads = self._window.rows.lines(self._pair, start_us, min(end_us, self._window.given_us), held.step_us)
        self._place(lines, spreads, step_ms=held.step_us / 1000, rollover=MOST_ROWS)

    def _place(self, lines: pa.Table, spreads: Columns, *, step_ms: float, rollover: int) -> None:
        """Show these rows for all that were shown."""
        self.given = lines if rollover == MOST_ROWS else None
        self._show(self._drawn(lines, spreads, step_ms), is_reset=True, step_ms=step_ms, rollover=rollover)

    def _show(self, drawn_rows: _Drawn, *, is_reset: bool, step_ms: float, rollover: int) -> None:
        self._line = drawn_rows.line or self._line
        if self._candles is not None:
            self._candles.append(drawn_rows.candles, step_ms=step_ms, is_reset=is_reset, rollover=rollover)
        # The charts follow ``spread`` and read both then, so it grows last.
        columns.grow(self.zscore, drawn_rows.zscore, is_reset=is_reset, rollover=rollover)
        columns.grow(self.spread, drawn_rows.spread, is_reset=is_reset, rollover=rollover)

    def _drawn(self, lines: pa.Table, spreads: Columns, step_ms: float) -> _Drawn:
        """Return what is drawn: lines through PAIRS rows of the pair, and candles of its spread."""
        candles = drawn(spreads | {"volume": np.zeros(len(spreads["ts"]))}, step_ms, self._interval_ms)
        return _Drawn(candles, self._zscore(lines), self._spread(lines), _line_of(lines))

    @staticmethod
    def _spreads(rows: pa.Table, within: np.ndarray) -> Columns:
        return {"ts": columns.milliseconds(rows), **dict(zip(PRICES, within, strict=True))}

    def _spread(self, rows: pa.Table) -> Columns:
        mean, band = columns.numbers(rows, "mean"), self._run.params.entry * columns.numbers(rows, "std")
        return {
            "ts": columns.milliseconds(rows),
            "y": columns.numbers(rows, "y_close"),
            "x": columns.numbers(rows, "x_close"),
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
        if self._candles is None or self._line is None:
            return
        if self._window.held.is_newest:
            forming = shared(self._run, ("pair forming", self._pair), stamp_of(self._run), self._unclosed)
        else:
            forming = self._unclosed()
        if forming is not None:
            self._candles.form(forming)

    def _unclosed(self) -> Columns | None:
        run, window, parts = self._run, self._window, []
        if not window.held.is_newest:
            span_us = (window.given_us, run.status.now_us)
            parts.append(window.rows.lines(self._pair, *span_us, window.held.step_us)[1])
        if run.status.forming.num_rows and self._line is not None:
            bar_us = int(ints_of(run.status.forming.column("ts")).max())
            within = run.tape.forming(self._pair, bar_us, self._line, run.params)
            parts.append({"ts": np.array([bar_us / 1000]), **dict(zip(PRICES, within, strict=True))})
        if not parts:
            return None
        spreads = joined(parts)
        spreads["volume"] = np.zeros(len(spreads["ts"]))
        return drawn(spreads, window.held.step_us / 1000, self._interval_ms)

    def _move_now(self) -> None:
        status = self._run.status
        z = status.z_now.get(self._pair)
        now = {"ts": [status.now_us / 1000], "z": [z]} if z is not None and np.isfinite(z) else {"ts": [], "z": []}
        if now != self.now.data:
            replace(self.now, now)


def _line_of(rows: pa.Table) -> tuple[float, float] | None:
    """Return alpha and beta of the last row."""
    if not rows.num_rows:
        return None
    newest = rows.slice(rows.num_rows - 1)
    return float(columns.numbers(newest, "alpha")[0]), float(columns.numbers(newest, "beta")[0])
