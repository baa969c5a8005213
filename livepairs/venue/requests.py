"""Answers what clients send: subscriptions, their list, and the venue's complaints.

Pure: a message and the streams subscribed so far in, a reply and the streams from then on out. Everything is
acknowledged that has the right form, whether such a stream exists or not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Answer", "Subscriptions", "answer"]

_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_LONGEST_ID: Final = 36


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """What a connection is subscribed to, in the order of subscribing, and whether data comes in an envelope."""

    names: tuple[str, ...] = ()
    is_combined: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to send, the subscriptions from then on, and the close code and reason to end with, if any."""

    reply: str
    subscriptions: Subscriptions
    close: tuple[int, str] | None = None


class _RefusedError(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message


def answer(message: str | bytes, now: Subscriptions, *, streams_limit: int, is_spot: bool = False) -> Answer:
    """Answer one message of a client.

    Parameters
    ----------
    now
        The subscriptions so far.
    streams_limit
        Streams a connection may have.
    is_spot
        Spot takes texts and null for ids too; futures take unsigned integers alone.

    Examples
    --------
    >>> answer('{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":1}', Subscriptions(), streams_limit=9).reply
    '{"result":null,"id":1}'
    """
    try:
        request = json.loads(message)
    except (ValueError, RecursionError) as error:
        place = getattr(error, "colno", 1)
        text = f"Invalid JSON: expected value at line 1 column {place}"
        # The only complaint without an id, and the only one after which the venue hangs up at once.
        return Answer(_text({"error": {"code": 3, "msg": text}}), now, (1008, "Invalid request"))
    number = request.get("id") if isinstance(request, dict) else None
    try:
        _check(request, is_spot=is_spot)
        result, then = _done(request["method"], request.get("params"), now)
    except _RefusedError as error:
        return Answer(_text({"error": {"code": error.code, "msg": error.message}, "id": number}), now)
    if len(then.names) > streams_limit:
        reply = {"error": {"code": 4, "msg": "Too many subscriptions"}, "id": number}
        return Answer(_text(reply), now, (1008, "Invalid request"))
    return Answer(_text({"result": result, "id": number}), then)


def _check(request: Any, *, is_spot: bool) -> None:  # Any: whatever JSON a client sent
    if not isinstance(request, dict):
        raise _RefusedError(2, "Invalid request: invalid type, expected a map")
    if "method" not in request:
        raise _RefusedError(2, f"Invalid request: missing field `method` at line 1 column {len(_text(request))}")
    if request["method"] not in _METHODS:
        allowed = ", ".join(f"`{name}`" for name in _METHODS)
        raise _RefusedError(2, f"Invalid request: unknown variant {request['method']}, expected one of {allowed}")
    number = request.get("id")
    is_unsigned = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    is_named = number is None or (isinstance(number, str) and len(number) <= _LONGEST_ID)
    if not (is_unsigned or (is_spot and is_named)):
        raise _RefusedError(2, "Invalid request: request ID must be an unsigned integer")
    if set(request) - {"method", "params", "id"}:
        raise _RefusedError(2, "Invalid request: too many parameters")


def _done(method: str, params: Any, now: Subscriptions) -> tuple[Any, Subscriptions]:
    if method == "LIST_SUBSCRIPTIONS":
        return list(now.names), now
    if method.endswith("_PROPERTY"):
        return _property(method, params, now)
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise _RefusedError(2, "Invalid request: streams must be a list of strings")
    if not params or not all(params):
        raise _RefusedError(2, "Invalid request: streams must have non-zero length")
    if method == "SUBSCRIBE":
        return None, Subscriptions(tuple(dict.fromkeys([*now.names, *params])), now.is_combined)
    return None, Subscriptions(tuple(name for name in now.names if name not in params), now.is_combined)


def _property(method: str, params: Any, now: Subscriptions) -> tuple[Any, Subscriptions]:
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise _RefusedError(2, "Invalid request: property name must be a string")
    if params[0] != "combined":
        raise _RefusedError(0, "Unknown property")
    if method == "GET_PROPERTY":
        return now.is_combined, now
    if len(params) != 2 or not isinstance(params[1], bool):
        raise _RefusedError(1, "Invalid value type: expected Boolean")
    return None, Subscriptions(now.names, params[1])


def _text(reply: dict[str, Any]) -> str:
    return json.dumps(reply, separators=(",", ":"), ensure_ascii=False)
