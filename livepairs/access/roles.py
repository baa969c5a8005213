"""The two roles, what may be done at all, and which role may do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from livepairs.errors import AccessError

__all__ = ["DEEDS", "ROLES", "Deed", "Role", "Visitor", "may", "require"]

Role = Literal["viewer", "operator"]

ROLES: Final[tuple[Role, ...]] = ("viewer", "operator")

Deed = Literal[
    "look",
    "take",
    "prove",
    "steer",
    "control",
    "mark",
    "record",
    "delete",
    "upload",
    "rules",
    "live",
    "acknowledge",
    "deliver",
]

DEEDS: Final[dict[Deed, str]] = {
    "look": "see pages, results and metrics",
    "take": "take results and recordings away",
    "prove": "have a recording checked",
    "steer": "steer a replay of their own",
    "control": "steer a replay that others opened",
    "mark": "change the markers of a recording",
    "record": "record the live feed",
    "delete": "delete recordings",
    "upload": "upload files",
    "rules": "change alert rules",
    "live": "start and stop the live feed",
    "acknowledge": "acknowledge alerts",
    "deliver": "have alerts delivered",
}
"""Everything the server asks leave for, in the words of its refusals."""

_OF_VIEWERS: Final[frozenset[Deed]] = frozenset({"look", "take", "prove", "steer"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at the server.

    Parameters
    ----------
    name
        As in the users file; ``"anonymous"`` where nobody signs in.
    role
        What they may do follows from it.
    key
        Tells one visitor from another, also among the anonymous: the same in every page of one browser. Empty where
        that is not known, and then it is equal to nobody's.
    """

    name: str
    role: Role
    key: str = ""


def may(visitor: Visitor | None, deed: Deed) -> bool:
    """Say whether a visitor is allowed a deed; nobody (None) is allowed nothing."""
    if deed not in DEEDS:
        raise ValueError(f"no deed {deed!r}; there are {', '.join(DEEDS)}")
    return visitor is not None and (visitor.role == "operator" or deed in _OF_VIEWERS)


def require(visitor: Visitor | None, deed: Deed) -> Visitor:
    """Return the visitor, if they are allowed a deed.

    Raises
    ------
    AccessError
        If they are not; the message is for them to read.
    """
    if visitor is None:
        raise AccessError("nobody is signed in here; sign in and try again")
    if not may(visitor, deed):
        raise AccessError(f"a {visitor.role} may not {DEEDS[deed]}; ask an operator")
    return visitor
