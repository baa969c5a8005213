"""``livepairs verify``: what it says, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livepairs import __version__
from livepairs.__main__ import main
from livepairs.pipeline import RunParams
from livepairs.session import Session
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recording import RecordingWriter
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US

SECOND = 1_000_000


@pytest.fixture
def rec(tmp_path: Path) -> Path:
    with Session(tmp_path / "rec", RunParams(()), source="test", symbols=("BTCUSDT",)) as session:
        session.update(make_chunk(START_US + 9 * SECOND, make_trades("BTCUSDT", [START_US, START_US + 5 * SECOND])))
        session.close()
    return tmp_path / "rec"


def verified(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["verify", *arguments])
    captured = capsys.readouterr()
    return code, captured.out.strip(), captured.err.strip()


def test_a_proved_recording_is_said_to_be_proved(rec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = verified(capsys, str(rec))
    assert code == 0
    assert text.startswith("rec: all 1 files are whole, and it replays to the very digest it had live")
    code, text, _ = verified(capsys, str(rec), "--json", "--batch-rows", "1")
    found = json.loads(text)
    assert (code, found["is_whole"], found["is_proven"], found["trades"], found["bars"]) == (0, True, True, 2, 8)
    assert found["digest"] == found["live_digest"]


def test_another_digest_is_exit_code_1_with_the_row_that_differs(rec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((rec / MANIFEST).read_text())
    manifest["vouched_us"] += SECOND
    (rec / MANIFEST).write_text(json.dumps(manifest))
    code, text, _ = verified(capsys, str(rec), "--json")
    found = json.loads(text)
    assert (code, found["is_whole"], found["is_proven"]) == (1, True, False)
    assert (found["difference"]["hop"], found["difference"]["row"]) == ("bars", 8)


def test_a_damaged_file_is_exit_code_2(rec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = rec.glob("trades/*/*.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    code, text, error = verified(capsys, str(rec), "--json")
    assert code == 2
    assert (json.loads(text)["is_whole"], json.loads(text)["is_proven"]) == (False, False)
    assert error.startswith("livepairs: error: file 'trades/")
    assert "\n" not in error


def test_an_import_has_nothing_to_compare_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RecordingWriter(tmp_path / "rec", source="import") as writer:
        writer.append(make_trades("BTCUSDT", range(5)))
        writer.finish()
    code, text, _ = verified(capsys, str(tmp_path / "rec"), "--json")
    assert (code, json.loads(text)["is_proven"], json.loads(text)["digest"]) == (0, None, None)
    assert "no live digest" in json.loads(text)["sentence"]


def test_what_cannot_be_verified_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(capsys, str(tmp_path / "none"))[0] == 2
    assert "use 1 or more" in verified(capsys, str(tmp_path), "--batch-rows", "0")[2]


def test_info_says_what_the_live_digest_is_of(rec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(rec)]) == 0
    assert "of 8 bars of 1s, 0 pair rows, 0 events" in capsys.readouterr().out
    assert main(["info", str(rec), "--json"]) == 0
    proof = json.loads(capsys.readouterr().out)["proof"]
    assert (proof["bars"], proof["params"]["interval"], proof["params"]["pairs"]) == (8, "1s", [])


def test_what_was_found_is_told_by_info_as_long_as_the_files_are_the_same(
    rec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        assert main(["info", str(rec)]) == 0
        return capsys.readouterr().out

    assert "not checked yet" in told()
    verified(capsys, str(rec))
    assert f"by livepairs {__version__}: it replays to that digest" in told()
    (path,) = rec.glob("trades/*/*.parquet")
    path.touch()
    assert "not checked yet" in told()
