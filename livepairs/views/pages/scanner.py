"""The scanner page: which pairs of everything the source has are worth a look."""

from __future__ import annotations

from urllib.parse import urlencode

import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.views.frame.frame import framed
from livepairs.views.frame.visit import Visit
from livepairs.views.screen import Panel, Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Scanner"
ORDER = 25
EXTENSIONS = ()
FIGURES = ("rank", "corr", "p", "q", "half_life", "z", "kept", "spark")


def page() -> pmui.Page:
    """Return the table of all pairs beside a map of q, the number of tests, and who came and went."""
    return framed("scanner", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    def build() -> Panel:
        # Here and not above: it brings the scan, which no other page needs for its first paint.
        from livepairs.views.scan.scanview import ScanView

        view = ScanView(visit.run, urlencode(visit.run_query), screen.refresh)
        screen.on_enter(view.begin)
        screen.on_leave(view.end)
        return view

    return [screen.add("scanner", build)]
