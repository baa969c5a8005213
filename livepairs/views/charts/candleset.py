"""Candles on a chart: closed bars grow by appending, the forming bar is a row of its own that is replaced.

A candle that rose is hollow and teal, one that fell is solid and vermilion. A bar in which nothing traded has no
candle: its time is shaded, so that a gap is seen as a gap. A glyph costs the browser time for each row at each update,
so there are as few as will do: one line per wick, under a body that is filled with the paper's colour where hollow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper, Rect, Segment, VStrip
from bokeh.plotting import figure

from livepairs.bars.coarser import CANDLE, coarser
from livepairs.views.columns import Columns, empty_source, grow
from livepairs.views.letter import replace
from livepairs.views.palette import DOWN, MUTED, PAPER, UP

__all__ = ["COLUMNS", "CandleSet", "drawn"]

COLUMNS: Final = ["ts", "at", "open", "high", "low", "close", "middle", "body", "volume", "half_volume", "fell"]
_BODY: Final = 0.72
"""Of a bar's length that its body takes."""


def drawn(bars: Mapping[str, np.ndarray], step_ms: float, interval_ms: float) -> Columns:
    """Return the columns of candles.

    Parameters
    ----------
    bars
        ``ts`` in milliseconds, ``open``, ``high``, ``low``, ``close`` (NaN without a trade) and ``volume``, ``(n,)``.
    step_ms, interval_ms
        Length of the candles, and of the bars they are made of.
    """
    made = dict(bars) if step_ms == interval_ms else coarser(dict(bars), step_ms, CANDLE)
    # A bar stands over its opening time; a coarser one over the middle of those it is made of.
    made["at"] = made["ts"] + (step_ms - interval_ms) / 2
    made["middle"] = (made["open"] + made["close"]) / 2
    made["body"] = np.abs(made["close"] - made["open"])
    made["half_volume"] = made["volume"] / 2
    made["fell"] = (made["close"] < made["open"]).astype(np.float64)
    return {name: made[name] for name in COLUMNS}


class CandleSet:
    """The candles of one chart.

    Parameters
    ----------
    chart
        Where they are drawn; its range ``volume``, if it has one, is that of the volumes.
    name, forming_name
        Names of the data sources.
    interval_ms
        Length of a bar.
    shades_empty
        Whether the time of a bar without prices is shaded.
    """

    def __init__(
        self, chart: figure, name: str, forming_name: str, *, interval_ms: float, shades_empty: bool = True
    ) -> None:
        self.closed = empty_source(name, COLUMNS)
        self.forming = empty_source(forming_name, COLUMNS)
        self._gaps = empty_source(f"gaps-{name}", ["start", "end"]) if shades_empty else None
        self._chart = chart
        self._step_ms = interval_ms
        self._formed = b""
        self._wide: list[Rect] = []
        self._line: Any = {"field": "fell", "transform": LinearColorMapper(palette=[UP, DOWN], low=0, high=1)}
        # The frame finds this mapper by its name when the theme is switched.
        paper = LinearColorMapper(palette=[PAPER["light"], DOWN], low=0, high=1, name="candle-fill")
        self._fill: Any = {"field": "fell", "transform": paper}
        if self._gaps is not None:
            empty = VStrip(x0="start", x1="end", fill_color=MUTED, fill_alpha=0.16, line_color=None)
            chart.add_glyph(self._gaps, empty)
        for source in (self.closed, self.forming):
            self._draw(source)

    def _draw(self, source: ColumnDataSource) -> None:
        width = _BODY * self._step_ms
        if "volume" in self._chart.extra_y_ranges:
            # Rect and not VBar: Bokeh squeezes bars that are out of view onto the frame's edge, and draws all of them.
            volume = Rect(x="at", y="half_volume", width=width, height="volume", line_color=None)
            volume.update(fill_color=self._line, fill_alpha=0.32)
            self._chart.add_glyph(source, volume, y_range_name="volume")
            self._wide.append(volume)
        wick = Segment(x0="at", x1="at", y0="high", y1="low", line_color=self._line)
        body = Rect(x="at", y="middle", width=width, height="body", line_color=self._line, fill_color=self._fill)
        self._chart.add_glyph(source, wick)
        self._chart.add_glyph(source, body)
        self._wide.append(body)

    def append(self, rows: Columns, *, step_ms: float, is_reset: bool, rollover: int) -> None:
        """Show closed candles, as ``drawn`` returns them.

        Parameters
        ----------
        rows
            The new ones, or all of them after a reset.
        step_ms
            Their length.
        is_reset
            What is shown must go.
        rollover
            How many are kept.
        """
        if step_ms != self._step_ms:
            self._step_ms = step_ms
            for glyph in self._wide:
                glyph.width = _BODY * step_ms
        if self._gaps is not None:
            empty, half = rows["at"][np.isnan(rows["close"])], step_ms / 2
            grow(self._gaps, {"start": empty - half, "end": empty + half}, is_reset=is_reset, rollover=rollover)
        grow(self.closed, rows, is_reset=is_reset, rollover=rollover)

    def form(self, rows: Columns) -> None:
        """Show the bar that is not closed yet: at most a few rows."""
        key = b"".join(rows[name].tobytes() for name in ("ts", "high", "low", "close", "volume"))
        if key != self._formed:
            self._formed = key
            replace(self.forming, rows)
