"""What the doctor finds: in good health, and with one thing wrong at a time."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from livepairs.__main__ import main
from livepairs.access.users import Users, write_users
from livepairs.commands._examination import examine
from livepairs.config import Settings


class Venue(BaseHTTPRequestHandler):
    """Tells a time that is ten seconds behind ours."""

    def do_GET(self) -> None:
        body = json.dumps({"serverTime": int((time.time() - 10) * 1000)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def venue() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Venue)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def statuses(tmp_path: Path, *, is_offline: bool = True, **settings: Any) -> dict[str, tuple[str, str]]:
    chosen = Settings(**{"recordings": str(tmp_path / "kept"), "port": 0, **settings})
    return {finding.name: (finding.status, finding.text) for finding in examine(chosen, is_offline=is_offline)}


def test_a_sound_machine_is_fit_and_says_so_to_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--offline", "--json", "--port", "0"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["is_fit"]
    found = {finding["name"]: finding["status"] for finding in said["findings"]}
    assert found["python"] == found["panel"] == found["recordings"] == "good"
    assert found["futures REST"] == "off"
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["doctor", "--offline", "--port", str(port)]) == 1
    assert f"BAD   port               {port} of 127.0.0.1 cannot be had" in capsys.readouterr().out


def test_users_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "users"
    write_users(path, Users())
    assert statuses(tmp_path, auth=str(path))["users"] == (
        "poor",
        "0 users, 0 of them operators; nobody can change anything",
    )
    path.chmod(0o644)
    status, text = statuses(tmp_path, auth=str(path))["users"]
    assert status == "bad"
    assert "chmod 600" in text


def test_a_history_that_does_not_answer_is_bad_and_its_password_a_secret(tmp_path: Path) -> None:
    status, text = statuses(tmp_path, database_url="postgresql://ann:s3cret@127.0.0.1:9/events")["history"]
    assert status == "bad"
    assert "s3cret" not in text
    missing = tmp_path / "nowhere" / "history.db"
    assert statuses(tmp_path, database_url=f"sqlite:///{missing}")["history"][0] == "off"
    assert not missing.parent.exists()


def test_addresses_are_asked_and_the_clock_with_them(tmp_path: Path, venue: str) -> None:
    nobody = "127.0.0.1:9"
    found = statuses(
        tmp_path, is_offline=False, binance_um_rest=f"http://{venue}", binance_spot_rest=f"http://{nobody}",
        binance_um_ws=f"ws://{venue}", binance_spot_ws=f"ws://{nobody}", binance_dumps=f"http://{venue}",
    )  # fmt: skip
    assert found["futures REST"][0] == found["futures feed"][0] == found["dumps"][0] == "good"
    assert found["clock (futures REST)"][0] == "poor"
    offset_ms = int(found["clock (futures REST)"][1].partition(" ms")[0].replace(",", ""))
    assert 9_900 < offset_ms < 11_500
    assert found["spot REST"][0] == found["spot feed"][0] == "poor"
    assert "replays need it not" in found["spot feed"][1]
