"""The alerts page under one roof: history, rules with their rehearsal, and delivery, one of them in sight at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import panel_material_ui as pmui
from panel.viewable import Viewable

from livepairs.hub import Hub, Run
from livepairs.views.alerts.deliverydesk import DeliveryDesk
from livepairs.views.alerts.historyview import HistoryView
from livepairs.views.alerts.ruledesk import RuleDesk

__all__ = ["AlertsView"]

TABS: Final = ("History", "Rules", "Delivery")
_STYLE: Final = {"& .MuiTab-root": {"textTransform": "none", "minHeight": "40px", "fontWeight": 600}}


class AlertsView:
    """The three parts. What is not in sight costs nothing.

    Parameters
    ----------
    hub, run
        What is watched.
    asked
        What the address says: filters as ``h-pair`` and so on, and the ``part`` in sight.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, run: Run, asked: Mapping[str, str], notify: Callable[[], None]) -> None:
        filters = {name.removeprefix("h-"): text for name, text in asked.items() if name.startswith("h-")}
        self._history = HistoryView(hub, run, filters, notify)
        self._rules = RuleDesk(hub, run, notify)
        self._delivery = DeliveryDesk(hub, notify)
        part = asked.get("part", "").capitalize()
        self._tabs = pmui.Tabs(
            *zip(TABS, (self._history.view, self._rules.view, self._delivery.view), strict=True),
            active=TABS.index(part) if part in TABS else 0, sx=_STYLE, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self._tabs.param.watch(self._turned, "active")
        self.view: Viewable = self._tabs

    def begin(self) -> None:
        """Begin with what is in sight; the browser has connected."""
        self._turned(None)

    def refresh(self) -> None:
        """Bring up to date what is in sight."""
        part = (self._history, self._rules, self._delivery)[self._tabs.active]
        part.refresh()

    def close(self) -> None:
        """Let go; the page is gone."""
        for part in (self._history, self._rules, self._delivery):
            part.close()

    def _turned(self, _event: Any) -> None:  # param's own
        self._delivery.is_open = self._tabs.active == TABS.index("Delivery")
        if self._tabs.active == TABS.index("Rules"):
            self._rules.open()
        self.refresh()
