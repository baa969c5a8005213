"""Markup of our own making that is replaced as a whole, with parts that can be pressed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import param

from livepairs.views.assets import module, stylesheet
from livepairs.views.component import Talking

__all__ = ["ActionText"]


class ActionText(Talking):
    """HTML with buttons.

    Parameters
    ----------
    act
        Called with ``data-act`` and ``data-value`` of what was pressed.
    """

    html = param.String(default="", doc="HTML of our own making; everything else in it is escaped.")

    _esm: ClassVar[Path] = module("actiontext")
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome")]

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in what was pressed."""
        if isinstance(message.get("act"), str):
            value = message.get("value")
            self._act(message["act"], value if isinstance(value, str) else None)
