"""Addresses of channels: private files only, and nothing of them in what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.delivery.address import Addresses
from livepairs.errors import ConfigError

SECRET = "correct-horse-battery-staple"
FILE = f"""
[desk]
url = "slack://tokenA/tokenB/tokenC"

[ops]
url = "https://hooks.example/T0/key9"
secret = "{SECRET}"
"""


def write(tmp_path: Path, text: str = FILE, mode: int = 0o600) -> Path:
    path = tmp_path / "channels.toml"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_private_file_gives_addresses(tmp_path: Path):
    addresses = Addresses(write(tmp_path), environ={})
    desk, ops = addresses.find("desk"), addresses.find("ops")
    assert (desk.is_webhook, desk.shown, desk.key) == (False, "slack", b"")
    assert (ops.is_webhook, ops.shown, ops.key) == (True, "webhook at hooks.example", SECRET.encode())
    assert not addresses.is_empty


def test_the_environment_goes_before_the_file(tmp_path: Path):
    environ = {
        "LIVEPAIRS_CHANNEL_OPS": "https://other.example/x",
        "LIVEPAIRS_CHANNEL_OPS_SECRET": "whsec_" + "QUJD" * 8,
    }
    ops = Addresses(write(tmp_path), environ=environ).find("ops")
    assert (ops.shown, ops.key) == ("webhook at other.example", b"ABC" * 8)
    assert not Addresses(environ=environ).is_empty
    assert Addresses(environ={"LIVEPAIRS_SOURCE": "x"}).is_empty


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620, 0o601])
def test_a_file_that_others_have_access_to_is_refused(tmp_path: Path, mode: int):
    with pytest.raises(ConfigError, match=f"has mode {mode:o}.*chmod 600"):
        Addresses(write(tmp_path, mode=mode), environ={})


def test_a_file_behind_a_link_is_judged_itself(tmp_path: Path):
    link = tmp_path / "link.toml"
    link.symlink_to(write(tmp_path, mode=0o644))
    with pytest.raises(ConfigError, match="mode 644"):
        Addresses(link, environ={})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[desk]\nurl = "hunter2', r"not TOML \(at "),
        ('desk = "hunter2"', "a channel is a table"),
        ('[desk]\nulr = "slack://hunter2"', r"did you mean 'url'"),
        ("[desk]\nurl = 7", "must be a text"),
        ("[desk]\nsecret = 'hunter2hunter2hunter2'", "there is no url"),
        ('[desk]\nurl = "hunter2"', "no scheme and host"),
        ('[desk]\nurl = "https://"\nsecret = "hunter2hunter2hunter2"', "no scheme and host"),
        ('[desk]\nurl = "https://[hunter2/"', "no scheme and host"),
        ('[desk]\nurl = "https://h.example/hunter2"', "must have a secret"),
        ('[desk]\nurl = "https://h.example/x"\nsecret = "hunter2"', "too short"),
        ('[desk]\nurl = "https://h.example/x"\nsecret = "whsec_hunter2!"', "must be base64"),
    ],
)
def test_what_cannot_be_used_is_refused_without_saying_what_it_holds(tmp_path: Path, text: str, said: str):
    with pytest.raises(ConfigError, match=said) as refusal:
        Addresses(write(tmp_path, text), environ={})
    assert "hunter2" not in str(refusal.value)


def test_a_missing_file_and_a_missing_channel_are_sentences(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Addresses(tmp_path / "none.toml", environ={})
    with pytest.raises(ConfigError, match=r"did you mean 'desk'.*LIVEPAIRS_CHANNEL_DEKS"):
        Addresses(write(tmp_path), environ={}).find("deks")


def test_no_representation_shows_an_address(tmp_path: Path):
    address = Addresses(write(tmp_path), environ={}).find("ops")
    assert SECRET not in f"{address} {address!r}"
    assert "key9" not in f"{address} {address!r}"
