"""The views in a cell of a notebook: the run goes on in the kernel, and the cell follows it over the kernel's own line.

There is no server, no session and no websocket of ours. The kernel's loop wakes the cell as a server's loop wakes a
page, and what its panels changed leaves in one message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import panel as pn
from bokeh.models import Axis
from bokeh.plotting import figure
from panel.viewable import Viewable

from livepairs.errors import ConfigError, did_you_mean
from livepairs.hub import Run
from livepairs.schema import Pair
from livepairs.views.assets import stylesheet
from livepairs.views.palette import MUTED
from livepairs.views.screen import Screen
from livepairs.views.viewers import Market, Spread, View

__all__ = ["VIEWS", "CellScreen", "blend", "ready", "show", "view_of"]

VIEWS: Final[dict[str, type[View]]] = {"spread": Spread, "market": Market}
"""What can be shown, by name."""


class CellScreen(Screen):
    """The panels of one output of a cell, kept fresh for as long as the notebook shows it.

    Parameters
    ----------
    run
        The run that is watched.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._place: Viewable | None = None

    def follow(self, place: Viewable) -> None:
        """Refresh from now on; ``place`` holds the panels and has just been sent to the notebook."""
        self._place = place
        self.run.add_viewer()
        self._unsubscribe = self.run.subscribe(self.refresh)
        for action in self._on_enter:
            action()

    def refresh(self) -> None:
        """Bring every panel up to date, in one message; end with the output, which a cell that runs again loses."""
        if self._place is None:
            return
        if not self._place._models:  # Panel lets go of them when the notebook removes the output
            self._place = None
            self._leave(None)
            return
        for slot in self._slots:
            slot.refresh()
        pn.io.push_notebook(self._place)


def view_of(name: str) -> type[View]:
    """Return the view of a name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if name not in VIEWS:
        hint = did_you_mean(name, list(VIEWS))
        raise ConfigError(f"there is no view {name!r}{hint}; there are {' and '.join(VIEWS)}")
    return VIEWS[name]


def show(run: Run, pair: Pair, name: str) -> Any:  # what a notebook takes: a bundle of MIME types, and its metadata
    """Return a view with its deck as the output of the cell at work, which follows the run from then on."""
    ready()
    screen = CellScreen(run)
    place = view_of(name)(run, pair=str(pair)).placed(screen)
    blend(place)
    bundle = cast("Callable[[], Any]", place._repr_mimebundle_)()
    screen.follow(place)
    return bundle


def ready() -> None:
    """Bring the browser's half of Panel and Bokeh into the notebook, once, and from this machine."""
    if not pn.extension._loaded or not pn.config.inline:
        pn.extension(inline=True)


def blend(place: Viewable) -> None:
    """Let everything in a place take the colours around it, whichever theme the notebook has."""
    place.stylesheets = [stylesheet("cell")]
    for pane in place.select(pn.pane.Bokeh):
        for chart in pane.object.select({"type": figure}):
            chart.update(background_fill_alpha=0, border_fill_alpha=0)
            for axis in chart.select({"type": Axis}):
                axis.update(
                    major_label_text_color=MUTED, axis_line_color=MUTED, major_tick_line_color=MUTED,
                    minor_tick_line_color=None,
                )  # fmt: skip
