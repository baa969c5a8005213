"""Candles and volume of one leg: closed bars grow by appending, the forming bar is a row of its own that is replaced.

A candle that rose is hollow and teal, one that fell is solid and vermilion. A bar in which nothing traded has no
candle: its time is shaded, so that a gap is seen as a gap. A glyph costs the browser time for each row at each update,
so there are as few as will do: one line per wick, under a body that is filled with the paper's colour where hollow.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from bokeh.models import (
    ColumnDataSource,
    LinearColorMapper,
    NumeralTickFormatter,
    Range1d,
    Rect,
    Segment,
    Span,
    VStrip,
)

from livepairs.views.columns import Columns, empty_source, grow, milliseconds, numbers
from livepairs.views.numbers import decimals
from livepairs.views.palette import DOWN, MUTED, PAPER, UP
from livepairs.views.timeaxis import Scale, TimeAxis

__all__ = ["COLUMNS", "Candles", "candle_columns"]

_FIELDS: Final = [
    *({"label": field[0].upper(), "field": field, "digits": "price"} for field in ("open", "high", "low", "close")),
    {"label": "Vol", "field": "volume", "digits": "compact"},
]
COLUMNS: Final = ["ts", "open", "high", "low", "close", "middle", "body", "volume", "half_volume", "fell"]
_BODY = 0.72
_SAMPLE = 200
"""Closes that show how many decimals the prices have."""
_VOLUME_SHARE: Final = 0.22
"""Of the chart's height that the highest volume in view takes."""
_PRICE_PADDING: Final = 0.3


def candle_columns(bars: pa.Table) -> Columns:
    """Return BARS rows of one symbol as the columns of a chart; a bar without trades has no prices."""
    is_filled = bars["is_filled"].to_numpy()
    prices = {name: np.where(is_filled, np.nan, numbers(bars, name)) for name in ("open", "high", "low", "close")}
    volume = numbers(bars, "volume")
    return {
        "ts": milliseconds(bars),
        **prices,
        "middle": (prices["open"] + prices["close"]) / 2,
        "body": np.abs(prices["close"] - prices["open"]),
        "volume": volume,
        "half_volume": volume / 2,
        "fell": (prices["close"] < prices["open"]).astype(np.float64),
    }


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
        self.closed = empty_source(name, COLUMNS)
        self.forming = empty_source(f"forming-{name[-1]}", COLUMNS)
        self._gaps = empty_source(f"gaps-{name[-1]}", ["start", "end"])
        self._format = NumeralTickFormatter(format="0,0.00")
        self._has_digits = False
        self.chart = axis.chart(weight=1, min_height=168, is_last=is_last, formatter=self._format)
        self.chart.extra_y_ranges = {"volume": Range1d(0, 1, syncable=False)}
        self._line: Any = {"field": "fell", "transform": LinearColorMapper(palette=[UP, DOWN], low=0, high=1)}
        # The frame finds this mapper by its name when the theme is switched.
        self._fill: Any = {
            "field": "fell",
            "transform": LinearColorMapper(palette=[PAPER["light"], DOWN], low=0, high=1, name="candle-fill"),
        }
        self._draw()
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

    def _draw(self) -> None:
        gap = VStrip(x0="start", x1="end", fill_color=MUTED, fill_alpha=0.16, line_color=None)
        self.chart.add_glyph(self._gaps, gap)
        for source in (self.closed, self.forming):
            self._draw_bars(source)

    def _draw_bars(self, source: ColumnDataSource) -> None:
        width = _BODY * self._interval_ms
        # Rect and not VBar: Bokeh squeezes the bars that are out of view onto the frame's edge, and draws all of them.
        volume = Rect(
            x="ts",
            y="half_volume",
            width=width,
            height="volume",
            line_color=None,
            fill_color=self._line,
            fill_alpha=0.32,
        )
        wick = Segment(x0="ts", x1="ts", y0="high", y1="low", line_color=self._line)
        body = Rect(x="ts", y="middle", width=width, height="body", line_color=self._line, fill_color=self._fill)
        self.chart.add_glyph(source, volume, y_range_name="volume")
        self.chart.add_glyph(source, wick)
        self.chart.add_glyph(source, body)

    def append(self, bars: pa.Table, *, is_reset: bool) -> None:
        """Show closed bars.

        Parameters
        ----------
        bars
            BARS rows of this leg.
        is_reset
            What is shown must go.
        """
        rows = candle_columns(bars)
        empty = rows["ts"][np.isnan(rows["close"])]
        half = self._interval_ms / 2
        grow(self._gaps, {"start": empty - half, "end": empty + half}, is_reset=is_reset)
        grow(self.closed, rows, is_reset=is_reset)
        if is_reset or not self._has_digits:
            self._write_prices(rows["close"][-_SAMPLE:])

    def _write_prices(self, closes: np.ndarray) -> None:
        self._has_digits = bool(np.isfinite(closes).any())
        digits = decimals(closes.tolist())
        self._format.format = f"0,0.{'0' * digits}" if digits else "0,0"

    def form(self, bar: pa.Table, last_price: float | None) -> None:
        """Show the bar that is not closed yet.

        Parameters
        ----------
        bar
            At most one BARS row.
        last_price
            Where the dashed line goes.
        """
        now = candle_columns(bar)
        shown = self.forming.data
        if any(
            not np.array_equal(np.asarray(shown[name]), now[name], equal_nan=True) for name in ("ts", "close", "volume")
        ):
            self.forming.data = {name: values.tolist() for name, values in now.items()}
        if last_price is not None and last_price != self._last.location:
            self._last.update(location=last_price, visible=True)
