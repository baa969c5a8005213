"""Trying to get in: each test is somebody whom the server must not let in, or not let do it. Over real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import panel as pn
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id

from livepairs.access import Visitor
from livepairs.access.users import read_users, write_users
from livepairs.config import Settings
from livepairs.hub import get_hub
from livepairs.views.frame.visitor import is_permitted, visitor
from livepairs.views.serving import server as serving
from livepairs.views.serving.door import Door
from tests.views.burglar import Burglar


@pytest.mark.parametrize(
    "path", ["/market", "/extra", "/market/autoload.js?bokeh-autoload-element=x", "/market/metadata"]
)
def test_a_stranger_sees_no_page_and_no_route_nobody_told_the_door_of(against: Any, path: str) -> None:
    async def story(burglar: Burglar) -> None:
        answer = await burglar.ask(path)
        assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
        assert "Authorization: Bearer" in json.loads(answer.text)["detail"]
        shown = await burglar.ask(path, Accept="text/html")
        assert shown.status == 302
        assert shown.headers["Location"].startswith("/login?next=%2F")
        assert (await burglar.ask("/healthz")).status == 200

    against(story)


def test_what_looks_after_the_process_need_not_know_where_a_proxy_shows_it(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        for path in ("/healthz", "/readyz", "/desk/healthz", "/desk/readyz"):
            assert (await burglar.ask(path)).status == 200
        for path in ("/market", "/extra", "/metrics"):
            assert (await burglar.ask(path)).status in (401, 404)
        assert (await burglar.ask("/desk/extra")).status == 401

    against(story, prefix="/desk")


def test_who_signs_in_gets_a_cookie_that_scripts_and_strangers_do_not(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        answer = await burglar.sign_in(next="/market?pair=A/B")
        assert (answer.status, answer.headers["Location"]) == (302, "/market?pair=A/B")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        cookie = await burglar.cookie()
        page = await burglar.ask("/extra", Cookie=cookie)
        assert (page.status, page.text) == (200, "secret figures")
        token = await burglar.token(cookie)
        assert cookie.partition("=")[2] not in _opened(token)
        await burglar.ask("/logout", method="POST", Cookie=cookie, Origin=burglar.base)
        assert (await burglar.ask("/extra", Cookie=cookie)).status == 401

    against(story)


def test_a_wrong_password_gets_a_sentence_and_then_a_wait(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        for _ in range(5):
            answer = await burglar.sign_in(password="a guess <script>")
            assert answer.status == 401
            assert "Name or password is wrong" in answer.text
            assert "<script>" not in answer.text
        assert "too many failures" in (await burglar.sign_in()).text

    against(story)


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)", "/a%0d%0ab"]
)
def test_signing_in_leads_nowhere_else(against: Any, to: str) -> None:
    async def story(burglar: Burglar) -> None:
        assert (await burglar.sign_in(next=to)).headers["Location"] == "/market"

    against(story)


def test_a_websocket_brings_a_token_of_ours_that_is_not_too_old(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        cookie = await burglar.cookie()
        token = await burglar.token(cookie)
        key = get_hub().gate.key
        unsigned = generate_jwt_token(generate_session_id(secret_key=None, signed=False), secret_key=None, signed=False)
        late = generate_jwt_token(
            generate_session_id(secret_key=key, signed=True), secret_key=key, signed=True, expiration=0
        )
        for wrong in (unsigned, late, token[:-4], "", "x.y", token + "x"):
            assert await burglar.socket(wrong, Cookie=cookie) == 403
        assert await burglar.socket(token) == 403
        assert await burglar.socket(token, Cookie="livepairs-session=forged") == 403
        assert await burglar.socket(token, Cookie=await burglar.cookie("bob")) == 403
        assert await burglar.socket(token, Cookie=cookie) == 101

    against(story)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1.evil.example", "null", ""]
)
def test_a_websocket_of_another_origin_is_refused(against: Any, origin: str) -> None:
    async def story(burglar: Burglar) -> None:
        cookie = await burglar.cookie()
        assert await burglar.socket(await burglar.token(cookie), Cookie=cookie, Origin=origin) == 403

    against(story)


def test_another_sites_page_can_neither_change_nor_read(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        ask = burglar.ask
        assert (await ask("/extra", method="POST", Origin="http://evil.example")).status == 403
        assert (await ask("/extra", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")).status == 403
        assert (await ask("/extra", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="cors")).status == 403
        assert (
            await ask("/extra", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")
        ).status == 200
        assert (await ask("/extra", method="POST", Origin=burglar.base)).status == 200
        assert (await ask("/extra", Host="evil.example")).status == 421
        assert (await ask("/extra", Host=f"localhost:{burglar.port}")).status == 200

    against(story, signs_in=False)


def test_the_origin_of_a_host_that_the_settings_name_is_let_in(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        token = await burglar.token("")
        assert await burglar.socket(token, Origin="https://desk.example") == 101
        assert await burglar.socket(token, Origin="http://desk.example") == 403
        answer = await burglar.ask("/extra")
        assert "frame-ancestors 'self' https://desk.example" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers

    against(story, signs_in=False, origins=("https://desk.example",))


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/extensions/panel/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/extensions/nowhere/x.js",
        "/components/antigravity/fly/__css__/x.css",
        "/components/livepairs.views.assets/stylesheet/__css__/../../etc/passwd",
        "/market/static/..%2f..%2fsecret",
    ],
)
def test_no_path_leads_out_of_what_is_served(against: Any, path: str) -> None:
    async def story(burglar: Burglar) -> None:
        answer = await burglar.ask(path)
        assert answer.status in (400, 403, 404)
        assert "root:" not in answer.text
        assert "Traceback" not in answer.text

    against(story, signs_in=False)


def test_an_address_without_a_page_says_so_in_a_sentence(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        answer = await burglar.ask("/nowhere")
        assert answer.status == 404
        assert "No page of livepairs has this address" in answer.text
        assert (await burglar.ask("/nowhere", method="POST", Origin=burglar.base)).status == 404

    against(story, signs_in=False)


def test_each_answer_says_what_its_page_may_do_and_not_what_serves_it(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        for path in ("/market", "/healthz", "/nowhere", "/static/js/bokeh.min.js"):
            headers = (await burglar.ask(path)).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Server" not in headers
        page = await burglar.ask("/market")
        (nonce,) = re.findall(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
        assert f'nonce="{nonce}"' in page.text
        assert re.findall(r"<script(?! nonce)", page.text) == []
        again = await burglar.ask("/market")
        assert nonce not in again.headers["Content-Security-Policy"]

    against(story, signs_in=False)


def test_beyond_the_last_place_a_page_says_so(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        assert (await burglar.ask("/market")).status == 200
        full = await burglar.ask("/market", Accept="text/html")
        assert (full.status, full.headers["Retry-After"]) == (503, "30")
        assert "As many pages are open" in full.text
        assert '<meta http-equiv="refresh" content="30">' in full.text  # it comes back when there is room
        assert (await burglar.ask("/healthz")).status == 200

    against(story, signs_in=False, max_sessions=1)


def test_an_address_opens_so_many_pages_a_minute_and_may_still_ask_for_the_rest(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        assert [(await burglar.ask("/market")).status for _ in range(3)] == [200, 200, 429]
        hasty = await burglar.ask("/market", Accept="text/html")
        assert (hasty.status, hasty.headers["Retry-After"]) == (429, "30")
        assert "Too many pages" in hasty.text
        assert (await burglar.ask("/healthz")).status == 200

    against(story, signs_in=False, opens_per_minute=2)


def test_a_hosts_user_gets_in_once_and_no_further(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        token = get_hub().gate.embed_token("host-user-7")
        shown = await burglar.ask(f"/market?token={token}")
        assert shown.status == 200
        found = re.search(r'"token":"([^"]+)"', shown.text)
        assert found is not None
        assert await burglar.socket(found[1], Origin="http://evil.example") == 403
        assert await burglar.socket(found[1]) == 101
        assert (await burglar.ask(f"/market?token={token}")).status == 401
        assert (await burglar.ask(f"/extra?token={get_hub().gate.embed_token('x')}")).status == 401

    against(story)


def test_a_script_brings_its_token_and_needs_no_origin(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        bearer = f"Bearer {get_hub().gate.bearer_token('bob', lifetime_s=60)}"
        assert (await burglar.ask("/extra", Authorization=bearer)).status == 200
        assert (await burglar.ask("/extra", method="POST", Authorization=bearer)).status == 200
        assert (
            await burglar.ask("/extra", method="POST", Authorization=bearer, Origin="http://evil.example")
        ).status == 403
        cookie = await burglar.cookie()
        assert (await burglar.ask("/extra", method="POST", Cookie=cookie)).status == 403

    against(story)


def test_a_page_knows_whose_it_is_and_what_they_may_do(against: Any) -> None:
    seen: list[tuple[Any, bool]] = []

    def page() -> pn.pane.HTML:
        seen.append((visitor(), is_permitted("delete")))
        return pn.pane.HTML("figures")

    async def story(burglar: Burglar) -> None:
        for name in ("bob", "ann"):
            cookie = await burglar.cookie(name)
            assert await burglar.socket(await burglar.token(cookie), Cookie=cookie) == 101
            async with asyncio.timeout(30):
                while not any(found.name == name for found, _ in seen):
                    await asyncio.sleep(0.005)

    against(story, shown=page)
    assert seen == [(Visitor("bob", "viewer", "bob"), False), (Visitor("ann", "operator", "ann"), True)]


def test_a_page_of_somebody_who_was_removed_is_closed(against: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    doors: list[Door] = []
    make = serving._door

    def noted(settings: Settings, server: Any) -> Door:
        doors.append(make(settings, server))
        return doors[-1]

    async def story(burglar: Burglar) -> None:
        cookie = await burglar.cookie("bob")
        headers = {"Cookie": cookie, "Origin": burglar.base}
        protocols = ("bokeh", await burglar.token(cookie))
        async with burglar.client.ws_connect(f"{burglar.base}/market/ws", protocols=protocols, headers=headers) as line:
            doors[0].sweep()
            await line.receive()  # the first of what a page is told
            path = Path(str(get_hub().settings.auth))
            write_users(path, read_users(path).without("bob"))
            doors[0].sweep()
            async with asyncio.timeout(20):
                while not line.closed:
                    await line.receive()
            assert line.close_code == 1008

    monkeypatch.setattr(serving, "_door", noted)
    against(story)


def test_where_panel_is_told_to_ask_who_comes_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from panel.config import config
    from panel.io.server import get_server

    from livepairs.views.serving.prompt import answer_promptly

    async def story() -> None:
        answer_promptly()
        server = get_server({"market": lambda: pn.pane.HTML("figures")}, port=0, basic_auth="a word", cookie_secret="s")
        server.start()
        try:
            async with aiohttp.ClientSession() as client:
                url = f"http://127.0.0.1:{server.port}/market"
                async with client.get(url, allow_redirects=False) as answer:
                    assert answer.status == 302
                    assert "/login?next=%2Fmarket" in answer.headers["Location"]
        finally:
            server.stop()

    monkeypatch.setattr(config, "cookie_secret", config.cookie_secret)
    asyncio.run(story())


def _opened(token: str) -> str:
    body = token.partition(".")[0]
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    packed = said["__bk__zlib_"]
    return zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))).decode()
