"""How much a page may say: whatever a browser sends is worked off on the loop that brings all other pages their bars.

Bokeh takes what comes. One message with two thousand presses of a button, which anybody who may look can send, kept all
pages waiting for ten seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

from bokeh.server.connection import ServerConnection
from bokeh.server.protocol_handler import ProtocolHandler

__all__ = ["TalkRate", "mind_manners"]

_LOG = logging.getLogger(__name__)

MOST_EVENTS: Final = 100
"""In one message. A page says one thing at a time, and a few when somebody drags."""

EVENTS_HZ: Final = 50.0
AT_ONCE: Final = 300.0

_WEIGHTS: Final = {"PULL-DOC-REQ": 50.0}
"""What asks for the whole page costs as much as so many events."""

_UNKNOWN: Final = frozenset({"PUSH-DOC"})
"""What a page of ours never says: to put another document in its place."""


class TalkRate:
    """Counts what one page says: some at once, and then so much a second.

    Examples
    --------
    >>> rate = TalkRate()
    >>> rate.wait_s(AT_ONCE, 0.0), rate.wait_s(EVENTS_HZ, 0.0), rate.wait_s(EVENTS_HZ, 2.0)
    (0.0, 1.0, 0.0)
    """

    def __init__(self) -> None:
        self._owed = 0.0
        self._since_s = 0.0

    def wait_s(self, events: float, now_s: float) -> float:
        """Count events, and return how long the page must be kept waiting for its next ones, seconds.

        Parameters
        ----------
        events
            What was said.
        now_s
            A clock that never goes back, seconds.
        """
        self._owed = max(0.0, self._owed - (now_s - self._since_s) * EVENTS_HZ) + events
        self._since_s = now_s
        return max(0.0, (self._owed - AT_ONCE) / EVENTS_HZ)


_RATES: Final[WeakKeyDictionary[ServerConnection, TalkRate]] = WeakKeyDictionary()

_take: Final = ProtocolHandler.handle


def mind_manners() -> None:
    """Have all servers of this process take in no more than they can work off; once or often."""
    ProtocolHandler.handle = _handle


async def _handle(handler: ProtocolHandler, message: Any, connection: ServerConnection) -> Any:  # as Bokeh's own
    kind, content = message.msgtype, message.content
    events = content.get("events") if isinstance(content, dict) else None
    count = len(events) if isinstance(events, list) else 1
    rate = _RATES.setdefault(connection, TalkRate())
    # The browser's next message is read only after this: it waits on its way here, and takes no memory.
    await asyncio.sleep(rate.wait_s(min(_WEIGHTS.get(kind, count), AT_ONCE), time.monotonic()))
    if kind in _UNKNOWN or count > MOST_EVENTS:
        _LOG.warning("a page sent a %s of %d events, which none of ours does; it was left out", kind, count)
        return connection.error(message, "That is more than a page says.")
    return await _take(handler, message, connection)
