"""The pins are whole and are what runs here: nothing that the extras bring is left to chance."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def pins() -> dict[str, str]:
    """Return the pinned version of each name."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def project() -> dict:
    """Return the ``[project]`` table."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def required(extras: tuple[str, ...]) -> dict[str, Requirement]:
    """Return every requirement of the package and some extras, followed through what is installed here."""
    table = project()
    waiting = [Requirement(text) for text in table["dependencies"]]
    waiting += [Requirement(text) for extra in extras for text in table["optional-dependencies"][extra]]
    found: dict[str, Requirement] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found[name] = requirement
        try:
            below = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [Requirement(text) for text in below]
    return found


def test_everything_that_is_required_is_pinned():
    extras = tuple(project()["optional-dependencies"])
    assert set(required(extras)) - set(pins()) == set()


def test_pins_satisfy_the_ranges_of_the_project():
    pinned = pins()
    table = project()
    texts = table["dependencies"] + [text for extra in table["optional-dependencies"].values() for text in extra]
    for requirement in map(Requirement, texts):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("name", sorted(required(("test",))))
def test_what_runs_here_is_what_is_pinned(name):
    assert metadata.version(name) == pins()[name]


def test_the_oldest_python_is_the_same_everywhere():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    oldest = table["project"]["requires-python"].removeprefix(">=")
    assert table["tool"]["mypy"]["python_version"] == oldest
    assert table["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    images = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    assert images == {f"python:{oldest}-slim-bookworm"}
