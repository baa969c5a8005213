"""The views in a cell of a notebook: the run goes on in the kernel, and the cell follows it over the kernel's own line.

There is no server, no session and no websocket of ours. The kernel's loop wakes the cell as a server's loop wakes a
page, and what its panels changed leaves in one message.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, ClassVar, Final, cast

import panel as pn
import param
from bokeh.model import Model
from bokeh.models import Axis, UIElement
from bokeh.plotting import figure
from panel.io.model import patch_cds_msg
from panel.io.notebook import block_comm, patch_inline_stylesheets, push
from panel.viewable import Viewable

from livepairs.errors import ConfigError, did_you_mean
from livepairs.hub import Run
from livepairs.schema import Pair
from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking
from livepairs.views.homes.viewers import Market, Spread, View
from livepairs.views.palette import MUTED
from livepairs.views.screen import Screen

__all__ = ["VIEWS", "CellScreen", "blend", "ready", "show", "view_of"]

VIEWS: Final[dict[str, type[View]]] = {"spread": Spread, "market": Market}
"""What can be shown, by name."""


_PATIENCE_S: Final = 2.0
"""A browser that does not answer, asleep or gone, is sent something no more often."""


class Echo(Talking):
    """Nothing to see: what the browser answers a beat with, once it has drawn what came before."""

    beat = param.Integer(default=0, doc="Goes up with each message.")

    _esm: ClassVar[str] = script("echo")


class Cell(pn.Column):
    """What stands in a cell. Whatever the browser says is heard on the loop it was made on, as on a server.

    JupyterLab hands messages to a thread of the kernel's own, and two threads that send at once take each other's
    messages apart.
    """

    def __init__(self, *objects: Viewable, **params: Any) -> None:  # param's own keywords
        super().__init__(*objects, **params)
        self._loop = asyncio.get_running_loop()

    def _preprocess(self, root: Model, *told: Any) -> None:  # whatever Panel hands it
        super()._preprocess(root, *told)
        for model in root.select({"type": UIElement}):
            # As a widget, Panel would leave its own style sheets to its own host.
            patch_inline_stylesheets(cast("UIElement", model))

    def _on_msg(self, ref: str, manager: Any, msg: Any) -> None:  # as Panel hands them over
        # An empty context, as the publisher's: see hub.publisher.
        self._loop.call_soon_threadsafe(self._heard, ref, manager, msg, context=contextvars.Context())

    def _heard(self, ref: str, manager: Any, msg: Any) -> None:
        if ref not in pn.state._views:
            return
        _, root, document, comm = pn.state._views[ref]
        patch_cds_msg(root, msg)
        manager.assemble(msg).apply_to_document(document, comm.id)
        callbacks = document.callbacks
        # What came from the browser is there already. Panel forgets what the handlers changed as well.
        callbacks._held_events = [event for event in callbacks._held_events if event.setter != comm.id]
        push(document, comm, binary=False)


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
        self._sent_s = float("-inf")
        self.echo = Echo(self._drawn, width=0, height=0, margin=0)

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
        if monotonic() - self._sent_s < _PATIENCE_S:
            # A kernel's line queues without limit; a browser that is behind gets everything in one piece later.
            self._try_later()
            return
        self._sent_s = monotonic()
        with block_comm():
            for slot in self._slots:
                slot.refresh()
            self.echo.beat += 1
        for ref in self._place._models:
            _, _, document, comm = pn.state._views[ref]
            if comm is not None:
                # Not binary: that is a message of the kernel's for each column, of which Jupyter lets so many through.
                push(document, comm, binary=False)

    def _drawn(self, _said: Mapping[str, Any]) -> None:
        self._sent_s = float("-inf")


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
    place = Cell(view_of(name)(run, pair=str(pair)).placed(screen), screen.echo, sizing_mode="stretch_width")
    blend(place)
    data, metadata = cast("Callable[[], Any]", place._repr_mimebundle_)()
    data.pop("text/plain", None)  # of a widget, all it holds; what a reader without a kernel is shown is for us to say
    screen.follow(place)
    return data, metadata


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
