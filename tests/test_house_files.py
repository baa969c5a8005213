"""What may be in the repository: sizes, lengths, names, and no trace of the machine it was made on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import livepairs

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {
    *("livepairs", "apps", "examples", "recordings", "tests", "docs", "benchmarks"),
    *("pyproject.toml", "constraints.txt", "Makefile", "Dockerfile", "compose.yaml"),
    *("README.md", "CHANGELOG.md", "LICENSE"),
}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
# Written in pieces, so that this file does not find itself.
REGISTRY = re.compile("|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "--index" + "-url", "--find" + "-links"]))
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")


def tracked() -> list[Path]:
    """Return the files under version control; an export without git has nothing to look for."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """Return the tracked text files with their content."""
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            found.append((path.relative_to(ROOT), content.decode("utf-8")))
    return found


def test_top_level_holds_only_what_a_project_needs():
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_is_larger_than_five_megabytes_except_recordings():
    large = [path for path in tracked() if path.stat().st_size > 5e6 and "recordings" not in path.parts]
    assert large == []


def test_bundled_recordings_are_smaller_than_ten_megabytes():
    assert sum(path.stat().st_size for path in (ROOT / "recordings").rglob("*") if path.is_file()) < 10e6


@pytest.mark.parametrize("folder", ["livepairs", "apps", "benchmarks"])
def test_no_source_file_passes_four_hundred_lines(folder):
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {path.name: lines for path, lines in lengths.items() if lines > 400} == {}


def test_no_file_is_a_drawer():
    assert [path for path in (ROOT / "livepairs").rglob("*") if path.stem.strip("_") in DRAWERS] == []


def test_each_package_module_says_what_it_is_for():
    sources = (ROOT / "livepairs").rglob("*.py")
    assert [path.name for path in sources if not path.read_text("utf-8").lstrip().startswith('"""')] == []


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE], ids=["registry address", "path of a machine"])
def test_no_tracked_text_names_where_it_was_made(pattern):
    hits = {str(path): found.group() for path, text in texts() if (found := pattern.search(text))}
    assert hits == {}


def test_constraints_are_names_and_exact_versions_only():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []
    assert len({line.partition("==")[0].lower() for line in pins}) == len(pins)


def test_changelog_has_an_open_section_and_one_of_this_version_or_none_is_out():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0].startswith(livepairs.__version__)
