"""Who is behind a request: by password, by token, by nothing at all; and who is not any more."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from livepairs.access import passwords
from livepairs.access.attempts import BY_BOTH
from livepairs.access.gate import EMBED_S, PASS_COOKIE, SESSION_COOKIE, SESSION_S, Gate
from livepairs.access.roles import Visitor
from livepairs.access.users import ANYONE, PROVIDER, User, Users, write_users
from livepairs.errors import AccessError, ConfigError

PASSWORD = "three plain words"


class Clock:
    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the same algorithm at a thousandth of the cost."""
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    users = Users().with_user(User("ann", "operator", passwords.hash_password(PASSWORD)))
    write_users(tmp_path / "users", users.with_user(User("bob", "viewer", PROVIDER)))
    return tmp_path / "users"


def change(path: Path, *users: User, removed: str = "") -> None:
    from livepairs.access.users import read_users

    now = read_users(path)
    for user in users:
        now = now.with_user(user)
    write_users(path, now.without(removed) if removed else now)


def request(cookie: str | None) -> Any:
    return SimpleNamespace(cookies={} if cookie is None else {PASS_COOKIE: cookie})


def test_where_nobody_signs_in_everybody_has_one_role() -> None:
    assert Gate().who(None) == Visitor("anonymous", "operator")
    assert Gate(anonymous="viewer").admit({}, {}) == Visitor("anonymous", "viewer")
    assert Gate(anonymous=None).admit({}, {}) is None


def test_browsers_are_told_apart_among_the_anonymous() -> None:
    gate = Gate()
    visitor = gate.admit({"livepairs-browser": "some-browser"}, {})
    assert visitor is not None
    assert gate.who(request(gate.page_pass(visitor))) == Visitor("anonymous", "operator", "some-browser")


def test_who_knows_the_password_is_in_until_the_cookie_ends(users_file: Path) -> None:
    clock = Clock()
    gate = Gate(users_file, now_s=clock)
    cookies = {SESSION_COOKIE: gate.sign_in("ann", PASSWORD, "1.2.3.4")}
    assert gate.admit(cookies, {}) == Visitor("ann", "operator", "ann")
    clock.now_s += SESSION_S
    assert gate.admit(cookies, {}) is None


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "three plain word"), ("eve", PASSWORD), ("bob", "provider"), ("", "")]
)
def test_what_is_wrong_is_not_said(users_file: Path, name: str, password: str) -> None:
    with pytest.raises(AccessError, match=r"^name or password is wrong; try again$"):
        Gate(users_file).sign_in(name, password, "1.2.3.4")


def test_after_some_failures_the_right_password_waits_too(users_file: Path) -> None:
    gate = Gate(users_file, now_s=Clock())
    for _ in range(BY_BOTH):
        with pytest.raises(AccessError, match="wrong"):
            gate.sign_in("ann", "guess", "1.2.3.4")
    with pytest.raises(AccessError, match="15 minutes"):
        gate.sign_in("ann", PASSWORD, "1.2.3.4")
    assert gate.sign_in("ann", PASSWORD, "5.6.7.8")


def test_a_role_that_was_taken_away_is_gone_at_once(users_file: Path) -> None:
    gate = Gate(users_file)
    cookies = {SESSION_COOKIE: gate.sign_in("ann", PASSWORD, "1.2.3.4")}
    visitor = gate.admit(cookies, {})
    assert visitor is not None
    shown = request(gate.page_pass(visitor))
    kept = gate._book.users.users["ann"].secret
    change(users_file, User("ann", "viewer", kept))
    assert gate.who(shown) == Visitor("ann", "viewer", "ann")
    change(users_file, User("ann", "viewer", passwords.hash_password("another password")))
    assert gate.who(shown) is None
    assert gate.admit(cookies, {}) is None


def test_a_user_who_was_removed_is_out(users_file: Path) -> None:
    gate = Gate(users_file)
    cookies = {SESSION_COOKIE: gate.sign_in("ann", PASSWORD, "1.2.3.4")}
    change(users_file, removed="ann")
    assert gate.admit(cookies, {}) is None


def test_a_cookie_that_was_signed_out_does_not_come_back(users_file: Path) -> None:
    gate = Gate(users_file)
    cookies = {SESSION_COOKIE: gate.sign_in("ann", PASSWORD, "1.2.3.4")}
    gate.sign_out(cookies)
    gate.sign_out(cookies)
    assert gate.admit(cookies, {}) is None


def test_a_restarted_server_knows_who_was_in(users_file: Path) -> None:
    cookies = {SESSION_COOKIE: Gate(users_file).sign_in("ann", PASSWORD, "1.2.3.4")}
    assert Gate(users_file).admit(cookies, {}) == Visitor("ann", "operator", "ann")


def test_a_page_pass_is_no_way_in(users_file: Path) -> None:
    gate = Gate(users_file)
    token = gate.page_pass(Visitor("ann", "operator", "ann"))
    assert gate.admit({SESSION_COOKIE: token, PASS_COOKIE: token}, {"Authorization": f"Bearer {token}"}) is None


def test_a_script_is_let_in_by_its_token_and_by_nothing_like_it(users_file: Path) -> None:
    clock = Clock()
    gate = Gate(users_file, now_s=clock)
    token = gate.bearer_token("ann", lifetime_s=60)
    assert gate.admit({}, {"Authorization": f"Bearer {token}"}) == Visitor("ann", "operator", "ann")
    assert gate.admit({SESSION_COOKIE: token}, {}) is None
    assert gate.admit({}, {"Authorization": f"Basic {token}"}) is None
    clock.now_s += 60
    assert gate.admit({}, {"Authorization": f"Bearer {token}"}) is None
    with pytest.raises(ConfigError, match="no user 'eve'"):
        gate.bearer_token("eve", lifetime_s=60)


def test_a_hosts_user_gets_in_once_with_the_role_the_host_gave() -> None:
    clock = Clock()
    gate = Gate(anonymous=None, key=b"k" * 32, now_s=clock)
    token = gate.embed_token("host-user-7", "viewer")
    visitor = gate.admit({}, {}, embed=token)
    assert visitor == Visitor("host-user-7", "viewer", "host-user-7")
    shown = request(gate.page_pass(visitor, is_embedded=True))
    assert gate.who(shown) == visitor
    assert gate.is_embedded(shown)
    assert gate.admit({}, {}, embed=token) is None
    late = gate.embed_token("host-user-7")
    clock.now_s += EMBED_S
    assert gate.admit({}, {}, embed=late) is None


def test_a_provider_vouches_for_those_the_file_names(users_file: Path) -> None:
    gate = Gate(users_file)
    assert gate.admit({SESSION_COOKIE: gate.sign_in_vouched("bob")}, {}) == Visitor("bob", "viewer", "bob")
    for name in ("ann", "eve@example.com"):  # ann has a password, and whoever has it is ann
        with pytest.raises(AccessError, match="not among the users"):
            gate.sign_in_vouched(name)
    change(users_file, User(ANYONE, "viewer", PROVIDER))
    assert gate.admit({SESSION_COOKIE: gate.sign_in_vouched("eve@example.com")}, {}) is not None


def test_no_secret_is_logged(users_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(users_file)
    with caplog.at_level("DEBUG"), pytest.raises(AccessError):
        gate.sign_in("my password by mistake", PASSWORD, "1.2.3.4")
    assert "failed" in caplog.text
    assert "mistake" not in caplog.text
    assert PASSWORD not in caplog.text
