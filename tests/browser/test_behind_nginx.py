"""Below a path prefix behind a real nginx: pages, files, websocket, API and the script of a host are all found."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import nginx
from tests.browser.serving import RECORDING, ask, knock, livepairs_serve
from tests.markdown import blocks

pytestmark = [pytest.mark.slow, pytest.mark.skipif(nginx.find() is None, reason=nginx.MISSING)]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "embedding.md"
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address nginx shows the server under, configured as the document says."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--speed", "30", "--prefix", "/desk", "--allow-origin", f"http://127.0.0.1:{port}")
    with livepairs_serve(str(RECORDING), *options) as base:
        inner = re.match(r"http://[^/]+", base)
        assert inner is not None
        (locations,) = blocks(DOCUMENT, "nginx")
        text = locations.replace("http://127.0.0.1:5006", inner[0])
        with nginx.running(tmp_path_factory.mktemp("nginx"), port, text) as url:
            _wait_for(port)
            yield url


def _wait_for(port: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not answer")


def test_a_page_and_every_file_it_names_are_below_the_prefix(front: str) -> None:
    status, headers, body = ask(front, "/desk/market", {"Accept": "text/html"})
    assert status == 200
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', body.decode())
    assert scripts
    for script in scripts:
        path = script if script.startswith("/") else f"/desk/{script}"
        assert path.startswith("/desk/")
        assert ask(front, path)[0] == 200


def test_the_api_and_the_script_of_a_host_are_below_it_too(front: str) -> None:
    assert ask(front, "/desk/api/v1/recordings")[0] == 200
    assert b"live-pairs" in ask(front, "/desk/embed.js")[2]
    assert ask(front, "/desk/healthz")[0] == 200
    assert ask(front, "/market")[0] != 200


@pytest.mark.parametrize("origin", ["", "http://evil.example"])
def test_only_pages_of_the_address_nginx_shows_may_open_a_websocket(front: str, origin: str) -> None:
    shown = f"http://{urlsplit(front).netloc}"
    assert knock(front, "/desk/market", origin or shown) == (403 if origin else 101)
