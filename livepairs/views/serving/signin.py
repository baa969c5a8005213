"""Signing in with a password, and signing out."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import quote

from tornado.web import RequestHandler

from livepairs.access.gate import SESSION_COOKIE, Gate
from livepairs.errors import AccessError
from livepairs.views.serving.door import give_cookie, theme_of
from livepairs.views.serving.gatehouse import notice, signing_in, signing_out

__all__ = ["SignIn", "SignOut", "next_page", "sign_in_routes"]

_CHECKERS: Final = ThreadPoolExecutor(1, thread_name_prefix="livepairs-passwords")
"""One at a time: each takes 64 MiB, and strangers decide how many there are."""

_MOST_WAITING: Final = 16


class _Gatehouse(RequestHandler):
    """A page in front of the others."""

    is_public = True

    def initialize(self, gate: Gate, home: str) -> None:
        self._gate, self._home = gate, home

    def compute_etag(self) -> None:
        return None

    def prepare(self) -> None:
        self.set_header("Cache-Control", "no-store")


class SignIn(_Gatehouse):
    """Asks for name and password; gives the cookie with which one is known."""

    waiting = 0

    def get(self) -> None:
        self._ask()

    async def post(self) -> None:
        name, password = self.get_body_argument("name", "")[:128], self.get_body_argument("password", "", strip=False)
        if SignIn.waiting >= _MOST_WAITING:
            self.set_status(503)
            self._ask("Many people are signing in right now. Try again in a moment.", name)
            return
        SignIn.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            check = contextvars.Context().run  # the thread must not see whose request this is
            cookie = await loop.run_in_executor(
                _CHECKERS, check, self._gate.sign_in, name, password, str(self.request.remote_ip)
            )
        except AccessError as error:
            self.set_status(401)
            text = str(error)
            self._ask(f"{text[:1].upper()}{text[1:]}.", name)
            return
        finally:
            SignIn.waiting -= 1
        give_cookie(self, SESSION_COOKIE, cookie)
        self.redirect(next_page(self, self._home))

    def _ask(self, problem: str = "", name: str = "") -> None:
        action = f"{self.request.path}?next={quote(next_page(self, self._home), safe='')}"
        self.write(signing_in(action, problem=problem, name=name, is_dark=theme_of(self)))


class SignOut(_Gatehouse):
    """Asks whether one means it, as a link from elsewhere must not do it; makes the cookie worthless."""

    def get(self) -> None:
        self.write(signing_out(self.request.path, is_dark=theme_of(self)))

    def post(self) -> None:
        self._gate.sign_out({name: morsel.value for name, morsel in self.request.cookies.items()})
        self.clear_cookie(SESSION_COOKIE, path=getattr(self.application, "prefix", "") or "/")
        again = (self._home, "Sign in again")
        self.write(notice("Signed out", "This browser is not known here any more.", go=again, is_dark=theme_of(self)))


def next_page(handler: RequestHandler, home: str) -> str:
    """Return where the visitor wanted to go: a path of this server, whatever the address says."""
    wanted = handler.get_query_argument("next", "", strip=False)
    # Browsers take a backslash for a slash and drop line breaks, so that "/\\host" is another server's address.
    is_plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and " " not in wanted
    return wanted if is_plain and wanted.startswith("/") and not wanted.startswith("//") else home


def sign_in_routes(gate: Gate, home: str) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return the routes of signing in with a password.

    Parameters
    ----------
    gate
        Knows the users.
    home
        Path of the first page.
    """
    given = {"gate": gate, "home": home}
    return [(r"/login", SignIn, given), (r"/logout", SignOut, given)]
