"""The door of a home that speaks ASGI: the same questions as ``door`` asks for Tornado, put before every request."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from types import SimpleNamespace
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qs

from bokeh.util.token import check_token_signature, get_token_payload

from livepairs.access import Visitor
from livepairs.access.entry import Ask, Entry, Refusal
from livepairs.access.gate import BROWSER_COOKIE, PASS_COOKIE, SESSION_COOKIE
from livepairs.access.headers import security_headers
from livepairs.api.asgi_door import VISITOR
from livepairs.api.problems import MEDIA, problem
from livepairs.views import pages
from livepairs.views.serving.embedding import SCRIPT

__all__ = ["App", "AsgiDoor", "Receive", "Scope", "Send", "answer"]

Scope = MutableMapping[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_OURS: Final = (SESSION_COOKIE, BROWSER_COOKIE, PASS_COOKIE)
_PUBLIC: Final = ("/static/",)


class AsgiDoor:
    """Lets in whom the rules let in, and tells the application who it is.

    Parameters
    ----------
    app
        What is behind it.
    entry
        The rules.
    who
        Knows a host's visitor by the host's own session; None where it need not be asked.
    secret_key
        What pages' tokens are signed with.
    """

    def __init__(
        self, app: App, entry: Entry, *, who: Callable[[Scope], Visitor | None] | None, secret_key: bytes
    ) -> None:
        self._app, self._entry, self._who, self._key = app, entry, who, secret_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, headers = _kind(scope), _headers(scope)
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [None])[0] if kind == "page" else None
        asked = Ask(
            method=scope.get("method", "GET"), headers=headers, cookies=_cookies(headers), embed=token, kind=kind
        )  # fmt: skip
        verdict = self._judge(scope, asked)
        if isinstance(verdict, Refusal):
            await self._refuse(scope, verdict, send)
            return
        admitted = {**scope, VISITOR: verdict}
        if verdict is not None:
            admitted["headers"] = self._noted(scope, verdict, is_embedded=token is not None)
        await self._app(admitted, receive, send if kind == "socket" else self._dressed(scope, send))

    def _judge(self, scope: Scope, asked: Ask) -> Visitor | Refusal | None:
        verdict = self._entry.judge(asked)
        if not isinstance(verdict, Refusal) or not verdict.is_unknown:
            return verdict
        known = None if self._who is None else self._who(scope)
        if asked.kind != "socket":
            return known or verdict
        page = self._page(asked.headers)
        watched = None if page is None else self._entry.gate.who(page)
        if page is None or watched is None:
            return verdict
        # The origin is right. A page that came by a token has nothing else to show; any other is still its visitor's.
        is_theirs = self._entry.gate.is_embedded(page) or (known is not None and known.name == watched.name)
        return watched if is_theirs else verdict

    def _page(self, headers: Mapping[str, str]) -> Any | None:  # a request, as far as a Gate asks of one
        """Return the request that made the page of a websocket; None for one we did not make, or made too long ago."""
        words = [word.strip() for word in headers.get("Sec-Websocket-Protocol", "").split(",")]
        if len(words) != 2 or words[0] != "bokeh":
            return None
        try:
            if not check_token_signature(words[1], self._key, signed=True):
                return None
            payload = cast("dict[str, Any]", get_token_payload(words[1]))
            if payload["session_expiry"] <= time.time():
                return None
        except (ValueError, KeyError, TypeError):
            return None  # not even a token
        return SimpleNamespace(cookies=payload.get("cookies", {}))

    def _noted(self, scope: Scope, visitor: Visitor, *, is_embedded: bool) -> list[tuple[bytes, bytes]]:
        """Return the headers with whose request it is, in place of what they brought of ours."""
        kept = {name: text for name, text in _cookies(_headers(scope)).items() if name not in _OURS}
        kept[PASS_COOKIE] = self._entry.gate.page_pass(visitor, is_embedded=is_embedded)
        line = "; ".join(f"{name}={text}" for name, text in kept.items()).encode("latin-1")
        return [*((name, text) for name, text in scope["headers"] if name != b"cookie"), (b"cookie", line)]

    def _dressed(self, scope: Scope, send: Send) -> Send:
        """Return a ``send`` that gives every answer its headers, and the scripts of a page their nonce."""
        nonce = secrets.token_urlsafe(16)
        held: list[MutableMapping[str, Any]] = []
        others, is_secure = self._entry.origins.others, scope.get("scheme") == "https"
        extra = security_headers(nonce, others, is_secure=is_secure)

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start = {**message, "headers": [*message["headers"], *_encoded(extra)]}
                if _is_html(message["headers"]):
                    held.append(start)
                else:
                    await send(start)
            elif held:
                held.append(message)
                if not message.get("more_body"):
                    await _send_page(held, nonce, send)
            else:
                await send(message)

        return dressed

    async def _refuse(self, scope: Scope, refusal: Refusal, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the host answers 403
            return
        body = problem(HTTPStatus(refusal.status), refusal.sentence)
        await answer(self._dressed(scope, send), refusal.status, body, MEDIA.encode())


async def answer(send: Send, status: int, body: bytes, media: bytes) -> None:
    """Send a whole answer."""
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_page(held: list[MutableMapping[str, Any]], nonce: str, send: Send) -> None:
    start, *parts = held
    body = b"".join(part.get("body", b"") for part in parts)
    # The scripts in it are ours; the nonce tells the browser so (access/headers.py).
    body = body.replace(b"<script", f'<script nonce="{nonce}"'.encode())
    kept = [(name, text) for name, text in start["headers"] if name.lower() != b"content-length"]
    length = (b"content-length", str(len(body)).encode())
    await send({**start, "headers": [*kept, length, (b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": body})


def _kind(scope: Scope) -> Literal["public", "page", "socket", "other"]:
    if scope["type"] == "websocket":
        return "socket"
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if path == SCRIPT or path.startswith(_PUBLIC):
        return "public"
    return "page" if path.strip("/") in pages.found() else "other"


def _headers(scope: Scope) -> dict[str, str]:
    """Return headers by their usual names, as ``Sec-Fetch-Site``."""
    return {name.decode("latin-1").title(): text.decode("latin-1") for name, text in scope["headers"]}


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("Cookie", "")).items()}
    except CookieError:
        return {}


def _is_html(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-type" and text.startswith(b"text/html") for name, text in headers)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
