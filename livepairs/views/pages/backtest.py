"""The backtest page: whether this pair would have paid, after costs, and with which parameters."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.hub import get_hub
from livepairs.views.frame.frame import framed
from livepairs.views.frame.glossary import METRICS
from livepairs.views.frame.visit import Visit, asked
from livepairs.views.screen import Panel, Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Backtest"
ORDER = 30
EXTENSIONS = ("tabulator",)
FIGURES = ("z", METRICS)


def page() -> pmui.Page:
    """Return the form, prices with fills, z with its levels, equity, drawdown, trades, metrics and comparison."""
    pn.extension(*EXTENSIONS)
    return framed("backtest", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    def build() -> Panel:
        # Here and not above: tables bring pandas, which no other page needs for its first paint.
        from livepairs.views.backtest.backtestview import BacktestView

        view = BacktestView(visit.run, visit.pair, asked(), screen.refresh, is_healed=get_hub().settings.healed)
        pn.state.on_session_destroyed(lambda _context: view.close())
        return view

    return [screen.add("backtest", build)]
