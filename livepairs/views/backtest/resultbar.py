"""The line above a backtest's result: what it is a result of, the way from trade to trade, and the exports."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import param

from livepairs.views.assets import module, stylesheet
from livepairs.views.backtest.export import EXPORTS, Export
from livepairs.views.component import Talking

__all__ = ["ResultBar"]

_ACTS = ("follow", "step", "all", "export")


class ResultBar(Talking):
    """Says which part of the recording was tested and holds what one can do with the result.

    Parameters
    ----------
    act
        Called with ``follow``, ``step`` (1 or -1), ``all`` or ``export`` (a key of ``EXPORTS``).
    """

    look = param.String(default="so-far", doc="so-far, whole or failed; decides the colour.")
    word = param.String(default="SO FAR", doc="Which part of the recording, in a word.")
    text = param.String(default="", doc="Up to when, how many bars, how long it took.")
    tip = param.String(default="", doc="The tooltip.")
    is_held = param.Boolean(default=False, doc="Whether the result stays while the replay goes on.")
    trade = param.Integer(default=-1, doc="The trade that was jumped to, counted from 0; -1 for none.")
    trades = param.Integer(default=0, doc="How many trades there are.")
    has_result = param.Boolean(default=False, doc="Whether there is something to export.")
    files = param.List(default=[], doc="Key and label of each export.")

    _esm: ClassVar[Path] = module("resultbar")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("resultbar")]

    def __init__(self, act: Callable[[str, Any], None], **params: Any) -> None:  # param's own keywords
        super().__init__(act, files=[(key, label) for key, (label, _) in EXPORTS.items()], **params)

    def save(self, export: Export) -> None:
        """Let the browser save a file."""
        self.send({"name": export.name, "mime": export.mime, "data": b64encode(export.data).decode("ascii")})

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in what was pressed."""
        if message.get("act") in _ACTS:
            self._act(message["act"], message.get("value"))
