"""The alerts page: every time a pair went out and came back."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.hub import get_hub
from livepairs.views.frame.frame import framed
from livepairs.views.frame.visit import Visit, asked
from livepairs.views.screen import Panel, Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Alerts"
ORDER = 40
EXTENSIONS = ("tabulator",)
FIGURES = (
    "z", "fired", "cleared", "standing", "unseen", "feed", "light", "parity", "often", "back", "pain", "delivery",
)  # fmt: skip


def page() -> pmui.Page:
    """Return the table of events over their counts."""
    pn.extension(*EXTENSIONS)
    return framed("alerts", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    def build() -> Panel:
        # Here and not above: tables bring pandas, which no other page needs for its first paint.
        from livepairs.views.alerts.alertsview import AlertsView

        view = AlertsView(get_hub(), visit.run, asked(), screen.refresh)
        screen.on_enter(view.begin)
        screen.on_leave(view.close)
        return view

    return [screen.add("alerts", build)]
