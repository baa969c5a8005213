"""Refusals as ``application/problem+json`` (RFC 9457): a sentence for people, a status for programs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from livepairs.api.messages import Answer

__all__ = ["MEDIA", "Problem", "RefusedError", "problem"]

MEDIA: Final = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer."""

    title: Annotated[str, Meta(description="The status in words.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The status of the answer, again.")]
    detail: Annotated[str, Meta(description="What was found, what is allowed, what to do.")]
    type: Annotated[str, Meta(description="Always about:blank: the status says which kind it is.")] = "about:blank"


class RefusedError(Exception):
    """A request that gets no answer but a sentence.

    Parameters
    ----------
    status
        The HTTP status.
    detail
        The sentence.
    headers
        What must be sent along, for example ``Allow``.
    """

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})

    def answer(self) -> Answer:
        """Return what is sent."""
        headers = {"Cache-Control": "no-store", **self.headers}
        return Answer(media=MEDIA, body=problem(self.status, self.detail), status=int(self.status), headers=headers)


def problem(status: HTTPStatus, detail: str) -> bytes:
    """Return what is sent for a refusal; also by the doors, which refuse before anything here is asked."""
    return msgspec.json.encode(Problem(title=status.phrase, status=int(status), detail=detail))
