"""Who watches the page that is at work right now, and whether they may do what was asked of it.

Ask in the handler that does the deed, each time: what a button shows is a courtesy, and a role can change while a page
is open.
"""

from __future__ import annotations

import panel as pn

from livepairs.access import Deed, Gate, Visitor, may, require
from livepairs.hub import get_hub

__all__ = ["is_permitted", "permit", "visitor"]


def visitor(gate: Gate | None = None) -> Visitor | None:
    """Return who watches the page at work; outside of a page, whoever asks without saying who they are.

    Parameters
    ----------
    gate
        That of the server; by default the hub's.
    """
    document = pn.state.curdoc
    context = None if document is None else document.session_context
    return (gate or get_hub().gate).who(None if context is None else context.request)


def is_permitted(deed: Deed, gate: Gate | None = None) -> bool:
    """Say whether they may, to show a button or not."""
    return may(visitor(gate), deed)


def permit(deed: Deed, gate: Gate | None = None) -> Visitor:
    """Return who watches the page at work, if they may do this.

    Raises
    ------
    AccessError
        If they may not; the message is for them to read.
    """
    return require(visitor(gate), deed)
