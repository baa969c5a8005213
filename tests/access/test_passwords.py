"""Passwords: only hashes are kept, and short ones are refused."""

from __future__ import annotations

import pytest

from livepairs.access.passwords import hash_password, is_password
from livepairs.errors import ConfigError


def test_a_password_is_known_again_by_its_hash() -> None:
    kept = hash_password("three plain words")
    assert kept.startswith("$argon2id$")
    assert is_password("three plain words", kept)
    assert not is_password("three plain word", kept)


def test_a_short_password_is_refused() -> None:
    with pytest.raises(ConfigError, match="9 characters"):
        hash_password("ninechars")
