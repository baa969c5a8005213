"""The pages and the API as one ASGI application, for a host that serves them itself, in its own process.

bokeh-fastapi, which carries the pages there, asks nobody where a websocket comes from and forgets to say when one has
closed. So nothing reaches it but through ``asgidoor``, which judges as our own server's door does.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from livepairs.access import Gate, Role, Visitor
from livepairs.access.entry import Entry
from livepairs.access.origins import Origins
from livepairs.api import asgi_door as api_door
from livepairs.api.service import Api
from livepairs.config import Settings
from livepairs.errors import ConfigError
from livepairs.hub import get_hub, start_hub
from livepairs.views import pages
from livepairs.views.assets import script
from livepairs.views.serving.asgidoor import App, AsgiDoor, Receive, Scope, Send, answer
from livepairs.views.serving.discretion import be_discreet
from livepairs.views.serving.embedding import SCRIPT
from livepairs.views.serving.manners import mind_manners

__all__ = ["Pages"]

Who = Callable[[Scope], Visitor | None]
"""Says who a host's visitor is, from the ASGI scope of their request; None for nobody."""

_JAVASCRIPT: Final = b"text/javascript; charset=utf-8"
_MARK: Final = "livepairs.socket"


class _GoneError(Exception):
    """The browser has gone; ends what reads from it."""


class Pages:
    """An ASGI application of every page, the API and the embed script.

    Mount it at a path of the host's (``app.mount("/livepairs", pages)``); it finds its prefix by itself.

    Parameters
    ----------
    settings
        What is shown; None takes the environment and ``livepairs.toml``.
    who
        Who a visitor is, by the host's own session; None where only a token lets somebody in.
    origins
        Origins of other hosts whose pages may show ours, as ``https://desk.example``, beside those of the settings. The
        host's own needs no word.
    """

    def __init__(
        self, settings: Settings | None = None, *, who: Who | None = None, origins: Sequence[str] = ()
    ) -> None:
        hub = get_hub() if settings is None else start_hub(settings)
        hub.gate = self._gate = Gate(anonymous=None)
        # The bridge of a page to its host asks the settings whom it may talk to.
        hub.settings = replace(hub.settings, origins=(*hub.settings.origins, *origins))
        known = Origins(others=frozenset(hub.settings.origins))
        self._bokeh = _bokeh_app(self._gate.key)
        self._api = api_door.ApiApp(Api(get_hub))
        self._door = AsgiDoor(self._serve, Entry(self._gate, known), who=who, secret_key=self._gate.key)
        self._cleaning: asyncio.Task[None] | None = None

    def token(self, name: str, role: Role = "viewer") -> str:
        """Return a token that lets a user of the host's see one page; a minute to use it, once."""
        return self._gate.embed_token(name, role)

    def beside(self, app: App, prefix: str) -> App:
        """Return an application that is this one below a prefix, and another everywhere else.

        Parameters
        ----------
        app
            The host's, for example Django's ``get_asgi_application()``.
        prefix
            For example ``"/livepairs"``.
        """

        async def both(scope: Scope, receive: Receive, send: Send) -> None:
            root = scope.get("root_path", "")
            if scope["type"] in ("http", "websocket") and scope["path"].startswith(f"{root}{prefix}/"):
                await self({**scope, "root_path": f"{root}{prefix}"}, receive, send)
            else:
                await app(scope, receive, send)

        return both

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        if self._cleaning is None:
            # A mounted application is not told of the host's start. An empty context, or the task would keep this
            # request's; see hub.publisher.
            loop = asyncio.get_running_loop()
            self._cleaning = loop.create_task(self._bokeh._cleanup_loop(), context=contextvars.Context())
        await self._door(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == SCRIPT:
            await answer(send, 200, script("embed").encode(), _JAVASCRIPT)
        elif path.startswith(f"{api_door.BELOW}/"):
            await self._api(scope, receive, send)
        else:
            # As if it were not mounted: Panel makes addresses relative to the page then, and they hold anywhere.
            inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
            await (self._connected if scope["type"] == "websocket" else self._bokeh.app)(inner, receive, send)

    async def _connected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a websocket, and say when it has closed: bokeh-fastapi does not, and its session would never end."""
        mark = scope[_MARK] = object()

        async def noticed() -> Scope:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                raise _GoneError
            return message

        try:
            await self._bokeh.app(scope, noticed, send)
        finally:
            for connection in tuple(self._bokeh._clients):
                if connection._socket._socket.scope.get(_MARK) is mark:
                    self._bokeh.client_lost(connection)


def _bokeh_app(key: bytes) -> Any:  # BokehFastAPI, which has no types
    try:
        from panel.io.fastapi import add_applications
    except ImportError as error:
        raise ConfigError(
            f"to serve the pages inside another application, {error.name} is needed; pip install 'livepairs[asgi]'"
        ) from error
    be_discreet()
    mind_manners()
    found = pages.found()
    return add_applications(
        {f"/{name}": module.page for name, module in found.items()},
        title={f"/{name}": pages.titled(module) for name, module in found.items()},
        secret_key=key,
        sign_sessions=True,
    )
