"""The market page's charts: candles and volume of both legs, alive to the last trade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from panel.viewable import Viewable

from livepairs.bars.coarser import joined
from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.tables.ring import Cursor, Delta
from livepairs.views import columns, numbers
from livepairs.views.charts.candles import Candles, bar_columns, candles_of
from livepairs.views.charts.candleset import drawn
from livepairs.views.charts.chartorigin import origin_of
from livepairs.views.charts.chartstack import stack
from livepairs.views.charts.chartwindow import FRESH_BARS, MOST_ROWS, ChartWindow
from livepairs.views.charts.gapstrips import GapStrips
from livepairs.views.charts.rowfile import ROW_FILES, RowsAsked
from livepairs.views.charts.timeaxis import TimeAxis
from livepairs.views.columns import Columns
from livepairs.views.pace import CHARTS_S, Pace
from livepairs.views.shared import shared, stamp_of

__all__ = ["PriceCharts", "tick_digits"]


def tick_digits(run: Run, symbol: str) -> int:
    """Return the decimals of a symbol's prices, from the trades or bars seen so far."""
    prices = columns.of(run.tables.bars.tail(2000), "symbol", symbol)
    return numbers.decimals(prices["close"].to_pylist()[-200:])


class PriceCharts:
    """Candles and volume of Y over candles and volume of X.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        Its legs are shown.
    notify
        Has the page refreshed soon.
    """

    def __init__(self, run: Run, pair: Pair, notify: Callable[[], None] = lambda: None) -> None:
        self._run = run
        self._pair = pair
        self._symbols = (pair.y, pair.x)
        self._cursor: Cursor | None = None
        self._pace = Pace(CHARTS_S, heeds_bars=True)
        self._window = ChartWindow(run, notify)
        self._given = -1
        self._axis = axis = TimeAxis(interval_us=interval_us(run.params.interval), end_us=run.shown_us)
        self._legs = [
            Candles(axis, symbol, name, is_last=is_last)
            for symbol, name, is_last in ((pair.y, "bars-y", False), (pair.x, "bars-x", True))
        ]
        self._gaps = [GapStrips(run, [leg.symbol], f"holes-{name}") for leg, name in zip(self._legs, "yx", strict=True)]
        for leg, gaps in zip(self._legs, self._gaps, strict=True):
            gaps.draw_on(leg.chart)
        files = tuple((key, label.format("Bars")) for key, label in ROW_FILES.items())
        self._face = axis.face(self._legs[0].closed, origin_of(run, pair, files), act=self._act, asks=True)
        self._window.show_on(self._face)
        self.view: Viewable = stack(self._face, [leg.chart for leg in self._legs], min_height=470)

    def hold(self, start_us: int, end_us: int) -> None:
        """Show a slice for good, as in a file that has no server to ask for more."""
        self._window.keep(start_us, end_us)
        self._axis.stand(start_us, end_us)
        self._face.stand_alone()

    def close(self) -> None:
        """Let go of what is under way."""
        self._window.close()

    def refresh(self) -> None:
        """Append the bars that closed and replace the forming ones."""
        is_asked = self._given != self._window.version
        if not self._pace.is_due(self._run) and not is_asked:
            return
        self._window.speak()
        for gaps in self._gaps:
            gaps.refresh()
        delta, rows = shared(self._run, ("closed", *self._symbols), (stamp_of(self._run), self._cursor), self._news)
        if delta.is_reset and self._cursor is not None:
            self._face.epoch += 1
            self._window.forget()
        self._cursor = delta.cursor
        if self._window.held.is_newest:
            self._grow(delta, rows)
        elif self._given != self._window.version or (delta.rows.num_rows and self._window.is_due()):
            self._give()
        self._given = self._window.version
        self._form()

    def _news(self) -> tuple[Delta, list[Columns]]:
        delta = self._run.tables.bars.since(self._cursor)
        # What came with a jump is not appended: see ``_newest``.
        return delta, self._candles_of(delta.rows.slice(0, 0) if delta.is_reset else delta.rows)

    def _newest(self) -> list[Columns]:
        return self._candles_of(self._run.tables.bars.tail(FRESH_BARS * max(1, len(self._run.legs))))

    def _forming(self) -> list[Columns]:
        return self._candles_of(self._unclosed())

    def _candles_of(self, rows: pa.Table) -> list[Columns]:
        step_ms = self._axis.interval_ms
        return [candles_of(columns.of(rows, "symbol", symbol), step_ms, step_ms) for symbol in self._symbols]

    def _grow(self, delta: Delta, news: list[Columns]) -> None:
        is_anew = delta.is_reset or self._given != self._window.version
        if is_anew:
            news = shared(self._run, ("candles", *self._symbols), stamp_of(self._run), self._newest)
        if is_anew or delta.rows.num_rows:
            for leg, closed in zip(self._legs, news, strict=True):
                leg.append(closed, is_reset=is_anew)

    def _give(self) -> None:
        held = self._window.held
        self._window.gave()
        start_us, end_us = held.span_us
        step_ms = held.step_us / 1000
        for leg in self._legs:
            bars = self._window.rows.candles(leg.symbol, start_us, min(end_us, self._window.given_us), held.step_us)
            leg.append(drawn(bars, step_ms, self._axis.interval_ms), is_reset=True, step_ms=step_ms, rollover=MOST_ROWS)

    def _form(self) -> None:
        if self._window.held.is_newest:
            forming = shared(self._run, ("forming", *self._symbols), stamp_of(self._run), self._forming)
        else:
            forming = self._coarse()
        for leg, rows in zip(self._legs, forming, strict=True):
            leg.form(rows, self._run.status.last_price.get(leg.symbol))

    def _coarse(self) -> list[Columns]:
        """Return the forming candles of a window: of the bars that closed since it was given, and the forming ones."""
        bars, window, step_us = self._unclosed(), self._window, self._window.held.step_us
        found = []
        for symbol in self._symbols:
            closed = window.rows.candles(symbol, window.given_us, self._run.status.now_us, step_us)
            rows = joined([closed, bar_columns(columns.of(bars, "symbol", symbol))])
            found.append(drawn(rows, step_us / 1000, self._axis.interval_ms))
        return found

    def _unclosed(self) -> pa.Table:
        return pa.Table.from_batches([self._run.status.forming])

    def _act(self, name: str, message: Mapping[str, Any]) -> None:
        if name == "look":
            self._window.heard(message)
            return
        asked = RowsAsked.of(message)
        if asked is not None:
            self._window.ask(asked.span_us, lambda: self._save(asked))

    def _save(self, asked: RowsAsked) -> None:
        tables = [self._window.rows.bars(leg.symbol, *asked.span_us) for leg in self._legs]
        rows = pa.concat_tables(tables).sort_by([("ts", "ascending"), ("symbol", "ascending")])
        self._face.save(asked.export(rows, f"{self._pair.y}-{self._pair.x}-bars"))
