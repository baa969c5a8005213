"""Signing in through an OAuth or OpenID Connect provider, with Panel's handlers for the conversation with it.

Panel's handlers leave the provider's tokens in the browser as cookies. Here nothing is kept of them: once the provider
has said who somebody is, they get the same cookie as after a password, if the users file has a place for them.
"""

from __future__ import annotations

import json
import logging
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from panel.auth import AUTH_PROVIDERS, CODE_COOKIE_NAME, STATE_COOKIE_NAME
from panel.config import config
from tornado.httpclient import AsyncHTTPClient
from tornado.web import HTTPError, RequestHandler

from livepairs.access.gate import SESSION_COOKIE, Gate
from livepairs.errors import AccessError, ConfigError, did_you_mean
from livepairs.views.serving.door import give_cookie, theme_of
from livepairs.views.serving.gatehouse import notice
from livepairs.views.serving.signin import SignOut

__all__ = ["Provider", "vouched_routes"]

_LOG = logging.getLogger(__name__)
_OURS: Final = (STATE_COOKIE_NAME, CODE_COOKIE_NAME)
_HOUR_D: Final = 1 / 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who vouches for users, and who we are there.

    Parameters
    ----------
    issuer
        An OpenID Connect provider's address, below which its discovery document lies; empty for one Panel knows.
    kind
        The name of one Panel knows; empty for an issuer.
    key, secret
        Our client id, and our secret if we have one.
    user_key
        The claim that names a user.
    """

    key: str
    secret: str = field(default="", repr=False)
    issuer: str = ""
    kind: str = ""
    user_key: str = "email"

    def __post_init__(self) -> None:
        if bool(self.issuer) == bool(self.kind):
            raise ConfigError("oauth needs either oauth_issuer, an address, or oauth_provider, a name; set one of them")
        if self.kind and self.kind not in AUTH_PROVIDERS:
            known = ", ".join(sorted(AUTH_PROVIDERS))
            meant = did_you_mean(self.kind, AUTH_PROVIDERS)
            raise ConfigError(f"oauth_provider is {self.kind!r}{meant}; there are {known}")
        parts = urlsplit(self.issuer)
        if self.issuer and parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ConfigError(f"oauth_issuer is {self.issuer!r}; it must be https, or who listens could be anyone")

    @property
    def handler(self) -> type[RequestHandler]:
        """Panel's handler for it: with our secret, or with a proof made for each sign-in (PKCE)."""
        name = self.kind or ("generic" if self.secret else "auth_code")
        return AUTH_PROVIDERS[name]  # type: ignore[no-any-return]  # panel has no types


def vouched_routes(provider: Provider, gate: Gate, home: str) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return the routes of signing in through a provider, and out.

    Parameters
    ----------
    provider
        Vouches for names.
    gate
        Knows what those names may do.
    home
        Path of the first page.
    """
    config.oauth_key, config.oauth_secret = provider.key, provider.secret or None
    # What went wrong with a provider is said below; Panel would write its whole answer into the log.
    logging.getLogger("panel.auth").setLevel(logging.CRITICAL)
    return [(r"/login", _vouched(provider, gate), {}), (r"/logout", SignOut, {"gate": gate, "home": home})]


def _vouched(provider: Provider, gate: Gate) -> type[RequestHandler]:
    discovered: dict[str, str] = {}
    base: Any = provider.handler  # from Panel's table, without types

    class Vouched(base):
        """Sends to the provider, and takes in what it says."""

        is_public = True
        _name: str | None = None
        _claims: dict[str, Any]

        @property
        def _redirect_uri(self) -> str:
            return f"{self.request.protocol}://{self.request.host}{self.request.path}"

        async def get(self) -> None:
            self.set_header("Cache-Control", "no-store")
            if provider.issuer and not discovered:
                discovered.update(await _discover(provider.issuer))
            await super().get()

        def set_secure_cookie(self, name: str, value: Any, *_args: Any, **_options: Any) -> None:
            if name in _OURS:
                give_cookie(self, name, self.create_signed_value(name, value).decode(), days=_HOUR_D)
            elif name == "user":
                self._name = str(value)
            elif name == "id_token":
                self._claims = _claims(value)

        def clear_cookie(self, name: str, **_options: Any) -> None:
            super().clear_cookie(name, path=getattr(self.application, "prefix", "") or "/")

        def redirect(self, url: str, *args: Any, **options: Any) -> None:
            if self._name is not None:
                check_claims(self._claims, provider, now_s=time.time())
                give_cookie(self, SESSION_COOKIE, gate.sign_in_vouched(self._name))
            super().redirect(url, *args, **options)

        def log_exception(self, typ: Any, value: Any, trace: Any) -> None:
            if not isinstance(value, HTTPError | AccessError):
                super().log_exception(typ, value, trace)

        def write_error(self, status_code: int, **kwargs: Any) -> None:
            error = kwargs.get("exc_info", (None, None, None))[1]
            for name in _OURS:
                self.clear_cookie(name)
            is_ours = isinstance(error, AccessError)
            _LOG.warning("a sign-in through the provider failed: %s", error if is_ours else status_code)
            text = str(error) if is_ours else "the sign-in was not completed; start again"
            self.set_status(403 if is_ours else status_code)
            again = (self.request.path, "Try again")
            page = notice("Not signed in", f"{text[:1].upper()}{text[1:]}.", go=again, is_dark=theme_of(self))
            self.finish(page)

    for name, entry in (
        ("_OAUTH_AUTHORIZE_URL", "authorization_endpoint"),
        ("_OAUTH_ACCESS_TOKEN_URL", "token_endpoint"),
        ("_OAUTH_USER_URL", "userinfo_endpoint"),
    ):
        if provider.issuer:
            setattr(Vouched, name, _looked_up(discovered, entry))
    Vouched._USER_KEY = provider.user_key
    Vouched._OAUTH_LOGOUT_URL = ""
    Vouched._claims = {}
    return Vouched


def _looked_up(discovered: Mapping[str, str], entry: str) -> property:
    return property(lambda _handler: discovered.get(entry, ""))


def check_claims(claims: dict[str, Any], provider: Provider, *, now_s: float) -> None:
    """Refuse what a provider says of somebody if it was not said to us, by it, just now.

    The token came from the provider over a connection of our own, so who signed it is known; to whom it was given, and
    whether the name was ever checked, is what it says itself.

    Raises
    ------
    AccessError
        Saying what is wrong.
    """
    audience = claims.get("aud")
    if audience is not None and provider.key not in (audience if isinstance(audience, list) else [audience]):
        raise AccessError("the provider's answer was meant for another application; ask whoever runs it")
    if provider.issuer and claims.get("iss", provider.issuer).rstrip("/") != provider.issuer.rstrip("/"):
        raise AccessError("the answer comes from another provider than was asked; ask whoever runs it")
    if claims.get("exp", now_s + 1) <= now_s:
        raise AccessError("the provider's answer is too old; try again")
    if provider.user_key == "email" and claims.get("email_verified", True) not in (True, "true"):
        raise AccessError("the provider has not verified your address; verify it there and try again")


def _claims(value: Any) -> dict[str, Any]:  # a JWT, or JSON in base64
    text = value.decode() if isinstance(value, bytes) else str(value)
    body = text.split(".")[1] if text.count(".") == 2 else text
    try:
        claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except ValueError:
        raise AccessError("the provider's answer cannot be read; ask whoever runs it") from None
    return claims if isinstance(claims, dict) else {}


async def _discover(issuer: str) -> dict[str, str]:
    """Return the addresses of an OpenID Connect provider."""
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = await AsyncHTTPClient().fetch(url, request_timeout=10, follow_redirects=False)
        document = json.loads(answer.body)
        if document["issuer"].rstrip("/") != issuer.rstrip("/"):
            raise ValueError
        return {name: str(document[name]) for name in ("authorization_endpoint", "token_endpoint")} | {
            "userinfo_endpoint": str(document.get("userinfo_endpoint", ""))
        }
    except Exception as error:
        # Whatever it is: nobody can sign in now, and the next one tries again.
        _LOG.error("the provider's discovery document cannot be had (%s)", type(error).__name__)
        raise AccessError("the provider that knows you cannot be reached; try again later") from error
