"""The server beside its pages: health, the way home, and who may connect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from livepairs.__main__ import main
from tests.browser.serving import RECORDING, ask, knock, livepairs_serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with livepairs_serve(str(RECORDING)) as url:
        yield url


def test_health_is_answered_without_making_a_run(base: str) -> None:
    assert json.loads(ask(base, "/healthz")[2]) == {"status": "ok"}
    assert json.loads(ask(base, "/readyz")[2]) == {"status": "ready", "runs": 0}


def test_the_way_home_is_the_market_page(base: str) -> None:
    status, headers, _body = ask(base, "/")
    assert (status, headers["Location"]) == (302, "/market")


def test_the_page_is_its_outline_before_it_is_drawn_in_the_visitors_theme(base: str) -> None:
    light = ask(base, "/market")[2].decode()
    dark = ask(base, "/market", {"Cookie": "livepairs-theme=dark"})[2].decode()
    assert 'class="bone"' in light
    assert "background: #ffffff" in light
    assert "background: #11151a" in dark
    # The library's sheet of icons would have the browser fetch every alphabet, with the figures hidden meanwhile.
    assert "material-icons.css" not in light


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("http://127.0.0.1:1", 403), (None, 101)])
def test_only_our_own_pages_may_open_a_websocket(base: str, origin: str | None, status: int) -> None:
    assert knock(base, "/market", base if origin is None else origin) == status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--address", "0.0.0.0"], "--insecure-public"),
        (["serve", "nowhere"], "nowhere"),
        (["serve", "--port", "99999"], "port"),
        (["demo", "--speed", "0"], "speed"),
        (["serve", str(RECORDING), "--pair", "ETHUSD/BTCUSDT"], "did you mean 'ETHUSDT'"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("livepairs: error: ")
    assert error.count("\n") == 1
    assert words in error


def test_a_port_that_is_taken_is_said_in_one_line(base: str) -> None:
    port = str(urlsplit(base).port)
    command = [sys.executable, "-m", "livepairs", "serve", str(RECORDING), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert f"port {port} of 127.0.0.1 cannot be had" in done.stderr
    assert "Traceback" not in done.stderr
