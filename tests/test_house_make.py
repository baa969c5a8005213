"""The Makefile and .ci/run on machines that lack something: they find what works, or say what to install."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests import chromium

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a checkout's house files beside a bin folder with only what make itself needs."""
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "bash", "cat", "sed", "awk", "rm", "make", "echo"):
        place = shutil.which(tool)
        assert place is not None
        (tmp_path / "bin" / tool).symlink_to(place)
    return tmp_path


def script(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make there with nothing else on the PATH."""
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder), "MAKEFLAGS": ""}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_make_without_a_target_lists_every_target(bare: Path):
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    done = make(bare)
    assert {"demo", "test", "bench", "soak", "clean", "help"} <= set(targets)
    assert [target for target in targets if f"make {target} " not in done.stdout] == []


def test_python_that_is_only_a_shim_is_passed_over(bare: Path):
    """A version manager leaves names on the PATH whose interpreter is switched off."""
    script(bare / "bin" / "python3.11", "exit 127")
    script(bare / "bin" / "python3", f'exec {sys.executable} "$@"')
    assert "python3 -m venv" in make(bare, "-n", "demo").stdout


def test_python_that_is_too_old_is_passed_over(bare: Path):
    script(bare / "bin" / "python3", "exit 1")
    script(bare / "bin" / "python", f'exec {sys.executable} "$@"')
    assert "python -m venv" in make(bare, "-n", "demo").stdout


def test_machine_without_python_is_told_what_to_install(bare: Path):
    done = make(bare, "demo")
    assert done.returncode != 0
    assert "livepairs: error: no Python 3.11 or later" in done.stderr
    assert "install one" in done.stderr


def test_environment_that_was_copied_with_its_folder_is_made_anew(bare: Path):
    script(bare / "bin" / "python3.11", f'exec {sys.executable} "$@"')
    (bare / ".venv").mkdir()
    (bare / ".venv" / ".made").write_text("/somewhere/else\n")
    assert "-m venv --clear .venv" in make(bare, "-n", "demo").stdout


def test_second_run_installs_nothing(bare: Path):
    script(bare / "bin" / "python3.11", f'exec {sys.executable} "$@"')
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (bare / ".venv" / ".made").write_text(f"{bare}\n")
    (bare / ".venv" / ".package").touch()
    assert "install" not in make(bare, "-n", "demo").stdout
    os.utime(bare / "constraints.txt", (4e9, 4e9))
    assert "pip install" in make(bare, "-n", "demo").stdout


def test_ci_runs_make_test_without_a_keyboard(bare: Path):
    (bare / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", bare / ".ci" / "run")
    (bare / "bin" / "dirname").symlink_to(shutil.which("dirname") or "")
    (bare / "bin" / "env").symlink_to(shutil.which("env") or "")
    (bare / "bin" / "make").unlink()
    script(bare / "bin" / "make", 'echo "make $* CI=$CI in $PWD"; cat')
    environment = {"PATH": str(bare / "bin")}
    done = subprocess.run(
        [bare / ".ci" / "run"], cwd="/", env=environment, capture_output=True, text=True, check=True, input="not read"
    )
    assert done.stdout == f"make test CI=true in {bare}\n"


def test_chromium_is_looked_up_by_variable_then_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script(tmp_path / "google-chrome", "exit 0")
    script(tmp_path / "mine", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert chromium.find() == str(tmp_path / "google-chrome")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "mine"))
    assert chromium.find() == str(tmp_path / "mine")


def test_missing_chromium_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "may_install", lambda: False)
    assert chromium.main() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "apt-get install chromium" in said


def test_chromium_is_installed_where_root_may(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    answers = iter([None, "/usr/bin/chromium"])
    calls: list[str] = []
    monkeypatch.setattr(chromium, "find", lambda: next(answers))
    monkeypatch.setattr(chromium, "may_install", lambda: True)
    monkeypatch.setattr(chromium.subprocess, "run", lambda command, **_: calls.append(" ".join(command)))
    assert chromium.main() == 0
    assert calls == ["apt-get --quiet update", "apt-get --quiet install --yes --no-install-recommends chromium"]
    assert "/usr/bin/chromium" in capsys.readouterr().out
