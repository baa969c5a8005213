"""Users made, changed and removed on the command line, and tokens for scripts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.access import passwords
from livepairs.access.gate import Gate
from livepairs.access.roles import Visitor
from livepairs.access.users import PROVIDER, read_users


@pytest.fixture(autouse=True)
def a_typist(monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr("sys.stdin", io.StringIO("three plain words\nanother password\n"))


def test_a_user_is_made_changed_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "users")
    assert main(["passwd", file, "ann", "--role", "operator"]) == 0
    assert Gate(tmp_path / "users").sign_in("ann", "three plain words", "1.2.3.4")
    key = read_users(tmp_path / "users").key
    assert main(["passwd", file, "ann"]) == 0
    changed = read_users(tmp_path / "users")
    assert (changed.key, changed.users["ann"].role) == (key, "operator")
    assert Gate(tmp_path / "users").sign_in("ann", "another password", "1.2.3.4")
    assert main(["passwd", file, "bob@desk.example", "--role", "viewer", "--provider"]) == 0
    assert read_users(tmp_path / "users").users["bob@desk.example"].secret == PROVIDER
    assert main(["passwd", file, "ann", "--remove"]) == 0
    assert list(read_users(tmp_path / "users").users) == ["bob@desk.example"]
    assert "password" not in capsys.readouterr().out


def test_a_token_lets_a_script_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "users")
    main(["passwd", file, "monitor", "--role", "viewer"])
    capsys.readouterr()
    assert main(["passwd", file, "monitor", "--token-days", "90"]) == 0
    token = capsys.readouterr().out.strip()
    found = Gate(tmp_path / "users").admit({}, {"Authorization": f"Bearer {token}"})
    assert found == Visitor("monitor", "viewer", "monitor")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ann"], "has no role"),
        (["ann", "--remove"], "there is no user 'ann'"),
        (["ann", "--token-days", "0"], "from 1 to 3650"),
        (["a b", "--role", "viewer", "--provider"], "cannot be a user"),
        (["ann", "--role", "king"], "--role"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["passwd", str(tmp_path / "users"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "users").exists()
