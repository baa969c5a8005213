"""The door of our own server: every route is behind it, also one that nobody told it of.

It is not asked by the handlers, it is put around them: whatever class Tornado finds for a path is served by a subclass
that asks first. So a new route is shut until somebody with the right to look asks for it, and each answer carries the
headers of ``access/headers.py``. What is judged, and how, stands in ``access/entry.py``.
"""

from __future__ import annotations

import inspect
import math
import secrets
import socket
import sys
import time
from collections import deque
from http import HTTPStatus
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any, Final, Literal, cast
from urllib.parse import quote
from weakref import WeakKeyDictionary

from bokeh.server.tornado import BokehTornado
from bokeh.server.views.autoload_js_handler import AutoloadJsHandler
from bokeh.server.views.doc_handler import DocHandler
from bokeh.server.views.ico_handler import IcoHandler
from bokeh.server.views.multi_root_static_handler import MultiRootStaticHandler
from bokeh.server.views.static_handler import StaticHandler
from bokeh.util.token import check_token_signature, get_token_payload
from panel.io.server import ComponentResourceHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from livepairs.access.entry import Ask, Entry, Refusal
from livepairs.access.gate import BROWSER_COOKIE, PASS_COOKIE, SESSION_COOKIE, browser_key
from livepairs.access.headers import security_headers
from livepairs.access.openrate import OpenRate
from livepairs.access.roles import Visitor
from livepairs.api.problems import MEDIA, problem
from livepairs.hub import get_hub
from livepairs.views.frame.visit import THEME_COOKIE
from livepairs.views.serving.gatehouse import notice

__all__ = ["Door", "nonce_of", "theme_of"]

_PUBLIC: Final = (StaticHandler, MultiRootStaticHandler, IcoHandler)
"""Files of the libraries, the same for everybody."""

_PAGES: Final = (DocHandler, AutoloadJsHandler)

_FULL: Final = Refusal(
    503, "As many pages are open as this server shows. Close one; this page looks for room every half a minute."
)
_YEAR_S: Final = 365

PROMISE_S: Final = 0.3
"""How long after its answer a page may take to count as a session (see ``views/serving/prompt.py``)."""

SEND_BYTES: Final = 256 << 10
"""What may be on its way to a browser; by itself a system lets it grow to minutes of updates."""

_LEAVING: Final = Refusal(503, "This server is stopping. Try again when it is back.")


class Door:
    """Asks who comes, on behalf of every handler.

    Parameters
    ----------
    entry
        The rules.
    max_sessions
        Pages open at a time.
    opens
        How many an address may open.
    prefix
        What all paths begin with; empty or ``/something``.
    """

    def __init__(self, entry: Entry, *, max_sessions: int, opens: OpenRate, prefix: str = "") -> None:
        self.entry = entry
        self.prefix = prefix
        self._max_sessions = max_sessions
        self._opens = opens
        self._promised_s: deque[float] = deque()
        self._open: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # Any: websockets, and the pages they belong to

    def guard(self, application: BokehTornado) -> None:
        """Stand before every handler of an application, those of its errors included."""
        inner = application.get_handler_delegate
        classes: dict[Any, type[RequestHandler]] = {}  # Any: handler classes, which have a hash whatever the types say

        def delegate(request: HTTPServerRequest, target: type[RequestHandler], *args: Any, **kwargs: Any) -> Any:
            # Any: Tornado's arguments, passed on; what it returns is its own.
            if target not in classes:
                classes[target] = _guarded(target, self)
            return inner(request, classes[target], *args, **kwargs)

        application.get_handler_delegate = delegate

    def sweep(self) -> None:
        """Close the pages of those who are not known any more: removed, with a new password, or signed in long ago."""
        for shown, page in list(self._open.items()):
            if self.entry.gate.who(page) is None:
                shown.close(1008, "not signed in any more")
                self._open.pop(shown, None)

    def judge(self, handler: RequestHandler) -> Visitor | Refusal | None:
        """Return whose request it is, or why it is refused."""
        kind = _kind(handler)
        token = handler.get_query_argument("token", None) if kind == "page" else None
        request = handler.request
        cookies = {name: morsel.value for name, morsel in request.cookies.items()}
        asked = Ask(
            method=request.method or "", headers=request.headers, cookies=cookies, embed=token, kind=kind
        )  # fmt: skip
        if kind == "socket":
            return self._judge_socket(handler, asked)
        if isinstance(handler, ComponentResourceHandler) and _module(handler) not in sys.modules:
            return Refusal(404, "There is nothing here.")  # or an address could import any module there is
        verdict = self.entry.judge(asked)
        if kind == "page" and not isinstance(verdict, Refusal):
            if get_hub().is_stopping:
                return _LEAVING
            wait_s = self._opens.wait_s(request.remote_ip or "", time.monotonic())
            if wait_s:
                return Refusal(429, f"Too many pages in a short time. Try again in {math.ceil(wait_s)} s.")
            if self._is_full(handler):
                return _FULL
        if isinstance(verdict, Visitor) and kind != "public":
            self._note(handler, verdict, is_embedded=token is not None and not self.entry.gate.is_open)
        return verdict

    def _judge_socket(self, handler: RequestHandler, asked: Ask) -> Visitor | Refusal:
        """Let a page in that we made, for the visitor we made it for, a short time ago."""
        gate = self.entry.gate
        payload = _page_token(handler)
        page = None if payload is None else SimpleNamespace(cookies=payload.get("cookies", {}))
        watched = None if page is None else gate.who(page)
        if page is None or watched is None:
            return Refusal(403, "This page is not one of ours, or too old. Load it again.")
        verdict = self.entry.judge(asked)
        if isinstance(verdict, Refusal):
            # Inside a host's page a browser may keep our cookies back; that we made the page for them must do.
            if not (verdict.is_unknown and gate.is_embedded(page)):
                return verdict
        elif verdict is not None and not gate.is_open and verdict.name != watched.name:
            return Refusal(403, "This page was made for somebody else.")
        if not gate.is_open:
            self._open[handler] = page
        _hold_little(handler)
        return watched

    def _is_full(self, handler: RequestHandler) -> bool:
        application, now_s = cast(BokehTornado, handler.application), time.monotonic()
        while self._promised_s and self._promised_s[0] < now_s - PROMISE_S:
            self._promised_s.popleft()
        sessions = sum(len(application.get_sessions(path)) for path in application.app_paths)
        if sessions + len(self._promised_s) >= self._max_sessions:
            return True
        self._promised_s.append(now_s)
        return False

    def _note(self, handler: RequestHandler, visitor: Visitor, *, is_embedded: bool) -> None:
        """Put on the request whose it is, in place of what they brought: the latter is not for pages to keep."""
        if visitor.key == "":
            visitor = Visitor(visitor.name, visitor.role, browser_key())
            if isinstance(handler, DocHandler):
                give_cookie(handler, BROWSER_COOKIE, visitor.key, days=_YEAR_S)
        kept = SimpleCookie({name: m.value for name, m in handler.request.cookies.items() if name not in _OURS})
        kept[PASS_COOKIE] = self.entry.gate.page_pass(visitor, is_embedded=is_embedded)
        handler.request._cookies = kept
        if "Cookie" in handler.request.headers:
            del handler.request.headers["Cookie"]

    def send(self, handler: RequestHandler, refusal: Refusal) -> None:
        """Answer a request that is refused."""
        handler.set_status(refusal.status)
        again_s = _AGAIN_S if refusal.status in _LATER else None
        if again_s is not None:
            handler.set_header("Retry-After", str(again_s))
        if isinstance(handler, WebSocketHandler) or "text/html" not in handler.request.headers.get("Accept", ""):
            if refusal.is_unknown and refusal.status == 401:
                handler.set_header("WWW-Authenticate", "Bearer")
            handler.set_header("Content-Type", MEDIA)
            handler.finish(problem(HTTPStatus(refusal.status), refusal.sentence))
        elif refusal.is_unknown and handler.request.method == "GET":
            handler.redirect(f"{self.prefix}/login?next={quote(handler.request.uri or '/', safe='')}")
        else:
            title, is_dark = _TITLES.get(refusal.status, "Not here"), theme_of(handler)
            handler.finish(notice(title, refusal.sentence, again_s=again_s, is_dark=is_dark))


_OURS: Final = (SESSION_COOKIE, BROWSER_COOKIE, PASS_COOKIE)
_LATER: Final = (429, 503)
_AGAIN_S: Final = 30
_TITLES: Final = {
    403: "Not from there", 404: "Nothing here", 421: "Not under that name", 429: "Not so fast", 503: "Not now",
}  # fmt: skip


def nonce_of(handler: RequestHandler) -> str:
    """Return what scripts of this answer carry; empty where no door stands before the handler."""
    return str(getattr(handler, "livepairs_nonce", ""))


def theme_of(handler: RequestHandler) -> bool:
    """Say whether the visitor's last page was dark."""
    return bool(handler.get_cookie(THEME_COOKIE) == "dark")


def give_cookie(handler: RequestHandler, name: str, value: str, *, days: float | None = None) -> None:
    """Set a cookie that scripts cannot read, and that goes along with links but not with other pages' requests."""
    prefix = getattr(handler.application, "prefix", "") or "/"
    is_secure = handler.request.protocol == "https"
    handler.set_cookie(name, value, expires_days=days, path=prefix, httponly=True, samesite="Lax", secure=is_secure)


def _kind(handler: RequestHandler) -> Literal["public", "page", "socket", "other"]:
    if isinstance(handler, _PUBLIC) or getattr(handler, "is_public", False):
        return "public"
    if isinstance(handler, WebSocketHandler):
        return "socket"
    return "page" if isinstance(handler, _PAGES) else "other"


def _hold_little(handler: RequestHandler) -> None:
    """Have the system keep little for a browser that does not read: it is skipped then, and caught up in one piece."""
    bound = getattr(getattr(handler.request.connection, "stream", None), "socket", None)
    if isinstance(bound, socket.socket) and bound.family != getattr(socket, "AF_UNIX", None):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)


def _module(handler: RequestHandler) -> str:
    return str(handler.path_args[0] if handler.path_args else "").partition("/")[0]


def _page_token(handler: RequestHandler) -> dict[str, Any] | None:
    """Return what the page of a websocket was made with; None for one we did not make, or made too long ago."""
    words = [word.strip() for word in handler.request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    application = cast(BokehTornado, handler.application)
    if len(words) != 2 or words[0] != "bokeh":
        return None
    try:
        if not check_token_signature(words[1], application.secret_key, application.sign_sessions):
            return None
        payload = cast("dict[str, Any]", get_token_payload(words[1]))
        return payload if payload["session_expiry"] > time.time() else None
    except (ValueError, KeyError, TypeError):
        return None  # not even a token


def _guarded(target: type[RequestHandler], door: Door) -> type[RequestHandler]:
    """Return a handler that does what another does, for those whom the door lets in."""

    class Guarded(target):  # type: ignore[valid-type,misc]  # the class comes from Tornado's routes
        def set_default_headers(self) -> None:
            self.livepairs_nonce = secrets.token_urlsafe(16)
            super().set_default_headers()
            self.clear_header("Server")
            others, is_secure = door.entry.origins.others, self.request.protocol == "https"
            for name, value in security_headers(self.livepairs_nonce, others, is_secure=is_secure).items():
                self.set_header(name, value)

        async def prepare(self) -> None:
            verdict = door.judge(self)
            if isinstance(verdict, Refusal):
                door.send(self, verdict)
                return
            self.visitor = verdict
            waiting = super().prepare()
            if inspect.isawaitable(waiting):
                await waiting

        def check_origin(self, origin: str) -> bool:
            return door.entry.origins.admits(origin, self.request.host)

    Guarded.__name__ = Guarded.__qualname__ = target.__name__
    return Guarded
