"""What has become of the messages: by channel how many were sent and wait, and those given up, to be sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

import param

from livepairs.clock import SystemClock
from livepairs.errors import LivepairsError
from livepairs.hub import Hub
from livepairs.views import numbers
from livepairs.views.aside import Aside
from livepairs.views.assets import stylesheet
from livepairs.views.component import Talking
from livepairs.views.visitor import is_permitted, permit

if TYPE_CHECKING:
    from livepairs.stores.outbox import ChannelCount, DeadLetter

__all__ = ["DeliveryDesk", "DeliveryPiece"]

PERIOD_S: Final = 2.0
"""Seconds between looks at the outbox: it changes by itself, as messages are sent."""

_HERE = Path(__file__).parent


class DeliveryPiece(Talking):
    """Channels, and the messages that were given up.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    channels = param.List(default=[], doc="name, sent, waiting, dead, last and error of each.")
    letters = param.List(default=[], doc="bundle, channel, when, attempts, error and events of each message given up.")
    problem = param.String(default="", doc="A sentence, if nothing can be said.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may send again.")
    is_known = param.Boolean(default=False, doc="Whether the outbox has been looked at.")

    _esm: ClassVar[Path] = _HERE / "js" / "deliverydesk.js"
    _stylesheets: ClassVar[list[str]] = [stylesheet("chrome"), stylesheet("deliverydesk")]


class DeliveryDesk:
    """Looks at the outbox while it is looked at.

    Parameters
    ----------
    hub
        Has the chronicle and the post.
    notify
        Called on the server's loop when the page is to be refreshed.
    """

    def __init__(self, hub: Hub, notify: Callable[[], None]) -> None:
        self._hub = hub
        self._looking: Aside[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = Aside(notify)
        self._looked_s = float("-inf")
        self.is_open = False
        self.view = DeliveryPiece(
            self._act, name="delivery", can_change=is_permitted("deliver", hub.gate), sizing_mode="stretch_width",
            margin=0,
        )  # fmt: skip

    def refresh(self) -> None:
        """Show what has come, and look again after a while."""
        found = self._looking.take()
        if isinstance(found, LivepairsError):
            self.view.problem = _sentence(found)
        elif found is not None:
            self.view.param.update(channels=found[0], letters=found[1], problem="", is_known=True)
        now_s = monotonic()
        if self.is_open and now_s - self._looked_s >= PERIOD_S:
            self._looked_s = now_s
            self._looking.ask(lambda: self._look([]))

    def close(self) -> None:
        """Let go; the page is gone."""
        self._looking.close()

    def _act(self, message: Mapping[str, Any]) -> None:
        bundles = message.get("bundles")
        if message.get("act") != "resend" or not isinstance(bundles, list):
            return
        try:
            permit("deliver", self._hub.gate)
        except LivepairsError as error:
            self.view.problem = _sentence(error)
            return
        wanted = [str(bundle) for bundle in bundles[:1000]]
        self._looking.ask(lambda: self._look(wanted))

    def _look(self, resent: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Send again what is asked for, and return channels and letters; on a thread."""
        from livepairs.stores.outbox import Outbox

        outbox = Outbox(self._hub.chronicle.history.database)
        if resent:
            outbox.resend(resent, now_us=SystemClock().now_us())
            self._hub.post.wake()
        return [_channel(count) for count in outbox.counts()], [_letter(letter) for letter in outbox.dead_letters()]


def _channel(count: ChannelCount) -> dict[str, Any]:
    return {
        "name": count.channel,
        "sent": numbers.count(count.sent),
        "waiting": numbers.count(count.waiting),
        "dead": numbers.count(count.dead),
        "last": numbers.NONE if count.sent_us is None else numbers.day_clock(count.sent_us),
        "error": count.error or "",
        "state": "bad" if count.dead else "busy" if count.waiting else "good",
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "bundle": letter.bundle,
        "channel": letter.channel,
        "when": numbers.day_clock(letter.given_up_us),
        "attempts": numbers.count(letter.attempts),
        "error": letter.error or "",
        "events": [event.message for event in letter.events],
    }


def _sentence(error: LivepairsError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
