"""A rules file on disk: read whole or refused, and replaced whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.errors import ConfigError
from livepairs.rulefile import load_rules, read_text, write_text

RULE = '[[rule]]\r\nname = "ü"\r\nwhen = "z > 1"\r\n'


def test_a_file_from_windows_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xef\xbb\xbf" + RULE.encode())
    assert load_rules(path).rules[0].name == "ü"
    assert read_text(path) == RULE.replace("\r\n", "\n")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'.*none.toml' cannot be read: No such file"):
        load_rules(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('name = "ü"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="is no UTF-8 at byte 8"):
        load_rules(tmp_path / "latin.toml")


def test_writing_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    write_text(path, "old")
    path.chmod(0o600)
    write_text(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["rules.toml"]
    with pytest.raises(ConfigError, match="cannot be written"):
        write_text(tmp_path / "absent" / "rules.toml", "x")
