"""Whether a browser keeps up: what was sent to it before has left this process.

Tornado queues without limit what a slow browser has not taken yet. A page that is behind is therefore skipped, and gets
everything in one piece later; it never slows the feed or the other pages, and never fills the memory.
"""

from __future__ import annotations

from typing import Any

from bokeh.document import Document

__all__ = ["is_behind"]


def is_behind(document: Document) -> bool:
    """Return whether something sent to the document's browser is still waiting to be taken.

    Bokeh has no public way to ask. Where its inner parts are not what they were, nobody counts as behind.
    """
    session: Any = getattr(document.session_context, "session", None)
    connections = getattr(session, "_subscribed_connections", ())
    return any(_is_writing(connection) for connection in tuple(connections))


def _is_writing(connection: Any) -> bool:  # Bokeh's ServerConnection
    try:
        return bool(connection._socket.ws_connection.stream.writing())
    except AttributeError:
        return False
