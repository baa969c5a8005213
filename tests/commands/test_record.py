"""``livepairs record``: from the command line to a recording, errors and signals included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.stores.recording import open_recording
from livepairs.verification import verify


@pytest.fixture(autouse=True)
def quiet_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the kernels as they are: a test must not leave a compiler at work behind it."""
    monkeypatch.setattr("livepairs.stats.compiled.is_ready", lambda: True)


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["record", *arguments]) == 2
    return capsys.readouterr().err.strip()


def test_the_synthetic_market_is_recorded_for_a_while(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "synthetic:?seed=3", "--to", str(tmp_path / "rec"), "--for", "0.4s"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    recording = open_recording(tmp_path / "rec")
    assert recording.is_synthetic
    assert summary["trades"] == recording.trade_count > 0
    assert summary["digest"] == recording.manifest.live_digest
    assert verify(recording).is_proven


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_ends_it_in_order_and_the_recording_is_whole(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "livepairs", "record", "synthetic:?seed=3", "--to", "rec"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        journal = tmp_path / "rec" / "journal" / "00000000.pages"
        while process.poll() is None and not (journal.is_file() and journal.stat().st_size > 0):
            time.sleep(0.02)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["path"] == str(tmp_path / "rec")
    assert verify(open_recording(tmp_path / "rec")).is_proven


def test_what_cannot_be_recorded_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = ("--to", str(tmp_path / "rec"))
    assert "source 'recordings/demo' is not live; record one as" in error_of(capsys, "recordings/demo", *to)
    assert "market" in error_of(capsys, "binance-xy:BTCUSDT", *to)
    assert "SOLUSD" in error_of(capsys, "synthetic:?seed=3", *to, "--pair", "SOLUSD/BTCUSDT")
    assert "--for is 'soon'; it must be a time as" in error_of(capsys, "synthetic:?seed=3", *to, "--for", "soon")
    assert "--for is '0s'" in error_of(capsys, "synthetic:?seed=3", *to, "--for", "0s")
    assert "without --rotate" in error_of(capsys, "synthetic:?seed=3", *to, "--keep", "1d")
    assert "a size as" in error_of(capsys, "synthetic:?seed=3", *to, "--rotate", "1d", "--keep-size", "much")
    assert not (tmp_path / "rec").exists()
    (tmp_path / "rec").write_text("")
    assert "cannot be made" in error_of(capsys, "synthetic:?seed=3", *to)


def test_with_rotation_the_folder_holds_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "record",
        "synthetic:?seed=3",
        "--to",
        str(tmp_path),
        "--for",
        "0.4s",
        "--rotate",
        "1h",
        "--keep",
        "9d",
    ]
    assert main(arguments) == 0
    (summary,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (path,) = tmp_path.iterdir()
    assert summary["path"] == str(path)
    assert open_recording(path).trade_count == summary["trades"]
