"""The script that a host's page loads, to show a page of ours inside its own."""

from __future__ import annotations

from typing import Any, Final

from tornado.web import RequestHandler

from livepairs.views.assets import script

__all__ = ["SCRIPT", "embed_routes"]

SCRIPT: Final = "/embed.js"


class EmbedScript(RequestHandler):
    """Sends ``js/embed.js``, which holds nothing that is not for everybody."""

    is_public = True

    def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.write(script("embed"))

    head = get


def embed_routes() -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:  # Any: what a handler is made with
    """Return what a server needs to be shown inside other pages."""
    return [(SCRIPT, EmbedScript, {})]
