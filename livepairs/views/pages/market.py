"""The market page: what both legs trade at, bar by bar and trade by trade."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.views.charts.pricecharts import PriceCharts
from livepairs.views.figures.tape import Tape
from livepairs.views.frame.frame import framed
from livepairs.views.frame.visit import Visit
from livepairs.views.screen import Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Market"
ORDER = 10
EXTENSIONS = ()
FIGURES = ("candle", "volume", "last", "balance", "late", "rejected", "rate")


def page() -> pmui.Page:
    """Return candles and volume of both legs beside prices, trades and the feed's counts."""
    return framed("market", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    wide = {"flex": "1000 1 560px", "min-width": "0"}
    charts = screen.add("price", lambda: PriceCharts(visit.run, visit.pair, screen.refresh), wide)
    tape = screen.add("tape", lambda: Tape(visit.run, visit.pair), {"flex": "1 0 258px", "min-width": "0"})
    return [pn.FlexBox(charts, tape, flex_wrap="wrap", gap="0px", margin=0, sizing_mode="stretch_width")]
