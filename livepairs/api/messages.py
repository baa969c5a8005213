"""What comes in and what goes out, whatever web server carries it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from livepairs.access import Visitor

__all__ = ["Answer", "Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked.

    Parameters
    ----------
    path
        Below ``/api/v1``, decoded, for example ``"/runs/live/bars"``.
    query
        Names and texts as they stand in the address, in their order.
    method
        In capitals.
    accept
        The header of that name; empty means anything.
    accept_encoding
        The header of that name; empty means as it is.
    last_event_id
        The header a browser sends when it follows rows again; empty for none.
    visitor
        Who asks, as the door let them in; None for nobody.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    accept: str = ""
    accept_encoding: str = ""
    last_event_id: str = ""
    visitor: Visitor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered.

    Parameters
    ----------
    body
        All of it, or pieces as they come; whoever iterates closes the iterator when the asker has left.
    """

    media: str
    body: bytes | AsyncGenerator[bytes, None]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
