"""livepairs inside another application: a page in its pages, all pages in its process, or the views in a Panel app.

- A page of any host: ``snippet`` gives the HTML of a page of a running server; ``docs/embedding.md`` has the element's
  attributes and events. ``token`` lets a user of the host's in where the server asks who comes.
- An ASGI host (FastAPI, Starlette, Django): ``Pages`` is every page and the API as one application, to be mounted.
- Another Panel app: ``Market`` and ``Spread`` are Viewers.

>>> print(snippet("https://desk.example/livepairs/", page="spread", pair="ETHUSDT/BTCUSDT", frame="0"))
<script src="https://desk.example/livepairs/embed.js"></script>
<live-pairs page="spread" pair="ETHUSDT/BTCUSDT" frame="0"></live-pairs>
"""

from __future__ import annotations

from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from livepairs.access import Gate, Role
from livepairs.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from livepairs.views.homes.viewers import Market, Spread
    from livepairs.views.serving.asgi import Pages

__all__ = ["Market", "Pages", "Spread", "snippet", "token"]

ATTRIBUTES: Final = ("page", "pair", "run", "recording", "at", "speed", "theme", "frame", "token", "token_url")
"""What the element takes; ``js/embed.js`` explains them."""

# Imported when asked for: a host that only writes snippets needs no Panel.
_HOMES: Final = {
    "Market": "livepairs.views.homes.viewers",
    "Pages": "livepairs.views.serving.asgi",
    "Spread": "livepairs.views.homes.viewers",
}


def snippet(server: str, **attributes: str | None) -> str:
    """Return the HTML that shows a page of a running server.

    Parameters
    ----------
    server
        Its address, for example ``"https://desk.example/livepairs/"``, as the visitor's browser reaches it; a path
        where it is the host's own.
    attributes
        Of the element, by name (``token_url`` is ``token-url``); None leaves one out.

    Raises
    ------
    ConfigError
        If the address is none, or the element has no such attribute.
    """
    if urlsplit(server).scheme not in ("", "http", "https"):
        raise ConfigError(f"server {server!r} is not an address; write for example https://desk.example/livepairs/")
    for name in attributes:
        if name not in ATTRIBUTES:
            hint = did_you_mean(name, ATTRIBUTES)
            raise ConfigError(f"there is no attribute {name!r}{hint}; there are {', '.join(ATTRIBUTES)}")
    said = [f' {name.replace("_", "-")}="{escape(text)}"' for name, text in attributes.items() if text is not None]
    script = escape(f"{server.rstrip('/')}/embed.js")
    return f'<script src="{script}"></script>\n<live-pairs{"".join(said)}></live-pairs>'


def token(users_file: str | Path, name: str, role: Role = "viewer") -> str:
    """Return a token with which a browser may open one page, once, within a minute.

    Parameters
    ----------
    users_file
        That of the server (``livepairs serve --auth``): its key signs.
    name
        What the host calls its user; they need not be in the file, the host vouches for them.
    role
        What they may do.

    Raises
    ------
    ConfigError
        If the file cannot be used.
    """
    return Gate(Path(users_file)).embed_token(name, role)


def __getattr__(name: str) -> Any:  # one of the classes above
    if name not in _HOMES:
        raise AttributeError(f"module 'livepairs.embed' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
