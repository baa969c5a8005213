"""`livepairs import` as a user types it: exit codes, what goes to stdout and stderr, and what is left on disk."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import termios
from pathlib import Path

import pytest

from livepairs.__main__ import main

LINES = [
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
    "1,60000.1,0.5,1,1,1723075200001,true",
    "2,60000.2,0.0,2,2,1723075200002,false",
    "3,60000.3,0.5,3,3,1723075200003,false",
    "3,60000.3,0.5,3,3,1723075200003,false",
    "6,60000.4,0.5,6,6,1723075200006,false",
]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    file = tmp_path / "BTCUSDT-aggTrades-2024-08-08.csv"
    file.write_text("\n".join(LINES) + "\n")
    return file


def test_summary_tells_rows_span_and_every_repair(
    dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(dump), "--to", str(tmp_path / "rec")]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "3 of 5 trades into" in out
    assert "2024-08-08T00:00:00.001Z to 2024-08-08T00:00:00.006Z" in out
    assert "BTCUSDT                       3  aggTrade" in out
    assert "repaired: duplicate rows 1, zero quantity 1" in out
    assert "gaps: 1, 2 trades missing" in out


def test_json_is_one_object_and_its_counts_add_up(
    dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(dump), "--to", str(tmp_path / "rec"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["symbols"] == {"BTCUSDT": {"trades": 3, "kind": "aggTrade"}}
    left_out = sum(found["rejected"].values()) + sum(found["repaired"].values())
    assert found["trades_read"] == found["trades"] + left_out == 5
    assert (found["gaps"], found["missing"]) == (1, 2)


def test_bad_line_ends_with_code_2_and_one_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "BTCUSDT-aggTrades-2024-08-08.csv"
    file.write_text("\n".join([*LINES, "7,nothing,1,1,1,1723075200007,true"]) + "\n")
    assert main(["import", str(file), "--to", str(tmp_path / "rec")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"livepairs: error: {file}, line 7: found price 'nothing'; expected a positive number\n"
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "FILE"),
        (["--map", "ts"], "OURS=THEIRS"),
        (["--map", "time=ts"], "--map knows no 'time'"),
        (["--time-unit", "h"], "invalid choice"),
        (["--tz", "Mars", "--map", "ts=transact_time,qty=quantity", "--symbol", "X"], "time zone 'Mars'"),
    ],
)
def test_argument_that_cannot_be_used_ends_with_code_2(
    arguments: list[str], message: str, dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(dump)] if arguments else []
    assert main(["import", *files, "--to", str(tmp_path / "rec"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_columns_are_mapped_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("a,b,c,d\n2024-08-08 02:00:00,1.5,2,sell\n")
    mapping = ["--map", "ts=a,price=b", "--map", "qty=c,side=d", "--tz", "Europe/Berlin", "--symbol", "X"]
    assert main(["import", str(file), "--to", str(tmp_path / "rec"), *mapping, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "2024-08-08T00:00:00Z"


def test_recording_that_exists_is_kept_unless_overwrite_is_given(
    dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["import", str(dump), "--to", str(tmp_path / "rec")]
    assert main(command) == 0
    assert main(command) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def test_progress_is_shown_on_a_terminal_only(
    dump: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["import", str(dump), "--overwrite", "--to", str(tmp_path / "rec")]
    assert main(command) == 0
    assert capfd.readouterr().err == ""
    terminal, ours = pty.openpty()
    termios.tcsetwinsize(ours, (24, 80))
    with open(ours, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        assert main(command) == 0
        stderr.flush()
        # Read before our end is closed: the system may drop what nobody has read by then.
        shown = os.read(terminal, 65536).decode() if select.select([terminal], [], [], 0)[0] else ""
        monkeypatch.undo()
    os.close(terminal)
    assert "reading" in shown
    assert "writing" in shown
