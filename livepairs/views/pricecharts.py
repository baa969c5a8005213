"""The market page's charts: candles and volume of both legs, alive to the last trade."""

from __future__ import annotations

import pyarrow as pa
from panel.viewable import Viewable

from livepairs.hub import Run
from livepairs.schema import Pair, interval_us
from livepairs.tables.ring import Cursor
from livepairs.views import columns, numbers
from livepairs.views.candles import Candles
from livepairs.views.chartorigin import origin_of
from livepairs.views.chartstack import stack
from livepairs.views.gapstrips import GapStrips
from livepairs.views.pace import CHARTS_S, Pace
from livepairs.views.timeaxis import TimeAxis

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
    """

    def __init__(self, run: Run, pair: Pair) -> None:
        self._run = run
        self._cursor: Cursor | None = None
        self._pace = Pace(CHARTS_S)
        axis = TimeAxis(interval_us=interval_us(run.params.interval), end_us=run.shown_us)
        self._legs = [
            Candles(axis, symbol, name, is_last=is_last)
            for symbol, name, is_last in ((pair.y, "bars-y", False), (pair.x, "bars-x", True))
        ]
        self._gaps = [GapStrips(run, [leg.symbol], f"holes-{name}") for leg, name in zip(self._legs, "yx", strict=True)]
        for leg, gaps in zip(self._legs, self._gaps, strict=True):
            gaps.draw_on(leg.chart)
        face = axis.face(self._legs[0].closed, origin_of(run, pair))
        self.view: Viewable = stack(face, [leg.chart for leg in self._legs], min_height=470)

    def refresh(self) -> None:
        """Append the bars that closed and replace the forming ones."""
        if not self._pace.is_due(self._run):
            return
        delta = self._run.tables.bars.since(self._cursor)
        self._cursor = delta.cursor
        status = self._run.status
        forming = pa.Table.from_batches([status.forming])
        for gaps in self._gaps:
            gaps.refresh()
        for leg in self._legs:
            if delta.is_reset or delta.rows.num_rows:
                leg.append(columns.of(delta.rows, "symbol", leg.symbol), is_reset=delta.is_reset)
            leg.form(columns.of(forming, "symbol", leg.symbol), status.last_price.get(leg.symbol))
