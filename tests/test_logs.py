"""What the log says, and what it must not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from livepairs.logs import Format, blotted, configure_logs


class WebSocketClosedError(Exception):
    """Has the name of Tornado's."""


@pytest.fixture
def logged() -> Iterator[Callable[[Format, Callable[[logging.Logger], None]], str]]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("bokeh", "tornado.access", "panel")}
    root.handlers = []

    def run(form: Format, say: Callable[[logging.Logger], None]) -> str:
        stream = io.StringIO()
        configure_logs(form, "info", stream)
        say(logging.getLogger("livepairs.test"))
        return stream.getvalue()

    yield run
    root.handlers, root.level = before[0], before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /market?token=abc.def-_1&pair=A/B 403", "GET /market?token=***&pair=A/B 403"),
        ("GET /login?code=xyz&state=s3cr3t", "GET /login?code=***&state=***"),
        ("Authorization: Bearer eyJhbGciOi.J9-x", "Authorization: Bearer ***"),
        ("Cookie: livepairs-session=abc.def; theme=dark", "Cookie: livepairs-session=***; theme=dark"),
        ("postgresql://ann:s3cret@db.example/events", "postgresql://ann:***@db.example/events"),
        ("the bearer of good news, ETHUSDT/BTCUSDT at 12:00", "the bearer of good news, ETHUSDT/BTCUSDT at 12:00"),
    ],
)
def test_what_would_let_a_reader_in_is_blotted_out(text: str, shown: str) -> None:
    assert blotted(text) == shown


def test_a_line_of_json_is_one_object_with_its_trace(logged: Callable[..., str]) -> None:
    def say(log: logging.Logger) -> None:
        log.debug("too little")
        try:
            raise ValueError("token=abcdef")
        except ValueError:
            log.exception("run %s\nfailed", "r1")

    (line,) = logged("json", say).splitlines()
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("error", "livepairs.test", "run r1\nfailed")
    assert said["error"] == "ValueError"
    assert "token=***" in said["trace"]
    assert said["ts"].endswith("Z")


def test_a_text_line_says_when_and_who(logged: Callable[..., str]) -> None:
    line = logged("text", lambda log: log.info("begins, token=abc"))
    assert line.endswith("Z INFO livepairs.test: begins, token=***\n")


def test_a_closed_page_is_no_error(logged: Callable[..., str]) -> None:
    def say(log: logging.Logger) -> None:
        try:
            try:
                raise WebSocketClosedError
            except WebSocketClosedError as error:
                raise RuntimeError("while writing") from error
        except RuntimeError:
            log.exception("Task exception was never retrieved")
        logging.getLogger("bokeh.server").warning("Failed sending message as connection was closed")

    assert logged("text", say) == ""
