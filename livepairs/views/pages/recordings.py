"""The recordings page: every recording there is, and the ways one comes to be and is taken away."""

from __future__ import annotations

import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.hub import get_hub
from livepairs.views.frame.frame import framed
from livepairs.views.frame.visit import Visit
from livepairs.views.screen import Panel, Screen

__all__ = ["EXTENSIONS", "FIGURES", "ORDER", "TITLE", "page"]

TITLE = "Recordings"
ORDER = 50
EXTENSIONS = ()
FIGURES = ("complete", "proof", "late", "rejected")


def page() -> pmui.Page:
    """Return the list of recordings under a bar with the record button and the upload."""
    return framed("recordings", TITLE, _body)


def _body(screen: Screen, visit: Visit) -> list[Viewable]:
    def build() -> Panel:
        # Here and not above: the importers behind the upload are not on the way to any other page.
        from livepairs.views.shelf.shelfview import ShelfView

        view = ShelfView(get_hub(), visit.run, screen.refresh)
        screen.on_enter(view.begin)
        screen.on_leave(view.end)
        return view

    return [screen.add("recordings", build)]
