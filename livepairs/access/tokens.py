"""Signed tokens: what the server once said of somebody, with an end and a number of its own.

A token is the base64 of a JSON object, a dot, and the HMAC-SHA256 of the former under a key that only the server has.
It says what it is for, so that a token for one purpose opens nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from livepairs.errors import AccessError

__all__ = ["LONGEST", "Claims", "Purpose", "Spent", "mint", "read_token"]

Purpose = Literal["session", "page", "bearer", "embed"]
"""A signed-in browser; a page that was shown to somebody; a script; a page shown inside a host's own."""

LONGEST: Final = 4_096
"""Characters of a token that are looked at: nobody makes the server compute over more."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Parameters
    ----------
    purpose
        What it is good for.
    subject
        Whom it is about.
    expires_s
        Seconds since the epoch from which on it is worth nothing.
    nonce
        Its own number, random.
    more
        Whatever else its maker put in; JSON values.
    """

    purpose: Purpose
    subject: str
    expires_s: float
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    more: dict[str, Any] = field(default_factory=dict)  # Any: JSON


def mint(key: bytes, claims: Claims) -> str:
    """Return a token that says this, signed."""
    said = {"for": claims.purpose, "sub": claims.subject, "exp": claims.expires_s, "jti": claims.nonce}
    body = _encoded(json.dumps({**claims.more, **said}, separators=(",", ":"), sort_keys=True).encode())
    return f"{body}.{_signature(key, body)}"


def read_token(key: bytes, token: str, purpose: Purpose, *, now_s: float) -> Claims:
    """Return what a token says.

    Parameters
    ----------
    key
        The server's.
    token
        From a stranger, so anything.
    purpose
        What it must be good for.
    now_s
        Seconds since the epoch.

    Raises
    ------
    AccessError
        If it is not ours, is for something else, or has expired.
    """
    body, dot, signature = token[: LONGEST + 1].partition(".")
    if len(token) > LONGEST or not dot or not hmac.compare_digest(_signature(key, body).encode(), signature.encode()):
        raise AccessError("this token was not made here; get a new one")
    said = json.loads(_decoded(body))
    if said["for"] != purpose:
        raise AccessError(f"this token is for a {said['for']}, not for a {purpose}; get another one")
    expires_s = said["exp"]
    if not isinstance(expires_s, int | float) or math.isnan(expires_s) or expires_s <= now_s:
        raise AccessError("this token has expired; get a new one")
    more = {name: value for name, value in said.items() if name not in ("for", "sub", "exp", "jti")}
    return Claims(cast("Purpose", said["for"]), str(said["sub"]), float(expires_s), str(said["jti"]), more)


class Spent:
    """Remembers tokens that are good once. Thread-safe, of bounded size.

    Parameters
    ----------
    limit
        Tokens remembered. While so many are unexpired, further ones are refused: to forget one is to let it in again.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._limit = limit
        self._expiry_s: dict[str, float] = {}
        self._lock = threading.Lock()

    def has(self, claims: Claims) -> bool:
        """Say whether a token was taken as used."""
        return claims.nonce in self._expiry_s

    def spend(self, claims: Claims, *, now_s: float) -> None:
        """Take a token as used.

        Raises
        ------
        AccessError
            If it was used before, or too many were.
        """
        with self._lock:
            if claims.nonce in self._expiry_s:
                raise AccessError("this token was used before, and it is good once; get a new one")
            if len(self._expiry_s) >= self._limit:
                self._expiry_s = {nonce: end_s for nonce, end_s in self._expiry_s.items() if end_s > now_s}
            if len(self._expiry_s) >= self._limit:
                raise AccessError("too many tokens were used lately; try again in some minutes")
            self._expiry_s[claims.nonce] = claims.expires_s


def _signature(key: bytes, body: str) -> str:
    return _encoded(hmac.new(key, body.encode("utf-8", "surrogatepass"), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
