"""Signing in through a provider, from the first page to the cookie; and what a provider may not say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from panel.config import config
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from livepairs.access.gate import SESSION_COOKIE, Gate
from livepairs.access.roles import Visitor
from livepairs.access.users import ANYONE, PROVIDER, User, Users, write_users
from livepairs.errors import AccessError, ConfigError
from livepairs.views.serving.oauth import Provider, check_claims, vouched_routes
from tests.views.oidc_provider import CLIENT, SECRET, OidcProvider

ANN = {"email": "ann@desk.example", "email_verified": True}
NOW_S = 1_800_000_000.0


class Browser:
    """Follows redirects by hand and keeps cookies, to be looked at on the way."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client
        self.cookies: dict[str, str] = {}
        self.steps: list[str] = []

    async def go(self, url: str) -> tuple[int, str]:
        """Load a page of the app, over the provider and back; stop where the app leads to a page of its own."""
        while True:
            self.steps.append(url)
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            async with self._client.get(url, headers=headers, allow_redirects=False) as answer:
                for line in answer.headers.getall("Set-Cookie", []):
                    for name, morsel in SimpleCookie(line).items():
                        self.cookies[name] = morsel.value
                if answer.status != 302 or answer.headers["Location"].startswith("/"):
                    return answer.status, answer.headers.get("Location", await answer.text())
                url = answer.headers["Location"]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    write_users(tmp_path / "users", Users().with_user(User("ann@desk.example", "operator", PROVIDER)))
    before = config.oauth_key, config.oauth_secret, logging.getLogger("panel.auth").level
    yield Gate(tmp_path / "users")
    config.oauth_key, config.oauth_secret = before[:2]
    logging.getLogger("panel.auth").setLevel(before[2])


def signed_in(gate: Gate, idp: OidcProvider, story: Any) -> None:
    async def main() -> None:
        runner = await idp.start()
        provider = Provider(key=CLIENT, secret=SECRET if idp.has_secret else "", issuer=idp.base)
        app = Application(vouched_routes(provider, gate, "/market"), cookie_secret="of the test")
        socket, port = bind_unused_port()
        server = HTTPServer(app)
        server.add_socket(socket)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
                await story(Browser(client), f"http://127.0.0.1:{port}/login?next=%2Fspread%3Fpair%3DA%2FB")
        finally:
            server.stop()
            await server.close_all_connections()
            await runner.cleanup()

    asyncio.run(main())


@pytest.mark.parametrize("has_secret", [True, False], ids=["with a secret", "by PKCE"])
def test_who_the_provider_knows_comes_back_signed_in_to_the_page_they_wanted(gate: Gate, has_secret: bool) -> None:
    idp = OidcProvider(ANN, has_secret=has_secret)

    async def story(browser: Browser, login: str) -> None:
        assert await browser.go(login) == (302, "/spread?pair=A/B")
        assert gate.admit(browser.cookies, {}) == Visitor("ann@desk.example", "operator", "ann@desk.example")
        # Nothing of what the provider gave us is in the browser.
        kept = " ".join(browser.cookies.values())
        assert not any(secret in kept for secret in [*idp.given, SECRET])
        assert len(idp.given) == 3

    signed_in(gate, idp, story)


def test_the_way_back_cannot_be_walked_twice_nor_by_somebody_else(gate: Gate) -> None:
    async def story(browser: Browser, login: str) -> None:
        await browser.go(login)
        back = browser.steps[-1]
        assert "code=" in back
        del browser.cookies[SESSION_COOKIE]
        status, page = await browser.go(back)
        assert status == 401
        assert "Not signed in" in page
        assert SESSION_COOKIE not in browser.cookies
        browser.cookies.clear()
        assert (await browser.go(back))[0] == 401

    signed_in(gate, OidcProvider(ANN), story)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "eve@desk.example"}, "not among the users"),
        ({**ANN, "email_verified": False}, "not verified"),
        ({**ANN, "aud": "somebody-else"}, "another application"),
        ({**ANN, "iss": "http://evil.example"}, "another provider"),
        ({**ANN, "exp": 1}, "too old"),
        ({"name": "nobody in particular"}, "Not signed in"),
    ],
)
def test_what_the_provider_says_is_not_taken_whatever_it_is(gate: Gate, claims: dict[str, Any], words: str) -> None:
    async def story(browser: Browser, login: str) -> None:
        status, page = await browser.go(login)
        assert status in (401, 403, 500)
        assert words in page
        assert "Traceback" not in page
        assert SESSION_COOKIE not in browser.cookies

    signed_in(gate, OidcProvider(claims), story)


def test_a_provider_that_is_away_is_said_and_tried_again(gate: Gate) -> None:
    idp = OidcProvider(ANN)

    async def story(browser: Browser, login: str) -> None:
        right, idp.base = idp.base, "http://127.0.0.1:9"
        assert "cannot be reached" in (await browser.go(login))[1]
        idp.base = right
        assert (await browser.go(login))[0] == 302

    signed_in(gate, idp, story)


def test_whom_the_provider_vouches_for_is_checked() -> None:
    provider = Provider(key=CLIENT, issuer="https://id.example")
    check_claims(
        {"aud": [CLIENT], "iss": "https://id.example/", "exp": NOW_S + 1, "email_verified": "true"},
        provider,
        now_s=NOW_S,
    )
    with pytest.raises(AccessError, match="too old"):
        check_claims({"exp": NOW_S}, provider, now_s=NOW_S)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"issuer": "http://id.example"}, "must be https"),
        ({"kind": "githug"}, "did you mean 'github'"),
        ({"kind": "github", "issuer": "https://id.example"}, "set one of them"),
        ({}, "set one of them"),
    ],
)
def test_settings_that_make_no_provider_are_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Provider(key=CLIENT, **given)


def test_anyone_the_provider_knows_can_be_a_viewer(gate: Gate, tmp_path: Path) -> None:
    write_users(tmp_path / "users", Users().with_user(User(ANYONE, "viewer", PROVIDER)))

    async def story(browser: Browser, login: str) -> None:
        await browser.go(login)
        visitor = Gate(tmp_path / "users").admit(browser.cookies, {})
        assert visitor is not None
        assert visitor.role == "viewer"

    signed_in(Gate(tmp_path / "users"), OidcProvider(ANN), story)
