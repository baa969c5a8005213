"""The users file: what it holds, who may read it, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.access.userbook import Userbook
from livepairs.access.users import ANYONE, PROVIDER, User, Users, read_users, write_users
from livepairs.errors import ConfigError

ANN = User("ann", "operator", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA")


def test_what_is_written_is_read_and_only_its_owner_can(tmp_path: Path) -> None:
    users = Users().with_user(ANN).with_user(User("bob@example.com", "viewer", PROVIDER))
    write_users(tmp_path / "users", users)
    assert read_users(tmp_path / "users") == users
    assert (tmp_path / "users").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["users"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    write_users(tmp_path / "users", Users())
    (tmp_path / "users").chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_users(tmp_path / "users")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("user ann operator x\n", "no line 'key"),
        ("key c2hvcnQ=\n", "line 1"),
        ("# ok\n\nuser ann king hash\n", "line 3"),
        ("user a/b viewer hash\n", "line 1"),
        ("user ann viewer\n", "line 1"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "users").write_text(text)
    (tmp_path / "users").chmod(0o600)
    with pytest.raises(ConfigError, match=words):
        read_users(tmp_path / "users")


def test_a_file_that_is_not_there_is_the_users_to_make(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="livepairs passwd"):
        read_users(tmp_path / "users")


@pytest.mark.parametrize("name", ["", "a b", "-rf", "ann\nkey", "x" * 200, ANYONE])
def test_a_name_that_would_break_the_file_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a user"):
        Users().with_user(User(name, "viewer", "hash"))


def test_a_provider_vouches_only_for_those_who_have_no_password() -> None:
    users = Users().with_user(ANN).with_user(User(ANYONE, "viewer", PROVIDER))
    assert users.vouched("ann") is None
    assert users.vouched("eve@example.com") == User("eve@example.com", "viewer", PROVIDER)
    assert users.vouched("a b") is None
    assert Users().with_user(ANN).vouched("eve@example.com") is None


def test_the_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    write_users(tmp_path / "users", Users().with_user(ANN))
    book = Userbook(tmp_path / "users")
    key = book.users.key
    write_users(tmp_path / "users", book.users.without("ann"))
    assert dict(book.users.users) == {}
    assert book.users.key == key


def test_a_file_that_was_opened_to_others_lets_nobody_in(tmp_path: Path) -> None:
    write_users(tmp_path / "users", Users().with_user(ANN))
    book = Userbook(tmp_path / "users")
    assert "ann" in book.users.users
    (tmp_path / "users").write_text("nonsense")
    assert dict(book.users.users) == {}


def test_secrets_are_not_in_what_is_printed() -> None:
    assert "argon2" not in repr(ANN)
    assert "key" not in repr(Users())
