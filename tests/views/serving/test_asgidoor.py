"""The door of an ASGI home: a foreign origin, a stranger and a forged page get no further; every answer is dressed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id

from livepairs.access import Gate, Visitor
from livepairs.access.entry import Entry
from livepairs.access.gate import PASS_COOKIE
from livepairs.access.origins import Origins
from livepairs.api.asgi_door import VISITOR
from livepairs.views.serving.asgidoor import AsgiDoor

HOST = "desk.example"
GATE = Gate(anonymous=None)
ANN = Visitor("ann", "viewer", "ann")


class Inside:
    """What is behind the door: it remembers who got in, and answers with a page."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"3")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<script>", "more_body": True})
        await send({"type": "http.response.body", "body": b"</script>"})


def knock(path: str, *, kind: str = "http", user: str = "", **headers: str) -> tuple[list[Any], Inside]:
    """Return what is sent to a request, and what is behind the door."""
    sent: list[Any] = []
    inside = Inside()
    door = AsgiDoor(
        inside,
        Entry(GATE, Origins(others=frozenset({"https://host.example"}))),
        who=lambda _scope: Visitor(user, "viewer", user) if user else None,
        secret_key=GATE.key,
    )
    path, _, query = path.partition("?")
    given = {"host": HOST, **{name.replace("_", "-"): text for name, text in headers.items()}}
    scope = {
        "type": kind, "method": "GET", "path": f"/livepairs{path}", "root_path": "/livepairs",
        "query_string": query.encode(), "headers": [(n.encode(), t.encode()) for n, t in given.items()],
    }  # fmt: skip

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(door(scope, asyncio.Queue().get, send))
    return sent, inside


def page_token(*, is_embedded: bool = True, key: bytes = GATE.key) -> str:
    """Return the token of a page that was made for ann."""
    cookies = {PASS_COOKIE: GATE.page_pass(ANN, is_embedded=is_embedded)}
    session_id = generate_session_id(secret_key=key, signed=True)
    return str(
        generate_jwt_token(session_id, secret_key=key, signed=True, extra_payload={"cookies": cookies}, expiration=60)
    )


@pytest.mark.parametrize("origin", ["https://desk.example", "https://host.example"])
def test_a_page_of_the_hosts_or_of_a_named_origin_may_open_its_websocket(origin: str) -> None:
    sent, inside = knock("/spread/ws", kind="websocket", origin=origin, sec_websocket_protocol=f"bokeh, {page_token()}")
    assert sent == [{"type": "websocket.accept"}]
    assert inside.scopes[0][VISITOR].name == "ann"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://desk.example.evil.example", ""])
def test_a_foreign_origin_may_not_whatever_else_it_brings(origin: str) -> None:
    sent, inside = knock(
        "/spread/ws", kind="websocket", user="ann", origin=origin, sec_websocket_protocol=f"bokeh, {page_token()}"
    )
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert inside.scopes == []


def test_a_websocket_without_an_origin_or_a_page_of_ours_is_refused() -> None:
    for headers in ({"sec_websocket_protocol": f"bokeh, {page_token()}"}, {"origin": "https://desk.example"}):
        assert knock("/spread/ws", kind="websocket", **headers)[0][0]["type"] == "websocket.close"
    forged = {"origin": "https://desk.example", "sec_websocket_protocol": f"bokeh, {page_token(key=b'x' * 32)}"}
    assert knock("/spread/ws", kind="websocket", **forged)[0][0]["type"] == "websocket.close"


def test_a_page_made_for_one_user_of_the_hosts_is_no_way_in_for_another() -> None:
    brought = {
        "origin": "https://desk.example",
        "sec_websocket_protocol": f"bokeh, {page_token(is_embedded=False)}",
    }
    assert knock("/spread/ws", kind="websocket", user="ann", **brought)[0][0]["type"] == "websocket.accept"
    for other in ("bob", ""):
        assert knock("/spread/ws", kind="websocket", user=other, **brought)[0][0]["type"] == "websocket.close"


def test_a_page_takes_a_token_of_the_hosts_once() -> None:
    token = GATE.embed_token("ann")
    sent, inside = knock(f"/spread?token={token}")
    assert (sent[0]["status"], inside.scopes[0][VISITOR].name) == (200, "ann")
    assert knock(f"/spread?token={token}")[0][0]["status"] == 401
    assert knock("/spread?token=forged")[0][0]["status"] == 401


@pytest.mark.parametrize("path", ["/spread", "/api/v1/runs", "/anything"])
def test_a_stranger_sees_nothing_and_a_user_of_the_hosts_everything(path: str) -> None:
    assert knock(path)[0][0]["status"] == 401
    assert knock(path, user="ann")[0][0]["status"] == 200


def test_what_is_for_everybody_needs_nobody() -> None:
    for path in ("/embed.js", "/static/js/bokeh.min.js"):
        assert knock(path)[0][0]["status"] == 200


def test_a_pass_that_was_brought_is_not_believed() -> None:
    brought = f"theme=dark; {PASS_COOKIE}={GATE.page_pass(Visitor('eve', 'operator', 'eve'))}"
    _, inside = knock("/spread", user="ann", cookie=brought)
    (cookie,) = [text.decode() for name, text in inside.scopes[0]["headers"] if name == b"cookie"]
    assert cookie.startswith("theme=dark; ")
    assert brought.partition("; ")[2] not in cookie


def test_every_page_is_dressed_with_a_policy_whose_nonce_its_scripts_carry() -> None:
    start, body = knock("/spread", user="ann")[0]
    headers = dict(start["headers"])
    policy = headers[b"content-security-policy"].decode()
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert body["body"] == f'<script nonce="{nonce}"></script>'.encode()
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert "frame-ancestors 'self' https://host.example" in policy
