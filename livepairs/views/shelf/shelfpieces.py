"""The recordings page's own pieces of HTML: the bar with what one can begin, and the list."""

from __future__ import annotations

from typing import ClassVar

import param

from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking

__all__ = ["ShelfBar", "ShelfList"]


class ShelfBar(Talking):
    """What there is in sum, the record button, and the upload with its preview.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    summary = param.String(default="", doc="How many recordings there are, and how large.")
    folder = param.String(default="", doc="Where they are.")
    back = param.String(default="", doc="What the server shows by itself, while this page shows something else.")
    tape = param.Dict(default={}, doc="Recording of the live feed: is_live, state, text.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may record and upload.")
    limit_bytes = param.Integer(default=0, doc="Largest file that is taken.")
    upload = param.Dict(default={}, doc="How the upload stands, as Upload.shown makes it.")

    _esm: ClassVar[str] = script("make") + script("shelfbar")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("shelfbar")]


class ShelfList(Talking):
    """The recordings, one row each, with what one can do with them.

    Parameters
    ----------
    act
        As for ``ShelfBar``.
    """

    rows = param.List(default=[], doc="The recordings, as shelfrows.rows_of makes them.")
    first = param.String(default="", doc="Where the common time axis begins.")
    last = param.String(default="", doc="Where it ends.")
    message = param.String(default="", doc="A sentence in place of the rows.")
    notice = param.String(default="", doc="What became of the last thing asked for, where it went wrong.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may delete.")
    limit = param.String(default="", doc="How much a browser may take away.")
    stamp = param.Integer(default=0, doc="Goes up with each change.")

    _esm: ClassVar[str] = script("make") + script("shelflist")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("shelflist")]
