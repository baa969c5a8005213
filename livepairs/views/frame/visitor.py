"""Who watches the page that is at work right now, and whether they may do what was asked of it.

Ask in the handler that does the deed, each time: what a button shows is a courtesy, and a role can change while a page
is open.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache

import panel as pn

from livepairs.access import Deed, Gate, Visitor, may, require
from livepairs.access.gate import Request
from livepairs.hub import get_hub
from livepairs.views.serving.exposure import is_exposed

__all__ = ["is_embedded", "is_permitted", "permit", "visitor"]

_LOG = logging.getLogger(__name__)


def visitor(gate: Gate | None = None) -> Visitor | None:
    """Return who watches the page at work; outside of a page, whoever asks without saying who they are.

    Parameters
    ----------
    gate
        That of the server; by default the hub's.
    """
    request, gate = _request(), gate or get_hub().gate
    known = gate.who(request)
    if request is None or known is None or gate.is_noted(request) or not _is_reached():
        return known
    # Panel serves this page, where anybody can connect and no door of ours has asked who it is: they are viewers. The
    # run's id, which nobody can guess, tells whose replay is whose.
    return replace(known, role="viewer", key="by the run's id")


@cache
def _is_reached() -> bool:
    is_reached = is_exposed()
    if is_reached:
        _LOG.warning(
            "other machines can reach this server, which asks nobody who they are: all visitors are viewers; "
            "add --address 127.0.0.1, or use livepairs serve with --auth"
        )
    return is_reached


def is_embedded() -> bool:
    """Say whether the page at work was opened with a host's token: there is no sign-in of ours to end then."""
    request = _request()
    return request is not None and get_hub().gate.is_embedded(request)


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


def _request() -> Request | None:
    document = pn.state.curdoc
    context = None if document is None else document.session_context
    return None if context is None else context.request
