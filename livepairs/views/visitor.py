"""Who watches the page that is at work right now, and whether they may do what was asked of it.

Ask in the handler that does the deed, each time: what a button shows is a courtesy, and a role can change while a page
is open.
"""

from __future__ import annotations

import panel as pn

from livepairs.access import Deed, Visitor, may, require
from livepairs.hub import get_hub

__all__ = ["is_permitted", "permit", "visitor"]


def visitor() -> Visitor | None:
    """Return who watches the page at work; outside of a page, whoever asks without saying who they are."""
    document = pn.state.curdoc
    context = None if document is None else document.session_context
    return get_hub().gate.who(None if context is None else context.request)


def is_permitted(deed: Deed) -> bool:
    """Say whether they may, to show a button or not."""
    return may(visitor(), deed)


def permit(deed: Deed) -> Visitor:
    """Return who watches the page at work, if they may do this.

    Raises
    ------
    AccessError
        If they may not; the message is for them to read.
    """
    return require(visitor(), deed)
