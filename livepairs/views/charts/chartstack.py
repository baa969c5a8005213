"""Charts on one time axis as one block that fills the height of the window and never changes it."""

from __future__ import annotations

from typing import Any

import panel as pn
from bokeh.layouts import column
from panel.viewable import Viewable

from livepairs.views.charts.chartface import FACE_HEIGHT, ChartFace

__all__ = ["stack"]

_AROUND = 122
"""Pixels of the window that the header, the deck and the paddings take."""


def stack(face: ChartFace, models: list[Any], *, min_height: int, above: int = 0) -> Viewable:
    """Return charts, in order, as one block under their face.

    Parameters
    ----------
    face
        The bar above them.
    models
        Figures, and what else stands between them, top to bottom: Bokeh models of several kinds.
    min_height
        Height in pixels the charts never fall below; the page scrolls then.
    above
        Pixels that other parts of the page take above it.
    """
    height = f"max({min_height}px, calc(var(--lp-window, 100vh) - {_AROUND + above + FACE_HEIGHT}px))"
    block = column(*models, sizing_mode=None, spacing=0)
    block.update(sizing_mode="stretch_width", styles={"height": height, "flex": "0 0 auto"})
    charts = pn.pane.Bokeh(block, sizing_mode="stretch_width", margin=0)
    return pn.Column(face, charts, sizing_mode="stretch_width", margin=0)
