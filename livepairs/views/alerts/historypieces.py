"""Two pieces of HTML of the alerts page: what is asked of history with the counts over time, and one event in full."""

from __future__ import annotations

from typing import ClassVar

import param

from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking

__all__ = ["EventCard", "HistoryBar"]


class HistoryBar(Talking):
    """Figures, counts over time, filters, and the way to older events.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    tiles = param.Dict(default={}, doc="Finished texts: fired, cleared, standing, open and last.")
    spans = param.List(default=[], doc="(start in ms, level, fired, cleared) of each span that has events.")
    first_ms = param.Number(default=0, doc="Where the first span begins.")
    width_ms = param.Number(default=0, doc="Length of a span; 0 where there is nothing to draw.")
    bins = param.Integer(default=0, doc="How many spans there are.")
    names = param.Dict(default={}, doc="What can be filtered by: pair, rule, level.")
    asked = param.Dict(default={}, doc="The filters in force, text by name.")
    place = param.String(default="", doc="Which events are on the page, in words.")
    has_newer = param.Boolean(default=False, doc="Whether there are newer ones than those on the page.")
    has_older = param.Boolean(default=False, doc="Whether there are older ones.")
    is_replay = param.Boolean(default=True, doc="Whether there is a moment that history can be cut off at.")
    problem = param.String(default="", doc="A sentence, if history is not to be had or not complete.")
    stamp = param.Integer(default=0, doc="Goes up with each change.")

    _esm: ClassVar[str] = script("make") + script("historybar")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("historybar")]


class EventCard(Talking):
    """One event: what it said and why, who has seen to it, and its replay.

    Parameters
    ----------
    act
        As for ``HistoryBar``.
    """

    event = param.Dict(default={}, doc="The event, as eventcard.card_of makes it; empty for none.")
    why = param.Dict(default={}, doc="Its explanation, as eventcard.why_of makes it; empty while it is looked up.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may acknowledge.")

    _esm: ClassVar[str] = script("make") + script("eventcard")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("eventcard")]
