"""The map of a sweep: the best set for each value of two parameters, drawn with HoloViews; a click picks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from bokeh.models import HoverTool, TapTool
from bokeh.plotting import figure

from livepairs.views.backtest.sweepplan import DIMENSIONS
from livepairs.views.palette import DOWN, MUTED, UP

__all__ = ["MEASURES", "Cells", "MapAxes", "cells_of", "draw", "prepare", "widest"]

MEASURES: Final = {
    "sharpe": "Sharpe",
    "total_return": "Total return",
    "max_drawdown": "Max drawdown",
    "profit_factor": "Profit factor",
}
"""What a map may be coloured by: a column of TRIED, the higher the better, and its name."""

_MIDDLE: Final = {"profit_factor": 1.0}
"""The value between gain and loss, where it is not 0."""

HEIGHT: Final = 330
_SHADES: Final = 32


@dataclass(frozen=True, slots=True)
class MapAxes:
    """What a map shows: two of ``DIMENSIONS``, and one of ``MEASURES``."""

    across: str
    up: str
    measure: str


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a map: place across and up as texts, the value, and the row of TRIED that is the best there."""

    across: list[str]
    up: list[str]
    values: list[float]
    rows: list[int]


def widest(tried: pa.Table) -> tuple[str, str]:
    """Return the two dimensions of which most values were tried; entry and exit if there is nothing to choose."""
    counts = {name: len(tried[name].unique()) for name in DIMENSIONS}
    first, second = sorted(counts, key=lambda name: -counts[name])[:2]
    order = list(DIMENSIONS)
    return (first, second) if order.index(first) < order.index(second) else (second, first)


def cells_of(tried: pa.Table, axes: MapAxes) -> Cells:
    """Return a cell for each pair of values: the set that is best there over all other parameters.

    A pair of values at which no set has the measure has a cell too, with NaN and one of its sets.
    """
    values: np.ndarray = tried[axes.measure].to_numpy()
    order = np.argsort(np.where(np.isnan(values), -np.inf, values), kind="stable")
    best: dict[tuple[str, str], int] = {}
    across, up = _texts(tried, axes.across), _texts(tried, axes.up)
    for row in order.tolist():  # the better ones come later and stay
        best[across[row], up[row]] = row
    rows = sorted(best.values())
    return Cells([across[r] for r in rows], [up[r] for r in rows], [float(values[r]) for r in rows], rows)


def prepare() -> None:
    """Import HoloViews, which takes a second at first: off the server's loop, before ``draw``."""
    import holoviews as hv
    import holoviews.plotting.bokeh

    hv.Store.set_current_backend("bokeh")


def draw(tried: pa.Table, axes: MapAxes, pick: Callable[[int], None]) -> figure:
    """Return the map.

    Parameters
    ----------
    tried
        A TRIED table.
    axes
        What it shows.
    pick
        Called on the server with the row of TRIED whose cell was clicked.
    """
    import holoviews as hv
    import holoviews.plotting.bokeh

    hv.Store.set_current_backend("bokeh")
    cells = cells_of(tried, axes)
    away = _reach(cells.values, _MIDDLE.get(axes.measure, 0.0))
    heat = hv.HeatMap((cells.across, cells.up, np.array(cells.values)), ["across", "up"], "value").opts(
        backend="bokeh", cmap=_shades(), clim=away, colorbar=True, tools=[_hover(), TapTool()], default_tools=[],
        toolbar=None, responsive=True, height=HEIGHT, xlabel=DIMENSIONS[axes.across], ylabel=DIMENSIONS[axes.up],
        clipping_colors={"NaN": "rgba(125, 133, 144, 0.12)"}, line_color=None, nonselection_alpha=1.0,
        selection_line_color=MUTED, fontsize={"labels": 12, "ticks": 11}, xrotation=0,
    )  # fmt: skip
    made: figure = hv.render(heat, backend="bokeh")
    _dress(made, DIMENSIONS[axes.across], MEASURES[axes.measure])
    # In the order of the numbers; HoloViews takes that in which they come.
    made.x_range.factors = list(dict.fromkeys(_text(value) for value in _in_order(tried, axes.across)))
    made.y_range.factors = list(dict.fromkeys(_text(value) for value in _in_order(tried, axes.up)))
    source = made.renderers[0].data_source
    source.name = "sweep-map"
    places = {(a, u): row for a, u, row in zip(cells.across, cells.up, cells.rows, strict=True)}
    # A combination that is no rule, its exit not below its entry, has a place on the map and no set.
    rows = [places.get((str(a), str(u))) for a, u in zip(source.data["across"], source.data["up"], strict=True)]
    # Added here, as HoloViews lays out numbers only.
    source.data = {**source.data, **_told(tried, rows)}

    def clicked(_name: str, _old: list[int], new: list[int]) -> None:
        row = rows[new[0]] if new else None
        if row is not None:
            pick(row)

    source.selected.on_change("indices", clicked)
    return made


def _told(tried: pa.Table, rows: list[int | None]) -> dict[str, list[Any]]:
    """Return what the mouse is told of each cell: its set and how it did."""
    sets = tried.take(pa.array(rows, pa.int64()))
    told: dict[str, list[Any]] = {
        name: [_text(value) for value in sets[name].to_pylist()] for name in ("sharpe", *DIMENSIONS)
    }
    told["total_return"] = [
        "no rule" if value is None else f"{value:+.2%}" for value in sets["total_return"].to_pylist()
    ]
    told["trades"] = [value or 0 for value in sets["trades"].to_pylist()]
    return told


def _hover() -> HoverTool:
    shown = [("Sharpe", "@sharpe"), ("return", "@total_return"), ("trades", "@trades")]
    return HoverTool(tooltips=[*shown, *((label, f"@{name}") for name, label in DIMENSIONS.items())])


def _dress(made: figure, across: str, measure: str) -> None:
    made.min_border = 0
    made.outline_line_color = None
    made.background_fill_alpha = made.border_fill_alpha = 0.0
    made.grid.grid_line_color = None
    for axis in (*made.xaxis, *made.yaxis):
        axis.axis_line_color = axis.major_tick_line_color = None
        axis.axis_label_text_font_style = "normal"
    made.xaxis.axis_label = f"{across}; colour: {measure}, best over everything else"
    for bar in made.right:
        bar.background_fill_alpha = 0.0
        bar.width = 10
        bar.border_line_color = None


def _in_order(tried: pa.Table, name: str) -> list[float | None]:
    """Return the values of a dimension, the smallest first and none last."""
    return sorted(tried[name].to_pylist(), key=lambda value: (value is None, value or 0.0))


def _texts(tried: pa.Table, name: str) -> list[str]:
    return [_text(value) for value in tried[name].to_pylist()]


def _text(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"


def _reach(values: list[float], middle: float) -> tuple[float, float]:
    """Return limits as far below the middle as above, so that the colour says gain or loss."""
    known = [abs(value - middle) for value in values if np.isfinite(value)]
    away = max(known, default=0.0) or 1.0
    return middle - away, middle + away


def _shades() -> list[str]:
    """Return colours from loss to gain, by way of a grey that is quiet on light and dark."""
    grey = "#9aa1a9"
    half = _SHADES // 2
    return [_mix(DOWN, grey, k / half) for k in range(half)] + [_mix(grey, UP, (k + 1) / half) for k in range(half)]


def _mix(first: str, second: str, share: float) -> str:
    parts = zip(bytes.fromhex(first[1:]), bytes.fromhex(second[1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
