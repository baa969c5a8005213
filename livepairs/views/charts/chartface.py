"""The face of a page's charts in the browser: time axis, legends, crosshair, zone of the times, pictures and files.

Nothing of what the mouse does goes to the server. The browser says which window it shows once the hand has come to
rest, and the panel that owns the charts hands it the rows of that window; see ``chartrows``.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, ClassVar, Final

import param

from livepairs.views.assets import script, stylesheet
from livepairs.views.backtest.export import Export
from livepairs.views.component import Talking

__all__ = ["FACE_HEIGHT", "ChartFace"]

FACE_HEIGHT: Final = 26
"""Pixels of the bar above the charts."""

_SCRIPTS: Final = (
    "zone", "chart/times", "chart/scales", "chart/calm", "chart/labels", "chart/paint", "chart/legend", "chart/picture",
    "chart/face",
)  # fmt: skip


class ChartFace(Talking):
    """What turns figures on one time axis into the charts of a page.

    Parameters
    ----------
    act
        Called with ``look`` (start and end in milliseconds, pixels, whether it follows) and ``file`` (a key of the
        spec's files, start, end, minutes ahead of UTC).
    """

    spec = param.Dict(default={}, doc="The models it works on, by id, and how each chart is read; see TimeAxis.face.")
    epoch = param.Integer(default=0, doc="Goes up with each jump in time, which makes the charts follow again.")
    shown = param.String(default="", doc="Which bars are drawn, for example '1 s bars'.")
    busy = param.String(default="", doc="What one is waiting for; empty if nothing.")

    _esm: ClassVar[str] = "\n".join(script(name) for name in _SCRIPTS)
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("chartbar")]

    def __init__(self, act: Callable[[str, Mapping[str, Any]], None], **params: Any) -> None:  # param's own keywords
        super().__init__(act, **params)

    def stand_alone(self) -> None:
        """Ask for no rows and offer none: there is nobody to give them."""
        self.spec = self.spec | {"asks": False, "files": []}

    def save(self, export: Export) -> None:
        """Let the browser save a file."""
        self.send({"name": export.name, "mime": export.mime, "data": b64encode(export.data).decode("ascii")})

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in what the browser says, where it makes sense."""
        span = (message.get("start"), message.get("end"))
        is_span = all(isinstance(at, int | float) and isfinite(at) for at in span)
        if message.get("act") in ("look", "file") and is_span and span[0] < span[1]:  # type: ignore[operator]
            self._act(message["act"], message)
