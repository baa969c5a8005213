"""The backtest page: whether this pair would have paid, so far, after costs."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.views.frame import framed
from livepairs.views.screen import Panel, Screen
from livepairs.views.visit import Visit

__all__ = ["ORDER", "TITLE", "page"]

TITLE = "Backtest"
ORDER = 30


def page() -> pmui.Page:
    """Return equity, drawdown, z with its trades, metrics and the trades."""
    pn.extension("tabulator")
    return framed("backtest", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    def build() -> Panel:
        # Here and not above: tables bring pandas, which no other page needs for its first paint.
        from livepairs.views.backtestview import BacktestView

        return BacktestView(visit.run, visit.pair, screen.refresh)

    return [screen.add("backtest", build)]
