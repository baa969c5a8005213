"""The folder of recordings: what is listed, and that a name from a browser never leads out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from livepairs.errors import ConfigError, RecordingError
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recorder import About, Recorder
from livepairs.stores.recording import RecordingWriter
from livepairs.stores.sealing import JOURNAL
from livepairs.stores.shelf import Shelf, check_name
from tests.factories import make_chunk, make_trades

UNTRUSTED = [
    "",
    ".",
    "..",
    "../demo",
    "a/b",
    "a\\b",
    "/etc",
    ".hidden",
    "-rf",
    "a\x00b",
    "x" * 81,
    "con:",
    "a b",
    "名" * 30,
]


def make_recording(path: Path, start_us: int = 1_700_000_000_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with RecordingWriter(path, source="import") as writer:
        writer.append(make_trades("AAA", [start_us, start_us + 1_000_000]))
        writer.finish()
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "shelf"
    make_recording(folder / "monday")
    make_recording(folder / "tuesday", 1_700_086_400_000_000)
    return Shelf(folder, others=[make_recording(tmp_path / "elsewhere" / "bundled", 1)])


def test_the_latest_comes_first_and_what_cannot_be_opened_last(shelf: Shelf) -> None:
    broken = shelf.folder / "broken"
    broken.mkdir()
    (broken / MANIFEST).write_text("{")
    (shelf.folder / ".monday.partial-1").mkdir()
    (shelf.folder / "notes.txt").write_text("no recording")
    entries = shelf.entries()
    assert [(entry.name, entry.is_kept) for entry in entries] == [
        ("tuesday", True),
        ("monday", True),
        ("bundled", False),
        ("broken", True),
    ]
    assert entries[-1].recording is None
    assert "damaged" in entries[-1].reason
    assert "'broken'" in entries[-1].reason
    assert str(shelf.folder) not in entries[-1].reason


def test_a_recording_made_anew_under_its_name_is_opened_anew(shelf: Shelf) -> None:
    before = shelf.open("monday")
    assert shelf.open("monday") is before
    shelf.delete("monday")
    make_recording(shelf.folder / "monday", 1_600_000_000_000_000)
    assert shelf.open("monday").start_us == 1_600_000_000_000_000


def test_a_folder_that_is_not_there_is_empty_and_is_made_when_needed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new")
    assert shelf.entries() == ()
    assert shelf.free_path("first") == tmp_path / "new" / "first"
    assert (tmp_path / "new").is_dir()


@pytest.mark.parametrize("name", UNTRUSTED)
def test_no_name_from_a_browser_leads_out_of_the_folder(shelf: Shelf, tmp_path: Path, name: str) -> None:
    before = sorted(path.as_posix() for path in tmp_path.rglob("*"))
    for action in (check_name, shelf.open, shelf.free_path, shelf.delete):
        with pytest.raises(ConfigError, match="cannot name a recording"):
            action(name)
    assert sorted(path.as_posix() for path in tmp_path.rglob("*")) == before


def test_a_name_nobody_knows_gets_the_nearest_one(shelf: Shelf) -> None:
    with pytest.raises(ConfigError, match="did you mean 'monday'"):
        shelf.open("mondey")


def test_a_name_that_is_taken_is_not_given_again_whatever_its_case(shelf: Shelf) -> None:
    for name in ("monday", "MONDAY", "bundled"):
        with pytest.raises(ConfigError, match="already"):
            shelf.free_path(name)


def test_deleting_removes_the_whole_folder_and_nothing_else(shelf: Shelf) -> None:
    shelf.delete("monday")
    assert sorted(path.name for path in shelf.folder.iterdir()) == ["tuesday"]


def test_what_lies_elsewhere_or_behind_a_link_is_not_deleted(shelf: Shelf, tmp_path: Path) -> None:
    target = make_recording(tmp_path / "precious")
    (shelf.folder / "link").symlink_to(target)
    for name in ("bundled", "link"):
        with pytest.raises(ConfigError, match="delete it where it is"):
            shelf.delete(name)
    assert (target / MANIFEST).exists()


def test_a_damaged_recording_says_why_and_can_be_deleted(shelf: Shelf) -> None:
    (shelf.folder / "monday" / MANIFEST).write_text("{")
    with pytest.raises(RecordingError, match="damaged"):
        shelf.open("monday")
    shelf.delete("monday")
    assert not (shelf.folder / "monday").exists()


def make_interrupted(path: Path) -> Recorder:
    """Return a recorder that has written four trades into a journal."""
    recorder = Recorder(path, About(source="binance-um:AAA", symbols=("AAA",)))
    recorder.append(
        make_chunk(1_700_000_004_000_000, make_trades("AAA", [1_700_000_000_000_000 + n for n in range(4)]))
    )
    recorder.flush()
    return recorder


def test_what_is_being_recorded_is_listed_and_left_alone(shelf: Shelf) -> None:
    recorder = make_interrupted(shelf.folder / "now")
    entry = shelf.find("now")
    assert (entry.status, entry.recording) == ("recording", None)
    with pytest.raises(ConfigError, match="being made right now"):
        shelf.delete("now")
    recorder.abandon()


def test_what_was_interrupted_is_recovered_when_told_to(shelf: Shelf) -> None:
    make_interrupted(shelf.folder / "cut").abandon()
    entry = shelf.find("cut")
    assert entry.status == "interrupted"
    shelf.recover(entry)
    assert shelf.open("cut").trade_count == 4


def test_what_cannot_be_recovered_says_why(shelf: Shelf) -> None:
    make_interrupted(shelf.folder / "cut").abandon()
    for path in (shelf.folder / "cut" / JOURNAL).iterdir():
        path.write_bytes(b"")
    shelf.recover(shelf.find("cut"))
    assert shelf.find("cut").status == "interrupted"
    assert "cut" in shelf.find("cut").reason
    with pytest.raises(RecordingError, match="cannot be read"):
        shelf.open("cut")
    shelf.delete("cut")


def test_recordings_elsewhere_whose_name_is_taken_get_a_number(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    paths = [make_recording(tmp_path / place / "demo", start) for start, place in enumerate(("served", "bundled"), 1)]
    shelf = Shelf(folder, others=[*paths, paths[0]])
    assert {entry.name: entry.path for entry in shelf.entries()} == {"demo": paths[0], "demo-2": paths[1]}
    make_recording(folder / "demo", 9)
    assert {name: shelf.open(name).start_us for name in ("demo", "demo-2", "demo-3")} == {
        "demo": 9, "demo-2": 1, "demo-3": 2,
    }  # fmt: skip
