"""The recordings page's own pieces of HTML: the bar with what one can begin, and the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from livepairs.views.assets import stylesheet

__all__ = ["ShelfBar", "ShelfList"]

_HERE = Path(__file__).parent

Act = Callable[[Mapping[str, Any]], None]


class _Piece(JSComponent):
    """Half of the page: what is asked for in the browser goes to ``act``, and ``send`` answers."""

    def __init__(self, act: Act, **params: Any) -> None:  # param's own keywords
        super().__init__(**params)
        self._act = act

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the browser something that is not a state."""
        self._send_msg(dict(message))

    def _handle_msg(self, data: Any) -> None:  # whatever the browser sent
        if isinstance(data, dict):
            self._act(data)


class ShelfBar(_Piece):
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

    _esm: ClassVar[Path] = _HERE / "js" / "shelfbar.js"
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("shelfbar")]


class ShelfList(_Piece):
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

    _esm: ClassVar[Path] = _HERE / "js" / "shelflist.js"
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("shelflist")]
