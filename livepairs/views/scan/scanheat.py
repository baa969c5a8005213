"""The heatmap beside the scanner's table: q of Y on X for the symbols with the best pairs."""

from __future__ import annotations

from typing import Final

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, CustomJS, FactorRange, HoverTool, TapTool
from bokeh.plotting import figure
from panel.viewable import Viewable

from livepairs.hub.finds import Finds
from livepairs.views import numbers
from livepairs.views.palette import ACCENT

__all__ = ["QHeat", "best_symbols", "cells", "short_names"]

MOST: Final = 40
"""Symbols a heatmap shows: more would have no room for their names."""

NAMED: Final = 24
"""Symbols up to which the axes name them all."""

QUOTES: Final = ("USDT", "USDC", "FDUSD", "BUSD", "BTC", "EUR", "USD")

# From the accent to hardly anything, readable on light and dark: opacity says how strong, not hue.
STEPS: Final = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5)
ALPHAS: Final = (1.0, 0.82, 0.62, 0.42, 0.27, 0.15, 0.06)


def best_symbols(finds: Finds, most: int = MOST) -> list[int]:
    """Return the places of the symbols to show, in the order of their names: those met first from the best pair on."""
    if len(finds.symbols) <= most:
        chosen = list(range(len(finds.symbols)))
    else:
        legs = np.stack([finds.y, finds.x], axis=1).ravel()
        places, first = np.unique(legs, return_index=True)
        chosen = places[np.argsort(first)][:most].tolist()
    return sorted(chosen, key=lambda place: finds.symbols[place])


def short_names(symbols: tuple[str, ...]) -> list[str]:
    """Return the symbols without the quote currency that all of them have in common.

    Examples
    --------
    >>> short_names(("BTCUSDT", "ETHUSDT")), short_names(("BTCUSDT", "ETHUSDC"))
    (['BTC', 'ETH'], ['BTCUSDT', 'ETHUSDC'])
    """
    for quote in QUOTES:
        if all(symbol.endswith(quote) and symbol != quote for symbol in symbols):
            return [symbol.removesuffix(quote) for symbol in symbols]
    return list(symbols)


def cells(finds: Finds, measure: str, most: int = MOST) -> dict[str, list[str] | list[float]]:
    """Return the cells of the map, one an ordered pair, as columns of a data source."""
    shown = best_symbols(finds, most)
    rows = np.flatnonzero(np.isin(finds.y, shown) & np.isin(finds.x, shown))
    q, p = finds.values[measure][rows], finds.values["coint_p"][rows]
    names = short_names(finds.symbols)
    strength = np.array(ALPHAS)[np.searchsorted(STEPS, q)]
    return {
        "y": [names[place] for place in finds.y[rows]],
        "x": [names[place] for place in finds.x[rows]],
        "alpha": strength.tolist(),
        "pair": [finds.name(int(row)) for row in rows],
        "q": [numbers.p_value(float(value)) for value in q],
        "p": [numbers.p_value(float(value)) for value in p],
    }


class QHeat:
    """The map of q.

    Parameters
    ----------
    query
        Query string of the links it opens; the pair is added.
    """

    def __init__(self, query: str) -> None:
        self._source = ColumnDataSource({name: [] for name in ("y", "x", "alpha", "pair", "q", "p")}, name="q-heatmap")
        self._x, self._y = FactorRange(), FactorRange()
        plot = figure(
            x_range=self._x, y_range=self._y, height=330, sizing_mode="stretch_width", title=None, tools="",
            toolbar_location=None, x_axis_location="below", outline_line_color=None, min_border=0,
        )  # fmt: skip
        plot.rect(
            x="x", y="y", width=0.94, height=0.94, source=self._source, fill_color=ACCENT, fill_alpha="alpha",
            line_color=None, nonselection_fill_alpha="alpha", nonselection_fill_color=ACCENT,
        )  # fmt: skip
        plot.add_tools(HoverTool(tooltips=[("pair", "@pair"), ("q", "@q"), ("p", "@p")]))
        open_pair = CustomJS(args={"source": self._source, "query": query}, code=_OPEN)
        plot.add_tools(TapTool(callback=open_pair))
        for axis in (*plot.xaxis, *plot.yaxis):
            axis.major_label_text_font_size = "10px"
            axis.major_tick_line_color = axis.axis_line_color = None
        plot.xaxis.major_label_orientation = 0.9
        plot.grid.grid_line_color = None
        self._axes = (plot.xaxis[0], plot.yaxis[0])
        self.view: Viewable = pn.pane.Bokeh(plot, sizing_mode="stretch_width", margin=0)

    def clear(self) -> None:
        """Show nothing, for there is no scan."""
        if self._x.factors:
            self._x.factors = self._y.factors = []
            self._source.data = {name: [] for name in self._source.data}

    def show(self, finds: Finds, measure: str) -> str:
        """Show a scan; return what the map's title says of it."""
        short = short_names(finds.symbols)
        names = [short[place] for place in best_symbols(finds)]
        if list(self._x.factors) != names:
            self._x.factors, self._y.factors = names, names[::-1]
            size = "10px" if len(names) <= NAMED else "8px"
            for axis in self._axes:
                axis.major_label_text_font_size = size
        self._source.data = cells(finds, measure)
        which = "" if len(names) == len(finds.symbols) else f", best {len(names)} symbols"
        return f"{'q, BH' if measure == 'q_bh' else 'q, BY'}: row Y on column X{which}; the stronger, the better"


_OPEN: Final = """
const [row] = source.selected.indices
if (row !== undefined) {
  const pair = source.data.pair[row].split("/").map(encodeURIComponent).join("/")
  const url = new URL(`./spread?${query ? query + "&" : ""}pair=${pair}`, window.location.href)
  if (window.livepairsGo) window.livepairsGo(url)  // inside a host's page, js/hostbridge.js
  else window.location.assign(url)
}
"""
