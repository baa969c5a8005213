"""One browser page at work: which panels it has, and how they are refreshed and let go.

A screen belongs to one session. It registers with its run when the browser has connected and leaves when the session
ends, so a GET that never connects (a bot, a health check) costs nothing after its page is sent. On each wake-up the
panels pull their own deltas, and everything they change leaves in one websocket message. A panel that fails is replaced
by a sentence; the rest lives on.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from html import escape
from typing import Any, Protocol

import panel as pn
from bokeh.document import Document
from panel.viewable import Viewable

from livepairs.hub import Run
from livepairs.hub.publishtimes import PUBLISH_TIMES
from livepairs.views.assets import stylesheet
from livepairs.views.backlog import is_behind
from livepairs.views.letter import writing

__all__ = ["Panel", "Screen", "sentence", "sentence_markup"]

_log = logging.getLogger(__name__)
_RETRY_S = 0.2


class Panel(Protocol):
    """A part of a page: a view, and a way to bring it up to date."""

    @property
    def view(self) -> Viewable:
        """What is placed on the page. It is made once and never replaced."""

    def refresh(self) -> None:
        """Pull what is new and show it. Called on the server's loop, never from two places at once."""


def sentence(text: str, *, is_error: bool = False) -> Viewable:
    """Return a designed state, empty or failed, as a sentence in the place of what it stands for."""
    html = sentence_markup(text, is_error=is_error)
    return pn.pane.HTML(html, stylesheets=[stylesheet("sentence")], sizing_mode="stretch_width", margin=0)


def sentence_markup(text: str, *, is_error: bool = False) -> str:
    """Return the content of a ``sentence``, to replace what one says."""
    mark = "#d9531e" if is_error else "#2f80d0"
    role = "alert" if is_error else "status"
    return f'<div class="lp-sentence" role="{role}" style="--lp-mark:{mark}">{escape(text)}</div>'


class _Slot:
    """The place of one panel on the page."""

    def __init__(self, name: str, build: Callable[[], Panel], styles: dict[str, str]) -> None:
        self._name = name
        self._panel: Panel | None = None
        self.view = pn.Column(margin=0, sizing_mode="stretch_width", styles=styles)
        self._guard(lambda: self._place(build()))

    def _place(self, panel: Panel) -> None:
        self._panel = panel
        panel.refresh()
        self.view.append(panel.view)

    def refresh(self) -> None:
        if self._panel is not None:
            self._guard(self._panel.refresh)

    def _guard(self, action: Callable[[], None]) -> None:
        # One of the two borders where any exception is caught (style.md section 7): a bug in one panel must not take
        # the page, and with it every other figure the trader is watching, off the screen.
        try:
            action()
        except Exception as error:  # noqa: BLE001 - one of the two borders, see above
            _log.exception("the %s panel failed", self._name)
            self._panel = None
            text = f"The {self._name} panel stopped: {type(error).__name__}: {error}. Reload the page to try again."
            self.view.objects = [sentence(text, is_error=True)]


class Screen:
    """The panels of one session and their tie to a run.

    Parameters
    ----------
    run
        The run that is watched.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._slots: list[_Slot] = []
        self._document: Document | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._on_enter: list[Callable[[], None]] = []
        self._on_leave: list[Callable[[], None]] = []

    def on_enter(self, action: Callable[[], None]) -> None:
        """Call this once the browser has connected: where to begin what costs something while it is looked at."""
        self._on_enter.append(action)

    def on_leave(self, action: Callable[[], None]) -> None:
        """Call this when the session ends, if it was ever entered."""
        self._on_leave.append(action)

    def add(self, name: str, build: Callable[[], Panel], styles: dict[str, str] | None = None) -> Viewable:
        """Build a panel, keep it fresh from now on, and return its place on the page.

        Parameters
        ----------
        name
            What the panel is called in an error message, for example ``"price"``.
        build
            Makes the panel; an exception in it is shown in the panel's place.
        styles
            CSS of the place, for example how it shares a row.
        """
        slot = _Slot(name, build, styles or {})
        self._slots.append(slot)
        return slot.view

    def refresh(self) -> None:
        """Bring every panel up to date, in one message to the browser; later, if it has not taken the last one yet."""
        if self._document is None:
            return
        if is_behind(self._document):
            PUBLISH_TIMES.skip()
            self._try_later()
            return
        with writing(self._document):
            for slot in self._slots:
                slot.refresh()

    def _try_later(self) -> None:
        def again() -> None:
            self._retry = None
            self.refresh()

        if self._retry is None:
            # An empty context, as the publisher's: see hub.publisher.
            self._retry = asyncio.get_running_loop().call_later(_RETRY_S, again, context=contextvars.Context())

    def attach(self) -> None:
        """Tie the screen to the session that is being created: live from its first websocket message to its end."""
        pn.state.onload(self._enter)
        pn.state.on_session_destroyed(self._leave)

    def _enter(self) -> None:
        self._document = pn.state.curdoc
        if self._document is None or self._document.session_context is None or self._unsubscribe is not None:
            return  # warmed up, not visited
        self.run.add_viewer()
        self._unsubscribe = self.run.subscribe(self.refresh)
        for action in self._on_enter:
            action()
        self.refresh()

    def _leave(self, _context: Any) -> None:  # Bokeh's session context, of no use here
        self._document = None
        self._slots.clear()
        if self._retry is not None:
            self._retry.cancel()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
            for action in self._on_leave:
                action()
            self.run.remove_viewer()
