"""The gate of one server: who is behind a request, by what they bring.

A browser that signed in brings a cookie, a script a bearer token, a page inside a host's own an embed token. The door
of a home (``views/serving/door.py`` for Tornado) asks ``admit`` with each request, and notes the answer on the request
as a *page pass*: a cookie that only the server sets, on the request itself, and never sends to a browser as one. Bokeh
keeps it with the session, so pages ask ``who(request)`` just as API handlers do.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from livepairs.access.attempts import Attempts
from livepairs.access.passwords import is_password
from livepairs.access.roles import ROLES, Role, Visitor
from livepairs.access.tokens import Claims, Purpose, Spent, mint, read_token
from livepairs.access.userbook import Userbook
from livepairs.access.users import User
from livepairs.errors import AccessError, ConfigError

__all__ = ["ANONYMOUS", "BROWSER_COOKIE", "PASS_COOKIE", "SESSION_COOKIE", "Gate", "Request", "open_gate"]

SESSION_COOKIE: Final = "livepairs-session"
BROWSER_COOKIE: Final = "livepairs-browser"
PASS_COOKIE: Final = "livepairs-pass"
ANONYMOUS: Final = "anonymous"

SESSION_S: Final = 12 * 3600.0
"""How long one is signed in."""

EMBED_S: Final = 60.0
"""How long a host has from making an embed token to the browser's using it, unless it says otherwise."""

_LOG = logging.getLogger(__name__)


class Request(Protocol):
    """What is asked of a request; Tornado's and Bokeh's both have it."""

    @property
    def cookies(self) -> Mapping[str, Any]:
        """Cookies by name: texts, or objects with a ``value``."""


class Gate:
    """Who is behind a request. Thread-safe.

    Parameters
    ----------
    users_file
        Who may sign in; None where nobody can.
    anonymous
        The role of everybody, where there is no users file; None to let nobody in without a token.
    key
        What tokens are signed with, where there is no users file to hold it; without one, made up.
    now_s
        Seconds since the epoch.

    Raises
    ------
    ConfigError
        If the users file cannot be used.
    """

    def __init__(
        self,
        users_file: Path | None = None,
        *,
        anonymous: Role | None = "operator",
        key: bytes | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._book = Userbook(users_file, key=key)
        self._anonymous = None if users_file is not None else anonymous
        self._now_s = now_s
        self._lock = threading.Lock()
        self._attempts = Attempts()
        self._spent, self._signed_out = Spent(), Spent()

    @property
    def is_open(self) -> bool:
        """Whether everybody is let in without signing in."""
        return self._anonymous is not None

    @property
    def key(self) -> bytes:
        """A key that only this server has, for whatever else it signs; not the one that tokens are signed with."""
        return hmac.new(self._key, b"livepairs sessions", hashlib.sha256).digest()

    # --- who --------------------------------------------------------------------------------------------------------

    def who(self, request: Request | None) -> Visitor | None:
        """Return who sent a request, or who was shown the page that belongs to it; None for nobody.

        Parameters
        ----------
        request
            One that came through the door, or that of a Bokeh session; None for outside of both.
        """
        claims = self._read_or_none(_cookie(request, PASS_COOKIE), "page")
        if self._anonymous is not None:
            return Visitor(ANONYMOUS, self._anonymous, "" if claims is None else str(claims.more.get("key", "")))
        return self._visitor(claims)

    def admit(
        self, cookies: Mapping[str, str], headers: Mapping[str, str], *, embed: str | None = None
    ) -> Visitor | None:
        """Return who brings these; None for nobody. For doors only: pages and handlers ask ``who``.

        Parameters
        ----------
        cookies, headers
            Of the request as it came.
        embed
            An embed token, which is spent by this.
        """
        if self._anonymous is not None:
            return Visitor(ANONYMOUS, self._anonymous, cookies.get(BROWSER_COOKIE, "")[:64])
        if embed is not None and (claims := self._read_or_none(embed, "embed")) is not None:
            try:
                self._spent.spend(claims, now_s=self._now_s())
            except AccessError:
                return None
            return self._visitor(claims)
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._visitor(self._read_or_none(bearer.strip(), "bearer"))
        return self._visitor(self._session(cookies))

    def page_pass(self, visitor: Visitor, *, is_embedded: bool = False) -> str:
        """Return what the door notes on a request; worth nothing to anybody who sends it."""
        more: dict[str, Any] = {"key": visitor.key, "embedded": is_embedded, "role": visitor.role}
        if not is_embedded and (user := self._known(visitor.name)) is not None:
            more["gen"] = user.generation
        return mint(self._key, Claims("page", visitor.name, self._now_s() + SESSION_S, more=more))

    def is_embedded(self, request: Request) -> bool:
        """Say whether the page of a request is shown inside a host's own, where a browser may keep our cookies back."""
        claims = self._read_or_none(_cookie(request, PASS_COOKIE), "page")
        return claims is not None and bool(claims.more.get("embedded"))

    def is_noted(self, request: Request) -> bool:
        """Say whether a request came through a door of ours: only those carry what a door notes."""
        return self._read_or_none(_cookie(request, PASS_COOKIE), "page") is not None

    # --- signing in and out -----------------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Return the cookie of somebody who knows the password; takes tenths of a second, so not on the server's loop.

        Parameters
        ----------
        name, password
            As typed, so anything.
        address
            Of the browser, to count failures by.

        Raises
        ------
        AccessError
            If it is wrong, in the same words whatever is; or if there were too many failures.
        """
        with self._lock:
            wait_s = self._attempts.wait_s(address, name, now_s=self._now_s())
        if wait_s > 0:
            _LOG.warning("sign-in from %s waits: too many failures", address)
            raise AccessError(f"there were too many failures; try again in {wait_s / 60:.0f} minutes")
        user = self._book.users.users.get(name)
        if not is_password(password, None if user is None else user.secret) or user is None:
            with self._lock:
                self._attempts.failed(address, name, now_s=self._now_s())
            _LOG.warning("sign-in from %s failed", address)
            raise AccessError("name or password is wrong; try again")
        with self._lock:
            self._attempts.passed(address, name)
        return self._cookie_of(user)

    def sign_in_vouched(self, name: str) -> str:
        """Return the cookie of somebody whom the provider vouches for.

        Raises
        ------
        AccessError
            If the users file has no place for them.
        """
        user = self._book.users.vouched(name)
        if user is None:
            _LOG.warning("somebody the provider knows is not in the users file")
            raise AccessError("you are known to the provider, but not among the users here; ask an operator")
        return self._cookie_of(user)

    def sign_out(self, cookies: Mapping[str, str]) -> None:
        """Make the cookie of a browser worthless."""
        claims = self._read_or_none(cookies.get(SESSION_COOKIE), "session")
        if claims is not None:
            self._spend_quietly(claims)

    # --- tokens for others ------------------------------------------------------------------------------------------

    def bearer_token(self, name: str, *, lifetime_s: float) -> str:
        """Return a token with which a script is that user.

        Raises
        ------
        ConfigError
            If there is no such user.
        """
        user = self._known(name)
        if user is None:
            raise ConfigError(f"there is no user {name!r} in the users file; add them with 'livepairs passwd'")
        return self._mint("bearer", user.name, user.role, lifetime_s, {"gen": user.generation})

    def embed_token(self, name: str, role: Role = "viewer", *, lifetime_s: float = EMBED_S) -> str:
        """Return a token that shows one page to a user of a host's, once.

        Parameters
        ----------
        name
            What the host calls its user; need not be in the users file, for the host vouches for them.
        role
            What they may do.
        lifetime_s
            How long the browser may take to use it.
        """
        return self._mint("embed", name, role, lifetime_s, {})

    def _mint(self, purpose: Purpose, name: str, role: Role, lifetime_s: float, more: dict[str, Any]) -> str:
        return mint(self._key, Claims(purpose, name, self._now_s() + lifetime_s, more={"role": role, **more}))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _cookie_of(self, user: User) -> str:
        return self._mint("session", user.name, user.role, SESSION_S, {"gen": user.generation})

    def _session(self, cookies: Mapping[str, str]) -> Claims | None:
        claims = self._read_or_none(cookies.get(SESSION_COOKIE), "session")
        return None if claims is None or self._signed_out.has(claims) else claims

    def _visitor(self, claims: Claims | None) -> Visitor | None:
        """Return whom a token is about, as the users file has them now."""
        if claims is None:
            return None
        generation = claims.more.get("gen")
        if generation is None:  # vouched for by a host
            role = claims.more.get("role")
            return Visitor(claims.subject, role, claims.subject) if role in ROLES else None
        user = self._known(claims.subject)
        if user is None or not hmac.compare_digest(user.generation, str(generation)):
            return None
        return Visitor(user.name, user.role, user.name)

    def _known(self, name: str) -> User | None:
        return self._book.users.known(name)

    def _read_or_none(self, token: str | None, purpose: Purpose) -> Claims | None:
        if not token:
            return None
        try:
            return read_token(self._key, token, purpose, now_s=self._now_s())
        except AccessError:
            return None

    def _spend_quietly(self, claims: Claims) -> None:
        try:
            self._signed_out.spend(claims, now_s=self._now_s())
        except AccessError:
            _LOG.debug("a browser signed out twice")

    @property
    def _key(self) -> bytes:
        return self._book.users.key


def open_gate(users_file: str | None, *, is_read_only: bool | None = None) -> Gate:
    """Return the gate of a server, from its settings.

    Parameters
    ----------
    users_file
        Path of the users file, or None.
    is_read_only
        Whether everybody is but a viewer, where nobody has to sign in.
    """
    anonymous: Role = "viewer" if is_read_only else "operator"
    return Gate(None if users_file is None else Path(users_file).expanduser(), anonymous=anonymous)


def browser_key() -> str:
    """Return a name for a browser that has none yet."""
    return secrets.token_urlsafe(12)


def _cookie(request: Request | None, name: str) -> str | None:
    found = None if request is None else request.cookies.get(name)
    value = getattr(found, "value", found)
    return value if isinstance(value, str) else None
