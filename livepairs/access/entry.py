"""Whether a request is let in: the rules every home has, whatever serves it. Knows no web framework.

A home hands in what it knows of a request as an ``Ask``, and gets a ``Refusal`` to send, or the ``Visitor`` whose
request it is. ``views/serving/door.py`` does so for every route of our own server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from livepairs.access.gate import Gate
from livepairs.access.origins import Origins
from livepairs.access.roles import Visitor

__all__ = ["Ask", "Entry", "Refusal"]

_UNKNOWN: Final = "You are not signed in. A script sends the header Authorization: Bearer TOKEN."

_SAFE: Final = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request says of itself.

    Parameters
    ----------
    method
        In capitals.
    headers
        By their usual names (``Sec-Fetch-Site``).
    cookies
        By name.
    embed
        An embed token from the address, if there is one.
    kind
        ``public`` is what everybody gets, signed in or not: health, the way in, the files of the libraries.
    """

    method: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str] = field(default_factory=dict)
    embed: str | None = None
    kind: Literal["public", "page", "socket", "other"] = "other"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not.

    Parameters
    ----------
    status
        For HTTP.
    sentence
        For whoever asked; gives nothing away.
    is_unknown
        Signing in would help.
    """

    status: int
    sentence: str
    is_unknown: bool = False


class Entry:
    """The rules.

    Parameters
    ----------
    gate
        Knows visitors.
    origins
        Knows names and origins.
    """

    def __init__(self, gate: Gate, origins: Origins) -> None:
        self.gate, self.origins = gate, origins

    def judge(self, ask: Ask) -> Visitor | Refusal | None:
        """Return whose request it is, or why it is refused; None for nobody's request of something public."""
        refusal = self._misplaced(ask)
        if refusal is not None:
            return refusal
        visitor = self.gate.admit(ask.cookies, ask.headers, embed=ask.embed)
        if visitor is None and ask.kind != "public":
            return Refusal(403 if ask.kind == "socket" else 401, _UNKNOWN, is_unknown=True)
        return visitor

    def _misplaced(self, ask: Ask) -> Refusal | None:
        """Return why a request is not one of our own pages', of a page that may show ours, or of a script."""
        headers, host = ask.headers, ask.headers.get("Host", "")
        if not self.origins.is_host(host):
            return Refusal(421, "This server is not known under that name.")
        origin = headers.get("Origin")
        if ask.kind == "socket":
            return None if self.origins.admits(origin, host) else _STRANGE
        if ask.method not in _SAFE:
            return None if self._may_change(ask, origin, host) else _STRANGE
        if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin") or _is_visit(headers):
            return None
        is_ours = self.origins.is_other(origin) or self.origins.is_other(headers.get("Referer"))
        return None if is_ours or ask.kind == "public" else _STRANGE

    def _may_change(self, ask: Ask, origin: str | None, host: str) -> bool:
        if origin is not None:
            return self.origins.admits(origin, host)
        # No browser sends a change without saying where it comes from. A script does, and brings no browser's cookie.
        is_script = ask.headers.get("Authorization", "").lower().startswith("bearer ") or self.gate.is_open
        return is_script and ask.headers.get("Sec-Fetch-Site", "none") == "none"


def _is_visit(headers: Mapping[str, str]) -> bool:
    """Say whether a link was followed, to be shown in a window of its own; or in a frame, which the policy judges."""
    return headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") in ("document", "iframe")


_STRANGE: Final = Refusal(403, "Pages of that origin may not talk to this server.")
