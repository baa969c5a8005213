"""What a host writes into its pages, and the tokens it makes, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs import embed
from livepairs.access import Gate
from livepairs.access.users import Users, write_users
from livepairs.errors import ConfigError


def test_a_snippet_says_what_is_given_and_nothing_that_could_be_markup() -> None:
    text = embed.snippet("https://desk.example/p/", page="spread", pair='"><script>alert(1)</script>', theme=None)
    assert '<script src="https://desk.example/p/embed.js"></script>' in text
    assert text.count("<script") == 1
    assert "theme" not in text


def test_a_slip_of_the_pen_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'token_url'"):
        embed.snippet("/livepairs", tokenurl="/token")
    with pytest.raises(ConfigError, match="not an address"):
        embed.snippet("javascript:alert(1)")


def test_a_token_made_with_the_users_file_lets_the_hosts_user_in_once(tmp_path: Path) -> None:
    users = tmp_path / "users.txt"
    write_users(users, Users())
    gate, token = Gate(users), embed.token(users, "ann")
    visitor = gate.admit({}, {}, embed=token)
    assert visitor is not None
    assert (visitor.name, visitor.role) == ("ann", "viewer")
    assert gate.admit({}, {}, embed=token) is None


def test_a_name_that_is_not_there_is_said() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = embed.nonsense
