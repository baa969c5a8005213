"""The chart of one leg: candles and volume, alive to the last trade."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from bokeh.models import NumeralTickFormatter, Range1d, Span

from livepairs.views.charts.candleset import CandleSet, drawn
from livepairs.views.charts.timeaxis import Scale, TimeAxis
from livepairs.views.columns import ROLLOVER, Columns, flags, milliseconds, numbers
from livepairs.views.letter import tell
from livepairs.views.numbers import decimals
from livepairs.views.palette import MUTED

__all__ = ["Candles", "bar_columns", "candles_of"]

_FIELDS: Final = [
    *({"label": field[0].upper(), "field": field, "digits": "price"} for field in ("open", "high", "low", "close")),
    {"label": "Vol", "field": "volume", "digits": "compact"},
]
_SAMPLE: Final = 200
"""Closes that show how many decimals the prices have."""
_VOLUME_SHARE: Final = 0.22
"""Of the chart's height that the highest volume in view takes."""
_PRICE_PADDING: Final = 0.3


def bar_columns(bars: pa.Table) -> Columns:
    """Return BARS rows of one symbol as columns; a bar without trades has no prices."""
    is_filled = flags(bars, "is_filled")
    prices = {name: np.where(is_filled, np.nan, numbers(bars, name)) for name in ("open", "high", "low", "close")}
    return {"ts": milliseconds(bars), **prices, "volume": numbers(bars, "volume")}


def candles_of(bars: pa.Table, step_ms: float, interval_ms: float) -> Columns:
    """Return BARS rows of one symbol as candles of ``step_ms``, both in milliseconds."""
    return drawn(bar_columns(bars), step_ms, interval_ms)


class Candles:
    """The chart of one leg.

    Parameters
    ----------
    axis
        The page's time axis.
    symbol
        The leg.
    name
        Name of the data source: ``bars-y`` or ``bars-x``.
    is_last
        Whether it is the chart that shows the times.
    """

    def __init__(self, axis: TimeAxis, symbol: str, name: str, *, is_last: bool) -> None:
        self.symbol = symbol
        self._interval_ms = axis.interval_ms
        self._format = NumeralTickFormatter(format="0,0.00")
        self._has_digits = False
        self.chart = axis.chart(weight=1, min_height=168, is_last=is_last, formatter=self._format)
        self.chart.extra_y_ranges = {"volume": Range1d(0, 1, syncable=False)}
        self._candles = CandleSet(self.chart, name, f"forming-{name[-1]}", interval_ms=axis.interval_ms)
        self.closed, self.forming = self._candles.closed, self._candles.forming
        self._last = Span(dimension="width", line_color=MUTED, line_dash="dashed", line_width=1, visible=False)
        self.chart.add_layout(self._last)
        axis.describe(self.chart, self.closed, symbol, _FIELDS, scales=self._scales(), is_last=is_last)

    def _scales(self) -> list[Scale]:
        both = (self.closed, self.forming)
        prices = [(source, column) for source in both for column in ("low", "high")]
        volumes = [(source, "volume") for source in both]
        return [
            Scale(self.chart.y_range, prices, padding=_PRICE_PADDING),
            Scale(self.chart.extra_y_ranges["volume"], volumes, floor=0.0, share=_VOLUME_SHARE),
        ]

    def append(self, rows: Columns, *, is_reset: bool, step_ms: float | None = None, rollover: int = ROLLOVER) -> None:
        """Show closed candles.

        Parameters
        ----------
        rows
            The new ones, as ``candles_of`` makes them; all of them after a reset.
        is_reset
            What is shown must go.
        step_ms
            Their length; None for the bars' own.
        rollover
            How many are kept.
        """
        self._candles.append(rows, step_ms=step_ms or self._interval_ms, is_reset=is_reset, rollover=rollover)
        if is_reset or not self._has_digits:
            self._write_prices(rows["close"][-_SAMPLE:])

    def _write_prices(self, closes: np.ndarray) -> None:
        self._has_digits = bool(np.isfinite(closes).any())
        digits = decimals(closes.tolist())
        self._format.format = f"0,0.{'0' * digits}" if digits else "0,0"

    def form(self, rows: Columns, last_price: float | None) -> None:
        """Show what is not closed yet.

        Parameters
        ----------
        rows
            The forming candle, or those that a coarser one is made of so far.
        last_price
            Where the dashed line goes.
        """
        self._candles.form(rows)
        if last_price is not None and last_price != self._last.location:
            tell(self._last, location=last_price, visible=True)
