"""A verdict outlives the server that found it, and is believed only of the very thing it was found of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from livepairs.stores.recording import Recording, RecordingWriter, open_recording
from livepairs.stores.verdict import FILE, KeptVerdict, keep_verdict, kept_verdict
from tests.factories import make_trades

START_US = 1_700_000_000_000_000
VERDICT = KeptVerdict(outcome="same", sentence="all is well", checked_us=START_US, version="1.0", first_us=None)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    with RecordingWriter(tmp_path / "monday", source="import") as writer:
        writer.append(make_trades("AAA", [START_US + n * 250_000 for n in range(8)]))
        writer.finish()
    return open_recording(tmp_path / "monday")


def test_a_verdict_is_found_again_by_whoever_opens_the_recording(recording: Recording) -> None:
    assert kept_verdict(recording) is None
    digest = recording.digest
    assert keep_verdict(recording, VERDICT)
    again = open_recording(recording.path)
    assert kept_verdict(again) == VERDICT
    assert again.digest == digest


def test_a_file_that_was_touched_since_must_be_checked_anew(recording: Recording) -> None:
    keep_verdict(recording, VERDICT)
    part = recording.path / recording.manifest.files[0].path
    os.utime(part, ns=(1, 1))
    assert kept_verdict(recording) is None


def test_a_verdict_that_came_along_with_other_rows_is_not_believed(recording: Recording, tmp_path: Path) -> None:
    keep_verdict(recording, VERDICT)
    with RecordingWriter(tmp_path / "tuesday", source="import") as writer:
        writer.append(make_trades("AAA", [START_US + n * 250_000 for n in range(9)]))
        writer.finish()
    other = open_recording(tmp_path / "tuesday")
    (other.path / FILE).write_bytes((recording.path / FILE).read_bytes())
    assert kept_verdict(other) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"verdict": {"outcome": "fine"}, "digest": "", "files": ""}'])
def test_a_file_that_makes_no_sense_is_no_verdict(recording: Recording, content: str) -> None:
    (recording.path / FILE).write_text(content)
    assert kept_verdict(recording) is None


def test_a_folder_that_cannot_be_written_to_keeps_none(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _content: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("livepairs.stores.verdict.replace_file", refuse)
    assert not keep_verdict(recording, VERDICT)
    assert kept_verdict(recording) is None
