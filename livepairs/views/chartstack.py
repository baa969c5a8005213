"""Charts on one time axis as one block that fills the height of the window and never changes it."""

from __future__ import annotations

from typing import Any

import panel as pn
from bokeh.layouts import column
from panel.viewable import Viewable

__all__ = ["stack"]

_AROUND = 122
"""Pixels of the window that the header, the deck and the paddings take."""


def stack(models: list[Any], *, min_height: int, above: int = 0) -> Viewable:  # bokeh models of several kinds
    """Return readouts and charts, in order, as one block.

    Parameters
    ----------
    models
        Divs and figures, top to bottom.
    min_height
        Height in pixels it never falls below; the page scrolls then.
    above
        Pixels that other parts of the page take above it.
    """
    height = f"max({min_height}px, calc(100vh - {_AROUND + above}px))"
    block = column(*models, sizing_mode=None, spacing=0)
    block.update(sizing_mode="stretch_width", styles={"height": height, "flex": "0 0 auto"})
    return pn.pane.Bokeh(block, sizing_mode="stretch_width", margin=0)
