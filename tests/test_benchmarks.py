"""The benchmarks run: every case at a tiny size, in turn and with its rows compared. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
CASES = sorted(path.stem for path in (PROJECT / "benchmarks" / "cases").glob("[a-z]*.py"))


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES)
def test_every_benchmark_runs_at_a_tiny_size(case: str, tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", case, "--quick", "--json", str(figures)]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=110, check=False)
    assert ran.returncode == 0, ran.stderr
    contest = json.loads(figures.read_text())[case]
    assert f"## {contest['title']}" in ran.stdout
    assert all(value > 0 for contender in contest["contenders"] for value in contender["values"])


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks.__main__ import main

    assert main(["nonsense"]) == 2
    assert f"no case nonsense; there are {', '.join(CASES)}" in capsys.readouterr().err
