"""The pieces drawn as HTML: text that changes in place, the source chip and the navigation.

Each is a small JavaScript module in ``js`` with its style in ``css``; the Python side holds what it shows. Nothing is
fetched from another host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Final

import param
from bokeh.document import Document
from bokeh.model import DataModel
from panel.custom import JSComponent
from param.parameterized import no_instance_params

from livepairs.views.assets import module, script, stylesheet
from livepairs.views.letter import tell

__all__ = ["Chip", "LiveText", "Lively", "Navigation", "Talking"]


_UNSET: Final = object()


@cache
def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Lively(JSComponent):
    """A component that is brought up to date some times a second, on every page there is.

    Its parameters are the same for all of a class, and nothing but the server sets them: what a browser has to say, it
    says to a ``Talking`` one. So none needs copies of them, nor to listen to what a browser does to its model.
    """

    _linked_properties: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **params: Any) -> None:  # param's own keywords
        no_instance_params(type(self))
        super().__init__(**params)

    def show(self, **values: Any) -> None:  # whatever the parameters hold
        """Set parameters, and send those that are another to the browser.

        Setting them is dear: param compares old and new element by element in Python, and Panel looks for children to
        build anew in what are texts. Of all that an update cost a page, that was the half; here it is told at once.
        """
        held = self._param__private.values
        fresh = {name: value for name, value in values.items() if held.get(name, _UNSET) != value}
        if not fresh:
            return
        if not self._models:  # not on a page yet
            self.param.update(**fresh)
            return
        # Past the watchers, whose only one is what tells the browser.
        held.update(fresh)
        for model, _parent in self._models.values():
            tell(model.data, **fresh)

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        """Name the script as one that is ready: or each browser would strip it of types, of which it has none."""
        found: dict[str, Any] = super()._get_properties(doc)
        return found | {"bundle": _digest(found["esm"])}

    @classmethod
    def _patch_datamodel_ref(cls, props: DataModel, ref: str) -> None:
        """Note on the one data model there is whose page it is on; Panel looks through all of the values for more."""
        if (tag := f"__ref:{ref}") not in props.tags:
            props.tags.append(tag)


class Talking(Lively):
    """A component whose browser half asks for things: what it sends goes to ``act``.

    Parameters
    ----------
    act
        Called with each message; what other arguments it takes is for the ``heard`` of a component to say.
    """

    def __init__(self, act: Callable[..., None], **params: Any) -> None:  # param's own keywords
        super().__init__(**params)
        self._act = act

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the browser something that is not a state."""
        self._send_msg(dict(message))

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in what the browser sent, so anything that JSON can say."""
        self._act(message)

    def _handle_msg(self, data: Any) -> None:  # whatever the browser sent
        if isinstance(data, dict):
            self.heard(data)


class LiveText(Lively):
    """Fixed markup whose ``data-v`` places take new text and whose ``data-s`` places take new states."""

    markup = param.String(doc="HTML of our own making; places are named by data-v and data-s.")
    values = param.Dict(default={}, doc="Text by the name of its place.")
    states = param.Dict(default={}, doc="State by the name of its place, for CSS to colour; width-* is a CSS width.")

    _esm: ClassVar[Path] = module("livetext")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome")]


class Chip(Talking):
    """Where the figures come from and whether they move; a press opens the feed panel.

    Parameters
    ----------
    act
        Called with the chip and ``open`` or ``close`` (the panel), ``start`` or ``stop`` (the feed).
    """

    kind = param.String(default="replay", doc="replay, paused, waiting, ended, failed or live; decides the colour.")
    word = param.String(default="", doc="The state in one word.")
    detail = param.String(default="", doc="Name and speed.")
    explanation = param.String(default="", doc="The tooltip.")
    made = param.String(default="", doc="How to label generated data; empty for real data.")
    tape = param.String(default="", doc="That the feed is being recorded, in a word; empty if it is not.")
    tape_tip = param.String(default="", doc="As which recording, since when.")
    panel = param.Dict(default={}, doc="What the panel lists while it is open, as feedtext.panel_of makes it.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may start and stop the feed.")

    _esm: ClassVar[str] = script("make") + script("chip")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("chip")]

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in which button was pressed."""
        if message.get("act") in ("open", "close", "start", "stop"):
            self._act(self, message["act"])


class Navigation(Lively):
    """Links to every page, keeping the run, the pair and the theme."""

    pages = param.List(default=[], doc="(key, title) of each page, in order.")
    current = param.String(default="", doc="Key of this page.")
    query = param.String(default="", doc="Query string that names the run and the pair.")
    dark = param.Boolean(default=False, doc="Whether the page is dark; remembered for the next one.")

    _esm: ClassVar[str] = script("mend") + script("header")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("header")]
