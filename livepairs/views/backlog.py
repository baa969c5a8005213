"""What of a page's updates its browser has not taken yet, and whether it could be sent another one right now.

Tornado queues without limit what a slow browser has not taken. A page that is behind is therefore skipped, and gets
everything in one piece later; it never slows the feed or the other pages, and never fills the memory.

Bokeh has no public way to ask. Where its inner parts are not what they were, nobody counts as behind, and nobody's
websocket as known.
"""

from __future__ import annotations

from typing import Any

from bokeh.document import Document
from panel.io.document import _WRITE_BLOCK, _WRITE_MSGS
from tornado.websocket import WebSocketHandler

__all__ = ["is_behind", "sockets_of"]


def is_behind(document: Document) -> bool:
    """Return whether something sent to the document's browser is still waiting to be taken."""
    return any(_is_writing(connection) for connection in _connections_of(document))


def sockets_of(document: Document) -> list[Any] | None:
    """Return where to write what is to reach the document's browser next; None where nobody but Bokeh may.

    That is where a message is being written or waits to be, and where the websocket is not Tornado's.
    """
    if document in _WRITE_MSGS or document in _WRITE_BLOCK:
        return None
    sockets = [connection._socket for connection in _connections_of(document)]
    return sockets if all(map(_is_free, sockets)) else None


def _connections_of(document: Document) -> tuple[Any, ...]:  # Bokeh's ServerConnections
    session: Any = getattr(document.session_context, "session", None)
    return tuple(getattr(session, "_subscribed_connections", ()))


def _is_writing(connection: Any) -> bool:
    try:
        return bool(connection._socket.ws_connection.stream.writing())
    except AttributeError:
        return False


def _is_free(socket: Any) -> bool:  # a websocket's handler, of whatever server
    if not isinstance(socket, WebSocketHandler) or socket.ws_connection is None or socket.ws_connection.is_closing():
        return False
    try:
        return bool(socket.write_lock._block._value)  # type: ignore[attr-defined]  # Bokeh's, taken while it writes
    except AttributeError:
        return False
