"""From a request to an answer: which endpoint, which format, who may, and every refusal as a sentence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from livepairs.access import require
from livepairs.api.accepting import choose
from livepairs.api.endpoint import Asked, Endpoint
from livepairs.api.endpoints import ENDPOINTS
from livepairs.api.messages import Answer, Request
from livepairs.api.packing import packed
from livepairs.api.places import Places
from livepairs.api.problems import RefusedError
from livepairs.api.queries import read
from livepairs.errors import AccessError, LivepairsError
from livepairs.hub import Hub

__all__ = ["METHODS", "MOST_FOLLOWERS", "Api"]

_LOG = logging.getLogger(__name__)

MOST_FOLLOWERS: Final = 100
"""Readers that may follow rows at the same time; one more is asked to come later."""

METHODS: Final = ("GET", "HEAD")


class Api:
    """What answers requests below ``/api/v1``; one a server.

    Parameters
    ----------
    hub
        Returns the hub, whose runs and recordings are told of.
    """

    def __init__(self, hub: Callable[[], Hub]) -> None:
        self._hub = hub
        self._places = Places()
        self._followers = 0

    @property
    def followers(self) -> int:
        """Readers that follow rows now."""
        return self._followers

    async def answer(self, request: Request) -> Answer:
        """Return the answer to a request; never raises what a client could cause."""
        try:
            return await self._answered(request)
        except RefusedError as refusal:
            return refusal.answer()
        except LivepairsError as error:
            return RefusedError(HTTPStatus.CONFLICT, str(error)).answer()
        except Exception:  # noqa: BLE001 - a border: a bug in one answer is this answer's alone, and is logged
            _LOG.exception("the answer to %s %s failed", request.method, request.path)
            detail = "this is a mistake of the server's; its log says more"
            return RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, detail).answer()

    async def _answered(self, request: Request) -> Answer:
        try:
            require(request.visitor, "look")
        except AccessError as error:
            headers = {"WWW-Authenticate": 'Bearer realm="livepairs"'}
            raise RefusedError(HTTPStatus.UNAUTHORIZED, str(error), headers) from error
        endpoint, names = _find(request.path)
        if request.method not in METHODS:
            detail = f"{request.method} is not for this address, which is only read; use GET"
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": ", ".join(METHODS)})
        query = read(endpoint.query, request.query)
        media = choose(request.accept, endpoint.formats)
        if media is None:
            detail = f"Accept is {request.accept!r}; here there is {', '.join(endpoint.formats)}"
            raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, detail)
        asked = Asked(hub=self._hub(), places=self._places, request=request, media=media, names=names, query=query)
        answer = await asyncio.to_thread(lambda: packed(endpoint.answer(asked), request.accept_encoding))
        return answer if isinstance(answer.body, bytes) else replace(answer, body=self._counted(answer.body))

    def _counted(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        if self._followers >= MOST_FOLLOWERS:
            detail = f"{self._followers} readers follow rows, as many as may; come again in a minute, or read pages"
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "60"})

        async def counted() -> AsyncGenerator[bytes, None]:
            self._followers += 1
            try:
                async with aclosing(pieces):
                    async for piece in pieces:
                        yield piece
            finally:
                self._followers -= 1

        return counted()


def _find(path: str) -> tuple[Endpoint, dict[str, str]]:
    """Return the endpoint of a path and what stands for its names."""
    for endpoint in ENDPOINTS:
        names = endpoint.match(path)
        if names is not None:
            return endpoint, names
    raise RefusedError(HTTPStatus.NOT_FOUND, f"there is nothing at {path!r}; /openapi.json says what there is")
