"""The frame every page has: navigation, source chip, digest badge, theme, drawer, and the deck at the bottom.

A page hands in how to build its body; the frame opens the run, keeps chip and deck up to date, and turns what cannot
be shown into a sentence. Models are built under ``freeze``: without it Bokeh walks the document for every one of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

import panel as pn
import panel_material_ui as pmui
from bokeh.plotting import figure
from panel.io.state import state
from panel.viewable import Viewable

from livepairs.errors import FullError, LivepairsError
from livepairs.hub import get_hub
from livepairs.views import pages
from livepairs.views.alerts.alarm import Alarm
from livepairs.views.component import Navigation
from livepairs.views.deck.transport import Transport
from livepairs.views.frame.badge import Badge
from livepairs.views.frame.brand import ICON
from livepairs.views.frame.drawer import drawer
from livepairs.views.frame.dress import dress
from livepairs.views.frame.help import help_of
from livepairs.views.frame.sourcestate import SourceState
from livepairs.views.frame.visit import Visit, arrive, asked, is_dark
from livepairs.views.frame.visitor import is_permitted
from livepairs.views.frame.wayout import Silence, way_out
from livepairs.views.homes.hostbridge import HostBridge, framing, regret
from livepairs.views.palette import BARE_STYLE, PAGE_STYLE, THEME
from livepairs.views.screen import Screen
from livepairs.views.serving.skeleton import TEMPLATE

__all__ = ["framed"]

_DECK_HEIGHT: Final = 52

_LOG = logging.getLogger(__name__)

Body = Callable[[Screen, Visit], list[Viewable]]


def framed(key: str, title: str, body: Body) -> pmui.Page:
    """Return a whole page.

    Parameters
    ----------
    key
        Name of the page in the address, for example ``"market"``.
    title
        Its title.
    body
        Builds what stands between header and deck.
    """
    document = pn.state.curdoc
    if document is None:
        return _page(key, title, body)
    with document.models.freeze():
        try:
            return _page(key, title, body)
        except Exception as error:  # noqa: BLE001 - a border as in screen: a visitor is told in words, the log has the rest
            _LOG.exception("the page %s could not be built", key)
            reason = f"An internal error ({type(error).__name__}); the server's log says more."
            return _nothing(key, title, "This page could not be built", reason)


def _page(key: str, title: str, body: Body) -> pmui.Page:
    try:
        visit = arrive()
    except FullError as error:
        return _nothing(key, title, "There is no room for another replay", f"{error}.", is_full=True)
    except LivepairsError as error:
        return _nothing(key, title, "There is nothing to show", f"{error}.")
    screen = Screen(visit.run)
    transport = Transport(visit, key, screen.refresh)
    source = SourceState(visit.run, screen.refresh, can_change=is_permitted("live"), is_bare=framing() != "whole")
    badge = Badge(get_hub(), visit.run, screen.refresh, visit.query, is_bare=framing() != "whole")
    alarm = Alarm(visit.run, visit.query, get_hub().parity.notices)
    banner = screen.add("source chip", lambda: source)
    proved = screen.add("digest badge", lambda: badge)
    told = screen.add("bell", lambda: alarm)
    silence = [screen.add("silence", lambda: Silence(visit.run))] if visit.run.kind == "live" else []
    source.narrow_row.append(badge.narrow)
    source.narrow_row.sizing_mode = "stretch_width"
    main = [source.narrow_row, banner, proved, told, *silence, *body(screen, visit)]
    main.append(screen.add("deck", lambda: transport))
    if "host" in asked():
        main.append(screen.add("bridge", lambda: HostBridge(key, visit, transport.order)))
    if framing() == "none":
        transport.view.styles = {"display": "none"}
    navigation = _navigation(key, is_dark=visit.is_dark, query=visit.query)
    transport.on_query = lambda query: navigation.param.update(query=query)
    right = [source.wide, badge.wide, alarm.bell, help_of(key, visit.run)]
    page = _shell(navigation, title, is_dark=visit.is_dark, main=main, right=right)
    page.sidebar = [drawer(visit)]
    screen.on_enter(transport.enter)
    screen.on_enter(badge.begin)
    screen.on_leave(badge.end)
    screen.on_leave(transport.leave)
    screen.attach()
    return page


def _nothing(key: str, title: str, heading: str, reason: str, *, is_full: bool = False) -> pmui.Page:
    shown = way_out(heading, reason, is_full=is_full)
    main = [shown, *regret(f"{heading}: {reason}")]
    return _shell(_navigation(key, is_dark=is_dark()), title, is_dark=is_dark(), main=main)


def _navigation(key: str, *, is_dark: bool, query: str = "") -> Navigation:
    listed = [(name, page.TITLE) for name, page in pages.found().items()]
    return Navigation(pages=listed, current=key, query=query, dark=is_dark)


def _shell(
    navigation: Navigation, title: str, *, is_dark: bool, main: list[Viewable], right: Sequence[Viewable] = ()
) -> pmui.Page:
    header = [navigation, pn.Spacer(sizing_mode="stretch_width", height=1, margin=0)]
    room = {"padding": f"6px 10px {8 if framing() == 'none' else _DECK_HEIGHT + 8}px"}
    sx = PAGE_STYLE if framing() == "whole" else PAGE_STYLE | BARE_STYLE
    column = pn.Column(*main, margin=0, sizing_mode="stretch_width", styles=room)
    if state.curdoc is not None:  # then it is said of this page alone
        pn.config.browser_info = False  # in seven messages each browser told what nothing here asks
    page = pmui.Page(
        title="livepairs", meta_title=f"{title} · livepairs", favicon=ICON, site_url="./",
        header=[*header, *right], main=[column],
        theme_config=THEME, sx=sx, dark_theme=is_dark, sidebar_open=False, sidebar_variant="temporary",
        sidebar_width=290, sidebar_resizable=False, busy_indicator=None, template=TEMPLATE,
    )  # fmt: skip
    for pane in column.select(pn.pane.Bokeh):
        for chart in pane.object.select({"type": figure}):
            dress(chart, is_dark=is_dark)
    page.jslink(navigation, dark_theme="dark")
    _let_rest(page)
    return page


def _let_rest(page: pmui.Page) -> None:
    """Take a page off Panel's list of those to tell whenever any page is busy: ours show nothing of it.

    The list is never cleared, so a page on it stays in memory for ever; and each click of anybody would walk through
    all models of every page there is.
    """
    for _parameters, watcher in page._param__private.ref_watchers:
        if watcher.inst is state:
            state.param.unwatch(watcher)
