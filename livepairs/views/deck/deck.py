"""The bar at the bottom of every page, as the browser has it; ``transport`` is what moves it.

A replay's transport: steps, play, speed, the scrub bar with what lies on it, and a sheet with what is needed seldom.
On every page: event time, how much time the charts show, following, and the link to this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import param

from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking

__all__ = ["Deck"]

_SCRIPTS: Final = ("zone", "deck/icons", "deck/link", "deck/sheet", "deck/keys", "deck/scrub", "deck/deck")


class Deck(Talking):
    """The bar.

    Parameters
    ----------
    act
        Called with each order, a mapping with ``act`` and what belongs to it.
    """

    is_replay = param.Boolean(default=True, doc="Whether there is something to steer.")
    status = param.String(default="paused", doc="playing, paused, ended or failed.")
    now_ms = param.Number(default=0, doc="Event time, milliseconds since the epoch.")
    start_ms = param.Number(default=0, doc="First moment of the recording.")
    end_ms = param.Number(default=1, doc="Last moment of the recording.")
    step_ms = param.Number(default=1000, doc="One bar.")
    speed = param.Number(default=1, doc="Times real time; 0 stands for as fast as possible, as JSON has no infinity.")
    marks = param.List(default=[], doc="(kind, left, width, text, milliseconds) on the scrub bar, left in per cent.")
    speeds = param.List(default=[], doc="The speeds offered.")
    windows = param.List(default=[], doc="(label, milliseconds) of the windows offered.")
    loop = param.List(default=[], doc="From where to where it plays over and over, milliseconds; empty to play on.")
    is_ahead = param.Boolean(default=False, doc="Whether all of the recording is computed, so that any moment is near.")
    healed = param.String(default="", doc="seen or healed; empty where both are the same.")
    markers = param.List(default=[], doc="(milliseconds, label, note, whether it may be changed), in order.")
    can_mark = param.Boolean(default=False, doc="Whether a visitor may add markers.")
    can_steer = param.Boolean(default=True, doc="Whether this visitor's orders are taken.")
    role = param.String(default="", doc="presenting, following or, with no presenter's page left, deserted.")
    control = param.String(default="", doc="The token of the control link, for whoever presents.")
    scene = param.Dict(default={}, doc="What the presenter looks at: page, pair, zoom or width in milliseconds.")
    back = param.String(default="", doc="The presented run that this visitor left to look around.")
    page = param.String(default="", doc="Name of this page in the address.")
    run = param.String(default="", doc="Id of the run.")
    link = param.String(default="", doc="Query string of a link to this run's numbers, without its moment.")
    is_guest = param.Boolean(default=False, doc="Whether the page is not ours, so that its keys are not either.")
    live = param.String(default="", doc="Address of the live page, where the server has a live feed.")

    _esm: ClassVar[str] = "\n".join(script(name) for name in _SCRIPTS)
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("deck"), stylesheet("sheet")]

    def __init__(self, act: Callable[[Mapping[str, Any]], None], **params: Any) -> None:  # param's own keywords
        super().__init__(act, **params)

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in an order."""
        if isinstance(message.get("act"), str):
            self._act(message)
