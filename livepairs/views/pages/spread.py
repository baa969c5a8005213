"""The spread page: how far the two legs have parted, and whether they are likely to come back."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.hub import get_hub
from livepairs.views.charts.spreadcharts import SpreadCharts
from livepairs.views.figures.kpis import Kpis
from livepairs.views.figures.paperrow import PaperRow
from livepairs.views.frame.frame import framed
from livepairs.views.frame.visit import Visit, asked
from livepairs.views.screen import Panel, Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Spread"
ORDER = 20
EXTENSIONS = ()
FIGURES = (
    "z",
    "pays",
    "health",
    "beta",
    "corr",
    "p",
    "half_life",
    "rate",
    "lag",
    "spread",
    "paper",
    "open",
    "realised",
)


def page() -> pmui.Page:
    """Return the pair's figures and paper trading over the charts of legs, spread, z, hedge ratio and correlation."""
    return framed("spread", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    return [
        *_checked(screen, visit),
        screen.add("figures", lambda: Kpis(visit.run, visit.pair, screen.refresh)),
        screen.add("paper trading", lambda: PaperRow(visit.run, visit.pair)),
        screen.add("spread", lambda: SpreadCharts(visit.run, visit.pair, screen.refresh)),
    ]


def _checked(screen: Screen, visit: Visit) -> list[Viewable]:
    """Return the strip that says whether an alert came again, where the address is that of an alert's replay."""
    event = asked().get("event", "")
    if not event or visit.run.kind != "replay":
        return []

    def build() -> Panel:
        # Here and not above: only a link to an alert needs it.
        from livepairs.views.alerts.replaycheck import ReplayCheck

        check = ReplayCheck(get_hub(), visit.run, event, screen.refresh)
        screen.on_enter(check.begin)
        screen.on_leave(check.close)
        return check

    return [screen.add("alert", build)]
