"""What an endpoint is, and what it is handed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from livepairs.api.messages import Answer, Request
from livepairs.api.places import Places
from livepairs.api.queries import Query
from livepairs.api.tabular import FORMATS
from livepairs.hub import Hub

__all__ = ["NAMES", "Asked", "Endpoint"]

NAMES: Final = {"recording": r"^[^/]{1,80}$", "run": r"^[A-Za-z0-9_-]{1,64}$"}
"""What may stand in a path for a name in braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was understood.

    Parameters
    ----------
    media
        The format chosen.
    names
        What stands in the path for the names in braces.
    """

    hub: Hub
    places: Places
    request: Request
    media: str
    names: Mapping[str, str]
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path.

    Parameters
    ----------
    path
        Below ``/api/v1``, with names in braces.
    summary
        What it gives, in a sentence.
    query
        Its parameters.
    row
        The type of its rows; None for a document.
    is_one
        Whether it gives one row by itself instead of a page of them.
    answer
        Runs on a thread.
    """

    path: str
    summary: str
    query: type[Query]
    row: type[msgspec.Struct] | None
    answer: Callable[[Asked], Answer]
    is_one: bool = False
    formats: tuple[str, ...] = FORMATS

    def match(self, path: str) -> dict[str, str] | None:
        """Return what stands for the names in braces; None for another path."""
        pattern = re.sub(r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{NAMES[found[1]][1:-1]})", self.path)
        found = re.fullmatch(pattern, path)
        return None if found is None else found.groupdict()
