"""What has become of the messages: by channel how many were sent and wait, and those given up, to be sent again.

And whether a channel works at all: an operator may send it a test message and sees what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

import param

from livepairs.clock import SystemClock
from livepairs.errors import DeliveryError, LivepairsError
from livepairs.hub import Hub
from livepairs.views import numbers
from livepairs.views.aside import Aside
from livepairs.views.assets import script, stylesheet
from livepairs.views.component import Talking
from livepairs.views.frame.visitor import is_permitted, permit

if TYPE_CHECKING:
    from livepairs.stores.outbox import ChannelCount, DeadLetter

__all__ = ["DeliveryDesk", "DeliveryPiece"]

PERIOD_S: Final = 2.0
"""Seconds between looks at the outbox: it changes by itself, as messages are sent."""


class DeliveryPiece(Talking):
    """Channels, and the messages that were given up.

    Parameters
    ----------
    act
        Called with what the browser sent, a mapping with ``act`` and whatever belongs to it.
    """

    channels = param.List(default=[], doc="name, where it leads, sent, waiting, dead, last and error of each.")
    trials = param.Dict(default={}, doc="By channel what came of its test: words, and state good, bad or busy.")
    letters = param.List(default=[], doc="bundle, channel, when, attempts, error and events of each message given up.")
    problem = param.String(default="", doc="A sentence, if nothing can be said.")
    can_change = param.Boolean(default=False, doc="Whether a visitor may send tests, and send again.")
    is_known = param.Boolean(default=False, doc="Whether the outbox has been looked at.")

    _esm: ClassVar[str] = script("make") + script("deliverydesk")
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
        self._trying: Aside[dict[str, str]] = Aside(notify)
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
        tried = self._trying.take()
        if isinstance(tried, dict):
            self.view.trials = {**self.view.trials, tried["channel"]: tried}
        now_s = monotonic()
        if self.is_open and now_s - self._looked_s >= PERIOD_S:
            self._looked_s = now_s
            self._looking.ask(lambda: self._look([]))

    def close(self) -> None:
        """Let go; the page is gone."""
        self._looking.close()
        self._trying.close()

    def _act(self, message: Mapping[str, Any]) -> None:
        act, bundles = message.get("act"), message.get("bundles")
        try:
            if act == "resend" and isinstance(bundles, list):
                permit("deliver", self._hub.gate)
                wanted = [str(bundle) for bundle in bundles[:1000]]
                self._looking.ask(lambda: self._look(wanted))
            elif act == "test":
                permit("deliver", self._hub.gate)
                self._try_out(str(message.get("channel", "")))
        except LivepairsError as error:
            self.view.problem = _sentence(error)

    def _try_out(self, channel: str) -> None:
        """Send a channel a test message, if it is one of those shown and none is on its way."""
        if self._trying.is_busy or channel not in {shown["name"] for shown in self.view.channels}:
            return
        self.view.trials = {**self.view.trials, channel: {"channel": channel, "state": "busy", "words": "Sending…"}}
        self._trying.ask(lambda: _tried(self._hub, channel))

    def _look(self, resent: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Send again what is asked for, and return channels and letters; on a thread."""
        from livepairs.stores.outbox import ChannelCount, Outbox

        outbox = Outbox(self._hub.chronicle.history.database)
        if resent:
            outbox.resend(resent, now_us=SystemClock().now_us())
            self._hub.post.wake()
        counts = {count.channel: count for count in outbox.counts()}
        declared = (channel.name for channel in self._hub.rulebook.current.channels)
        channels = [
            _channel(counts.get(name) or ChannelCount(name, 0, 0, 0, None, None, ""), leads, is_usable=is_usable)
            for name in dict.fromkeys((*declared, *counts))
            for leads, is_usable in [self._way(name)]
        ]
        return channels, [_letter(letter) for letter in outbox.dead_letters()]

    def _way(self, channel: str) -> tuple[str, bool]:
        """Return where a channel leads, as far as that may be said, or why it leads nowhere, and whether it does."""
        try:
            return self._hub.post.describe(channel), True
        except LivepairsError as error:
            return _sentence(error), False


def _tried(hub: Hub, channel: str) -> dict[str, str]:
    begun_s = monotonic()
    try:
        hub.post.try_out(channel)
    except DeliveryError as error:
        return {"channel": channel, "state": "bad", "words": f"The test failed: {error}."}
    took_ms = 1000 * (monotonic() - begun_s)
    return {"channel": channel, "state": "good", "words": f"The test was taken after {took_ms:,.0f} ms."}


def _channel(count: ChannelCount, leads: str, *, is_usable: bool) -> dict[str, Any]:
    states = ((not is_usable, "lost"), (count.dead, "bad"), (count.waiting, "busy"), (count.sent, "good"))
    return {
        "name": count.channel,
        "leads": leads,
        "is_usable": is_usable,
        "sent": numbers.count(count.sent),
        "waiting": numbers.count(count.waiting),
        "dead": numbers.count(count.dead),
        "last": numbers.NONE if count.sent_us is None else numbers.day_clock(count.sent_us),
        "error": _bare(count.error, count.channel),
        "state": next((state for is_so, state in states if is_so), "new"),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "bundle": letter.bundle,
        "channel": letter.channel,
        "when": numbers.day_clock(letter.given_up_us),
        "attempts": f"{numbers.count(letter.attempts)} attempt{'s' if letter.attempts != 1 else ''}",
        "error": _bare(letter.error, letter.channel),
        "events": [event.message for event in letter.events],
    }


def _bare(error: str | None, channel: str) -> str:
    """Return what went wrong without the name of the channel, which stands beside it."""
    return (error or "").removeprefix(f"channel {channel!r}: ")


def _sentence(error: LivepairsError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
