"""Nobody learns from an answer or from the log what is not theirs: over real sockets, with everything logged."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from livepairs.hub import get_hub
from livepairs.logs import configure_logs
from tests.views.burglar import PASSWORD, Burglar


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return what the server logs, down to the last detail."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("bokeh", "tornado.access", "panel")}
    configure_logs("text", "debug", stream)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.handlers, root.level = before, level
    for name, each in levels.items():
        logging.getLogger(name).setLevel(each)


def test_metrics_and_results_are_behind_the_same_door_and_a_guessed_name_learns_nothing(against: Any) -> None:
    async def story(burglar: Burglar) -> None:
        paths = ["/metrics", *(f"/api/v1/{name}" for name in ("runs", "runs/live/bars", "openapi.json"))]
        paths += [f"/api/v1/recordings/{name}" for name in ("demo", "nowhere", "..%2F..%2Fusers")]
        answers = [await burglar.ask(path) for path in paths]
        (said,) = {(answer.status, answer.text) for answer in answers}
        assert said[0] == json.loads(said[1])["status"] == 401
        bearer = f"Bearer {get_hub().gate.bearer_token('bob', lifetime_s=60)}"
        for path in ("/metrics", "/api/v1/runs"):
            assert (await burglar.ask(path, Authorization=bearer)).status == 200
        assert (await burglar.ask("/api/v1/recordings/..%2F..%2Fusers", Authorization=bearer)).status == 404

    against(story)


def test_no_password_token_or_cookie_is_in_the_log(against: Any, log: io.StringIO) -> None:
    secrets: dict[str, str] = {}

    async def story(burglar: Burglar) -> None:
        wrong = "a wrong but telling password"
        await burglar.sign_in(password=wrong)
        cookie = await burglar.cookie()
        token = await burglar.token(cookie)
        assert await burglar.socket(token, Cookie=cookie) == 101
        assert await burglar.socket(token, Cookie=cookie, Origin="http://evil.example") == 403
        gate = get_hub().gate
        embed, bearer = gate.embed_token("host-user-7"), gate.bearer_token("bob", lifetime_s=60)
        for _ in range(2):
            await burglar.ask(f"/market?token={embed}")
        await burglar.ask("/extra", Authorization=f"Bearer {bearer}")
        await burglar.ask(f"/nowhere?token={bearer}&code=a-providers-code", Cookie=cookie)
        secrets.update(
            {"password": PASSWORD, "wrong password": wrong, "cookie": cookie.partition("=")[2], "page": token}
        )
        secrets.update({"embed": embed, "bearer": bearer, "code": "a-providers-code", "key": gate._key.hex()})

    against(story)
    said = log.getvalue()
    assert re.search(r"sign-in from \S+ failed", said), "what is of use to the operator is"
    assert "/market?token=***" in said
    assert {name for name, secret in secrets.items() if secret in said or secret.partition(".")[0] in said} == set()
