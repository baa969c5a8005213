"""The command from the words typed to the recording made, against a loopback copy of the site."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.exchanges.binance_archive import ArchiveFile
from livepairs.stores.lock import FolderLock
from livepairs.stores.recording import open_recording
from tests.dump_site import TRADES_A_DAY, Site, daily, serving

DAYS = ["--from", "2024-08-05", "--to", "2024-08-07"]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with serving(Site()) as made:
        monkeypatch.setenv("LIVEPAIRS_BINANCE_DUMPS", made.base)
        yield made


def test_days_become_a_recording_that_knows_its_files(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [*daily("BTCUSDT", "2024-08-05", 3), *daily("ETHUSDT", "2024-08-05", 3)]
    zips = [site.publish(file) for file in files]
    assert main(["download", "btcusdt", "ETHUSDT", *DAYS, "--into", str(tmp_path / "rec"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["trades"] == 2 * 3 * TRADES_A_DAY
    assert (said["gaps"], said["missing"], said["absent"], said["files"]) == (0, 0, [], 6)
    recording = open_recording(tmp_path / "rec")
    assert recording.symbols == ("BTCUSDT", "ETHUSDT")
    assert recording.trades().num_rows == said["trades"]
    assert main(["info", str(tmp_path / "rec")]) == 0
    assert "6 files from the venue" in capsys.readouterr().out
    kept = {entry.url.removeprefix(site.base): entry.sha256 for entry in recording.manifest.fetched}
    assert kept == {file.path: hashlib.sha256(content).hexdigest() for file, content in zip(files, zips, strict=True)}
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]


def test_absent_day_is_named_and_is_a_gap_of_as_many_trades(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, last = daily("BTCUSDT", "2024-08-05", 3)
    site.publish(first)
    site.publish(last)
    assert main(["download", "BTCUSDT", *DAYS, "--into", str(tmp_path / "rec")]) == 0
    said = capsys.readouterr().out
    assert "2 files" in said
    assert "not published: 1 day (BTCUSDT 2024-08-06)" in said
    assert f"{TRADES_A_DAY} trades missing" in said


def test_spot_comes_from_its_own_folder(site: Site, tmp_path: Path) -> None:
    file = ArchiveFile("BTCUSDT", date(2025, 1, 2), market="spot")
    row = "1,94000.01000000,0.00500000,1,1,1735776000000123,False,True\n"
    site.publish(file, row.encode())
    command = ["download", "BTCUSDT", "--from", "2025-01-02", "--to", "2025-01-02", "--market", "spot"]
    assert main([*command, "--into", str(tmp_path / "rec")]) == 0
    (trade,) = open_recording(tmp_path / "rec").trades().to_pylist()
    assert (trade["price"], trade["ts"].microsecond) == (94000.01, 123)


def test_month_given_as_a_month_is_fetched_as_one_and_files_can_be_kept(site: Site, tmp_path: Path) -> None:
    month = ArchiveFile("BTCUSDT", date(2024, 2, 1), is_monthly=True)
    content = site.publish(month)
    kept = tmp_path / "kept"
    command = ["download", "BTCUSDT", "--from", "2024-02", "--to", "2024-02", "--keep", str(kept)]
    assert main([*command, "--into", str(tmp_path / "rec")]) == 0
    assert (kept / "um" / month.name).read_bytes() == content
    assert open_recording(tmp_path / "rec").trades().num_rows == 29 * TRADES_A_DAY
    assert main([*command, "--into", str(tmp_path / "again")]) == 0
    assert site.requests[month.path] == 1


def test_damaged_file_leaves_no_recording_and_what_was_whole_is_there_for_the_next_try(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = daily("BTCUSDT", "2024-08-05", 2)
    site.publish(good)
    site.publish(bad, checksum="f" * 64)
    command = ["download", "BTCUSDT", "--from", "2024-08-05", "--to", "2024-08-06", "--into", str(tmp_path / "rec")]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"livepairs: error: {site.base}{bad.path}: found bytes whose SHA-256 is ")
    assert not (tmp_path / "rec").exists()
    site.publish(bad)
    assert main(command) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["BTCUSDT", "--from", "2024-08-07", "--to", "2024-08-05"], "--from 2024-08-07 is after --to 2024-08-05"),
        (["BTCUSDT", "--from", "yesterday", "--to", "2024-08-05"], "--from 'yesterday' is no day; write 2024-08-01"),
        (["BTC/USDT", *DAYS], "'BTC/USDT' is no symbol; write symbols as BTCUSDT ETHUSDT"),
        (["BTCUSDT,ETHUSDT", *DAYS], "is no symbol"),
        (["NOSUCHUSDT", *DAYS], "has no aggTrades of NOSUCHUSDT (um) from 2024-08-05 to 2024-08-07; check the symbols"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main(["download", *words, "--into", str(tmp_path / "rec")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert not list(tmp_path.iterdir())


def test_day_that_is_not_over_has_no_dump(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    today = datetime.now(UTC).date() + timedelta(days=1)  # tomorrow at most, should midnight pass meanwhile
    words = ["BTCUSDT", "--from", "2024-08-05", "--to", today.isoformat()]
    assert main(["download", *words, "--into", str(tmp_path / "rec")]) == 2
    assert "is not over; a day's dump comes the day after" in capsys.readouterr().err
    assert not site.requests


def test_second_download_into_the_same_recording_waits_its_turn(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / ".rec.download" / "um"
    folder.mkdir(parents=True)
    first = FolderLock(folder)
    assert main(["download", "BTCUSDT", *DAYS, "--into", str(tmp_path / "rec")]) == 2
    first.release()
    assert "another download is fetching into" in capsys.readouterr().err
    assert not site.requests


def test_ctrl_c_keeps_what_is_there_and_says_how_to_go_on(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = daily("BTCUSDT", "2024-08-05", 3)
    for file in files:
        site.publish(file)
    command = ["download", "BTCUSDT", *DAYS, "--into", str(tmp_path / "rec")]

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("livepairs.stores.importing.import_files", interrupt)
        assert main(command) == 130
    assert "give the same command again" in capsys.readouterr().err
    assert not (tmp_path / "rec").exists()
    assert main(command) == 0
    assert all(site.requests[file.path] == 1 for file in files)
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]


def test_recording_in_the_way_is_told_before_anything_is_fetched(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rec").mkdir()
    assert main(["download", "BTCUSDT", *DAYS, "--into", str(tmp_path / "rec")]) == 2
    assert "is there already; name another folder, or give --overwrite" in capsys.readouterr().err
    assert not site.requests
