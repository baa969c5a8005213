"""Under which names the server is known, and whose pages may talk to it. Pure.

A browser sends requests to this machine for any page that asks it to. What keeps a stranger's page out is where the
browser says the request comes from, which a page cannot forge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Origins", "known_names"]


@dataclass(frozen=True, slots=True)
class Origins:
    """Names and origins that are right.

    Parameters
    ----------
    hosts
        Names, with their ports, under which the server is asked; None for any, where it listens to others than this
        machine and cannot know. A name that is not among them is a stranger's that was pointed here.
    others
        Further origins, ``scheme://host[:port]``, whose pages may show ours and talk to us.
    """

    hosts: frozenset[str] | None = None
    others: frozenset[str] = frozenset()

    def is_host(self, host: str) -> bool:
        """Say whether the server may be asked under this name (a Host header)."""
        return self.hosts is None or host.lower() in self.hosts or host.lower() in {_place(o) for o in self.others}

    def is_other(self, url: str | None) -> bool:
        """Say whether a URL (a Referer or an Origin header) is of a page that may show ours."""
        return url is not None and _origin(url) in self.others

    def admits(self, origin: str | None, host: str) -> bool:
        """Say whether a page of this origin may talk to the server, asked under this name.

        Parameters
        ----------
        origin
            The Origin header; None where there was none, which is no origin of ours.
        host
            The Host header.
        """
        if origin is None or _origin(origin) is None:
            return False
        return (self.is_host(host) and _place(origin) == host.lower()) or self.is_other(origin)


def known_names(addresses: Iterable[str], port: int) -> frozenset[str]:
    """Return the Host headers of a server that only this machine can reach.

    Examples
    --------
    >>> sorted(known_names(["127.0.0.1"], 5006))
    ['127.0.0.1:5006', '[::1]:5006', 'localhost:5006']
    """
    names = {"localhost", "127.0.0.1", "::1", *addresses}
    shown = {f"[{name}]" if ":" in name else name.lower() for name in names}
    return frozenset(f"{name}:{port}" for name in shown) | (frozenset(shown) if port == 80 else frozenset())


def _origin(url: str) -> str | None:
    """Return scheme, host and port of a URL; None for what is none, as the ``null`` of a sandboxed page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _place(origin: str) -> str:
    return (_origin(origin) or "").partition("://")[2]
