"""Markup of our own making that is replaced as a whole, with parts that can be pressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from livepairs.views.assets import stylesheet

__all__ = ["ActionText"]


class ActionText(JSComponent):
    """HTML with buttons.

    Parameters
    ----------
    act
        Called with ``data-act`` and ``data-value`` of what was pressed.
    """

    html = param.String(default="", doc="HTML of our own making; everything else in it is escaped.")

    _esm: ClassVar[Path] = Path(__file__).parent / "js" / "actiontext.js"
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome")]

    def __init__(self, act: Callable[[str, str | None], None], **params: Any) -> None:  # param's own keywords
        super().__init__(**params)
        self._act = act

    def _handle_msg(self, data: Any) -> None:  # whatever the browser sent
        if isinstance(data, dict) and isinstance(data.get("act"), str):
            value = data.get("value")
            self._act(data["act"], value if isinstance(value, str) else None)
