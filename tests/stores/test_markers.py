"""Markers are kept beside a recording, whole or not at all, and never touch what the recording proves."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from livepairs.errors import ConfigError, RecordingError
from livepairs.schema import Marker
from livepairs.stores import markers as keeping
from livepairs.stores.markers import FILE, MarkerBook

EARLY, LATE = Marker(1_000_000, "start", "here it begins"), Marker(9_000_000, "shock", "")


def test_markers_are_kept_in_the_order_of_time(tmp_path: Path) -> None:
    book = MarkerBook(tmp_path)
    assert book.markers() == ()
    book.put(LATE)
    book.put(EARLY)
    book.put(EARLY)
    assert book.markers() == MarkerBook(tmp_path).markers() == (EARLY, LATE)


def test_a_marker_is_changed_and_taken_away(tmp_path: Path) -> None:
    book, other = MarkerBook(tmp_path), MarkerBook(tmp_path)
    book.put(EARLY)
    moved = Marker(2_000_000, "later", "changed")
    other.put(moved, instead_of=EARLY)
    assert book.markers() == (moved,), "what another session wrote is seen"
    book.remove(moved)
    book.remove(moved)
    assert other.markers() == ()


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        (Marker(1, " "), "needs a label"),
        (Marker(1, "x" * 61), "at most 60"),
        (Marker(1, "x", "y" * 1001), "at most 1000"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(tmp_path: Path, marker: Marker, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MarkerBook(tmp_path).put(marker)
    assert list(tmp_path.iterdir()) == []


def test_there_is_a_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 1)
    book = MarkerBook(tmp_path)
    book.put(EARLY)
    with pytest.raises(ConfigError, match="as many as may be"):
        book.put(LATE)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = MarkerBook(tmp_path)
    book.put(EARLY)

    def refuse(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(RecordingError, match="No space left"):
        book.put(LATE)
    assert book.markers() == (EARLY,)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_file_of_nonsense_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(RecordingError, match="cannot be read"):
        MarkerBook(tmp_path).markers()
    with pytest.raises(RecordingError):
        MarkerBook(tmp_path).put(EARLY)
    assert (tmp_path / FILE).read_text() == "{}"


def test_sessions_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    book = MarkerBook(tmp_path)
    marks = [Marker(number, f"mark {number}") for number in range(12)]
    threads = [threading.Thread(target=book.put, args=(mark,)) for mark in marks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.markers() == tuple(marks)
