"""`livepairs exchange`: what it prints, what it refuses, and that what it prints is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from livepairs.__main__ import main
from livepairs.config import Settings, load_settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a recording's path or synthetic"),
        (["nowhere"], "not a recording"),
        (["binance-um:BTCUSDT"], "name a recording's path or synthetic"),
        (["recordings/demo", "--fault", "drp"], "did you mean 'drop'"),
        (["recordings/demo", "--rule", "lifetime=3"], "did you mean 'lifetime_s'"),
        (["recordings/demo", "--rule", "streams=1.5"], "a whole number"),
        (["recordings/demo", "--rule", "is_cut_announced=maybe"], "yes or no"),
        (["recordings/demo", "--speed", "0"], "must be above 0"),
        (["recordings/demo", "--speed", "inf"], "infinite only as recorded"),
        (["recordings/demo", "--lead", "-1"], "must be 0 or more"),
        (["recordings/demo", "--port", "70000"], "1 to 65535"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments, message, root: Path, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert main(["exchange", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("livepairs: error: ")
    assert said.count("\n") == 1
    assert message in said


def test_list_names_faults_and_rules(capsys):
    assert main(["exchange", "--list"]) == 0
    said = capsys.readouterr().out
    assert "close:code=1001" in said
    assert "lifetime_s=86400.0" in said


def test_printed_lines_point_at_a_venue_that_answers(root: Path, monkeypatch):
    command = [sys.executable, "-m", "livepairs", "exchange", "recordings/demo", "--port", "0", "--lead", "60"]
    serving = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert serving.stdout is not None
    try:
        lines = [serving.stdout.readline().strip() for _ in range(6)]
        settings = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        read = load_settings({})
        assert read.binance_um_rest != Settings().binance_um_rest
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+", read.binance_um_ws)
        assert lines[-1] == "livepairs serve binance-um:BTCUSDT,ETHUSDT,SOLUSDT"
        with urllib.request.urlopen(f"{read.binance_um_rest}/fapi/v1/aggTrades?symbol=ETHUSDT&limit=3") as answer:
            assert len(json.load(answer)) == 3
    finally:
        serving.terminate()
        serving.wait(30)
        serving.stdout.close()
