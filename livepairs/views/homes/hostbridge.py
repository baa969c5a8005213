"""What a page inside a host's own tells the host, and what the host may ask of it, by window messages.

A message goes to one origin only: the host's, if the settings name it among ``origins``, else the server's own. What
comes is taken from that origin alone, and from the window that shows the page. A host asks for nothing that the deck
does not: its orders go the same way, past the same questions. ``js/embed.js`` is the other end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import param
from panel.viewable import Viewable

from livepairs.access.origins import Origins
from livepairs.hub import get_hub
from livepairs.tables.ring import Cursor
from livepairs.views.assets import module
from livepairs.views.component import Talking
from livepairs.views.frame.visit import Visit, asked
from livepairs.views.pace import FIGURES_S, Pace

__all__ = ["Framing", "HostBridge", "framing", "regret"]

Framing = Literal["whole", "deck", "none"]
"""What stands around the views: header and deck, the deck alone, or nothing."""

MOST_TOLD: Final = 100
"""Events told at a time: of a storm the newest."""

_FRAMINGS: Final[dict[str, Framing]] = {"0": "none", "deck": "deck"}
_ORDERS: Final = ("play", "pause", "seek", "speed", "step")


def framing() -> Framing:
    """Return what the address of the page at work wants around the views."""
    return _FRAMINGS.get(asked().get("frame", ""), "whole")


def regret(reason: str) -> list[Viewable]:
    """Return what tells a host that there is nothing to show, and why; nothing where no host is named."""
    return [_bridge(_nobody, problem=reason)] if "host" in asked() else []


class Bridge(Talking):
    """The end in the browser; it shows nothing.

    Parameters
    ----------
    act
        Called with an order and its number.
    """

    host = param.String(default="", doc="The one origin that is talked with; empty for the page's own.")
    about = param.Dict(default={}, doc="Page, pair, run and span, told as soon as the page is there.")
    now_ms = param.Number(default=0, doc="Event time shown, milliseconds since the epoch.")
    status = param.String(default="", doc="playing, paused, ended or failed.")
    problem = param.String(default="", doc="Why there is nothing to show; empty where there is something.")
    events = param.List(default=[], doc="The events of the last telling, oldest first.")
    stamp = param.Integer(default=0, doc="Goes up with each telling.")

    _esm: ClassVar[Path] = module("hostbridge")

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take in an order of the host's."""
        name, value = message.get("act"), message.get("value")
        if name in _ORDERS:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            self._act(name, float(value) if is_number and value is not None else None)


class HostBridge:
    """Keeps a host up to date; made for pages whose address names one (``?host=``).

    Parameters
    ----------
    page
        Name of the page.
    visit
        What it shows.
    act
        Carries out an order, as the deck's.
    """

    def __init__(self, page: str, visit: Visit, act: Callable[[str, float | None], None]) -> None:
        self._run = visit.run
        self._cursor: Cursor | None = None
        self._pace = Pace(FIGURES_S)
        recording = visit.run.recording
        about: dict[str, Any] = {"page": page, "pair": str(visit.pair), "run": visit.run.id, "kind": visit.run.kind}
        if recording is not None:
            about |= {"recording": recording.name, "start": recording.start_us / 1e3, "end": recording.end_us / 1e3}
        self.view = _bridge(act, about=about)

    def refresh(self) -> None:
        """Tell the time, and what fired or cleared since."""
        if not self._pace.is_due(self._run):
            return
        state, delta = self._run.state, self._run.tables.events.since(self._cursor)
        is_news, self._cursor = self._cursor is not None and not delta.is_reset, delta.cursor
        changes: dict[str, Any] = {"now_ms": state.now_us / 1e3, "status": state.status}
        if is_news and delta.rows.num_rows:
            rows = delta.rows.slice(max(0, delta.rows.num_rows - MOST_TOLD)).to_pylist()
            changes["events"] = [{**row, "ts": row["ts"].isoformat().replace("+00:00", "Z")} for row in rows]
            changes["stamp"] = self.view.stamp + 1
        self.view.show(**changes)


def _bridge(act: Callable[[str, float | None], None], **said: Any) -> Bridge:  # Any: the bridge's parameters
    host, origins = asked().get("host", ""), Origins(others=frozenset(get_hub().settings.origins))
    return Bridge(act, host=host if origins.is_other(host) else "", width=0, height=0, margin=0, name="bridge", **said)


def _nobody(_order: str, _value: float | None) -> None:
    """Do nothing: there is no deck."""
