"""Uploads arrive in order, in bounds, under names of our own, and leave nothing behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from livepairs.errors import ConfigError, InputError
from livepairs.stores.inbox import MOST, Inbox


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_pieces_make_the_file_and_closing_removes_it(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "shelf", 100)
    delivery = inbox.expect("BTCUSDT-trades.csv", 6)
    delivery.append(0, b"abc")
    assert not delivery.is_whole
    delivery.append(3, b"def")
    assert delivery.is_whole
    assert (delivery.path.name, delivery.path.read_bytes()) == ("BTCUSDT-trades.csv", b"abcdef")
    delivery.close()
    delivery.close()
    assert left(tmp_path / "shelf") == []


@pytest.mark.parametrize(("offset", "data"), [(1, b"a"), (0, b"1234567"), (-1, b"")])
def test_a_piece_that_does_not_follow_or_is_too_much_is_refused(tmp_path: Path, offset: int, data: bytes) -> None:
    delivery = Inbox(tmp_path, 100).expect("x", 6)
    with pytest.raises(InputError, match="send the file again"):
        delivery.append(offset, data)


@pytest.mark.parametrize(("size", "words"), [(101, "raise the setting transfer_mb"), (0, "empty"), (-5, "empty")])
def test_a_size_out_of_bounds_is_refused_before_a_byte_comes(tmp_path: Path, size: int, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Inbox(tmp_path, 100).expect("x", size)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\x.csv", "x.csv"),
        (".hidden", "hidden"),
        ("a b\x00c", "a_b_c"),
        ("/", "file"),
    ],
)
def test_a_strangers_name_never_leads_out_of_the_uploads_own_folder(tmp_path: Path, name: str, ours: str) -> None:
    delivery = Inbox(tmp_path, 100).expect(name, 1)
    assert delivery.path.name == ours
    assert delivery.path.parent.parent == tmp_path


def test_there_are_only_so_many_at_a_time(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, 100)
    deliveries = [inbox.expect("x", 1) for _ in range(MOST)]
    with pytest.raises(ConfigError, match="as many as may be"):
        inbox.expect("x", 1)
    deliveries[0].close()
    inbox.expect("x", 1)


def test_what_a_killed_server_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, young = tmp_path / ".upload-old", tmp_path / ".upload-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    Inbox(tmp_path, 100).expect("x", 1)
    assert not old.exists()
    assert young.exists()
