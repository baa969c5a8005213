"""The plain-pip way: a wheel from the files the Dockerfile copies, in a fresh environment, outside the checkout.

Every time, pip says whether the pinned packages that are here are all it asks for, and the program starts from the
wheel beside them. Installing all of them again takes minutes and is left to ``make soak``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dockerfile import read_stages

ROOT = Path(__file__).resolve().parent.parent
PINNED = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PIP_BUILD_CONSTRAINT": str(ROOT / "constraints.txt")}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


def pip(*arguments: str, cwd: Path) -> None:
    """Run pip with the pins and this machine's own configuration; its last words become the failure."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | PINNED, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as the Dockerfile does: from the files its second stage copies, and nothing else."""
    folder = tmp_path_factory.mktemp("context")
    for _, sources, target in read_stages(ROOT / "Dockerfile")[1].copies():
        for source in sources:
            origin = ROOT / source
            place = folder / (target if origin.is_dir() else source)
            copy = shutil.copytree if origin.is_dir() else shutil.copy
            copy(origin, place)
    pip("wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), ".", cwd=folder)
    (built,) = (folder / "wheel").glob("livepairs-*.whl")
    return built


@pytest.fixture(scope="module", params=["beside", pytest.param("whole", marks=pytest.mark.soak)])
def program(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh virtual environment and return its ``livepairs``."""
    folder = tmp_path_factory.mktemp("fresh")
    # As the image is made: pip from outside, which takes a fifth of the time that a pip of its own would take to come.
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    inside = ("--python", str(folder / "venv" / "bin" / "python"), "install", "--no-compile")
    if request.param == "whole":
        pip(*inside, str(wheel), cwd=folder)
    else:
        pip(*inside, "--no-deps", "--no-index", str(wheel), cwd=folder)
        (installed,) = (folder / "venv").glob("lib/python*/site-packages")
        # After the fresh environment's own folder, so that livepairs is the wheel's; the checkout's is not on it.
        (installed / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "livepairs"


def test_what_it_depends_on_is_what_is_pinned(wheel: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    pip("install", "--dry-run", "--report", str(report), str(wheel), cwd=tmp_path)
    missing = {found["metadata"]["name"] for found in json.loads(report.read_text())["install"]} - {"livepairs"}
    assert missing == set()


@pytest.fixture
def outside(tmp_path: Path) -> dict:
    """Return what starts a process that knows nothing of the checkout: an empty folder and none of our variables."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LIVEPAIRS", "COVERAGE"))
    }
    return {"cwd": tmp_path, "env": kept | {"HOME": str(tmp_path)}, "stdin": subprocess.DEVNULL, "text": True}


def test_wheel_holds_the_bundled_recording_the_marker_of_types_and_no_tests(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert "livepairs/_recordings/demo/manifest.json" in names
    assert "livepairs/py.typed" in names
    assert [name for name in names if name.startswith(("tests/", "benchmarks/"))] == []
    sources = {f"livepairs/{path.relative_to(ROOT / 'livepairs')}" for path in (ROOT / "livepairs").rglob("*.py")}
    assert sources <= set(names)


def test_installed_program_says_its_version(program: Path, outside: dict):
    done = subprocess.run([program, "--version"], capture_output=True, check=True, **outside)
    assert re.fullmatch(r"livepairs \d+\.\d+\.\d+\n", done.stdout)


@pytest.fixture
def demo_url(program: Path, outside: dict) -> Iterator[str]:
    """Start ``livepairs demo`` on a free port and return the URL it prints."""
    command = [program, "demo", "--no-browser", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **outside)
    said: list[str] = []
    try:
        yield _first_url(process, said)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _first_url(process: subprocess.Popen[str], said: list[str]) -> str:
    # The watchdog ends a demo that never prints, so that the loop below cannot hang.
    watchdog = threading.Timer(90, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                return found.group().rstrip(".,")
    finally:
        watchdog.cancel()
    pytest.fail("livepairs demo printed no URL; it said:\n" + "".join(said))


def test_demo_of_the_installed_program_answers_with_its_page(demo_url: str):
    with urllib.request.urlopen(demo_url, timeout=60) as answer:
        page = answer.read().decode("utf-8")
    assert answer.status == 200
    assert "livepairs" in page
