"""The image can be built: each step of the Dockerfile has what it needs, and what it starts exists.

No container engine is assumed (test_image.py builds and runs it where there is one). hadolint (in ``make lint``) judges
the style; here the steps are followed by hand: the wheel is built from the copied files alone (see
test_house_install.py), sources exist, the command parses.
"""

from __future__ import annotations

import argparse
import fnmatch
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from livepairs.config import environment_name, setting_docs
from tests.dockerfile import Stage, read_stages

ROOT = Path(__file__).resolve().parent.parent
DEPENDENCIES, WHEEL, RUNTIME = read_stages(ROOT / "Dockerfile")


def allowed_by_dockerignore() -> list[str]:
    """Return the paths that .dockerignore lets in again after it shut everything out."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    return [rule[1:] for rule in rules if rule.startswith("!")]


def test_stages_are_the_dependencies_the_wheel_and_what_runs():
    assert [stage.name for stage in (DEPENDENCIES, WHEEL, RUNTIME)] == ["dependencies", "wheel", "runtime"]


@pytest.mark.parametrize("stage", [DEPENDENCIES, WHEEL, RUNTIME], ids=lambda stage: stage.name)
def test_each_base_image_is_pinned_by_a_tag(stage: Stage):
    name, _, tag = stage.image.partition(":")
    assert name == "python"
    assert tag not in ("", "latest")


@pytest.mark.parametrize("stage", [DEPENDENCIES, WHEEL], ids=lambda stage: stage.name)
def test_each_copied_source_exists_and_enters_the_build(stage: Stage):
    for origin, sources, _ in stage.copies():
        assert origin is None
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) for rule in allowed_by_dockerignore()), source


def test_dependencies_are_installed_before_the_source_is_copied():
    copied = {source for _, sources, _ in DEPENDENCIES.copies() for source in sources}
    assert copied == {"constraints.txt", "pyproject.toml"}


def test_what_runs_takes_everything_from_the_stages_before():
    copied = [(origin, sources) for origin, sources, _ in RUNTIME.copies()]
    assert copied == [("dependencies", ["/opt/livepairs"])]
    assert any("from=wheel,source=/wheel" in step for step in RUNTIME.of("RUN"))


def test_requirements_line_writes_exactly_the_dependencies_of_the_project():
    step = DEPENDENCIES.of("RUN")[0]
    code = step[step.index('"') + 1 : step.index('" >')]
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert done.stdout.splitlines() == declared


def test_container_does_not_run_as_root_and_the_user_exists():
    user, _, group = RUNTIME.of("USER")[-1].partition(":")
    assert user.isdigit()
    assert int(user) >= 1000
    assert f"--uid {user}" in RUNTIME.of("RUN")[0]
    assert f"--gid {group}" in RUNTIME.of("RUN")[0]


def test_the_command_is_one_that_livepairs_understands():
    assert RUNTIME.words("ENTRYPOINT") == ["livepairs"]
    name, *arguments = RUNTIME.words("CMD")
    command = import_module(f"livepairs.commands.{name}")
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    given = parser.parse_args(arguments)
    assert (given.address, str(given.port)) == ("0.0.0.0", RUNTIME.of("EXPOSE")[-1])


def test_health_is_asked_of_the_port_that_is_served():
    check = RUNTIME.of("HEALTHCHECK")[-1]
    assert f"http://127.0.0.1:{RUNTIME.of('EXPOSE')[-1]}/healthz" in check


def test_compose_publishes_to_this_machine_only_and_needs_no_writable_root():
    yaml = pytest.importorskip("yaml")
    service = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["livepairs"]
    port = RUNTIME.of("EXPOSE")[-1]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert any(volume.endswith(":/recordings") for volume in service["volumes"])


def unit(section: str) -> dict[str, list[str]]:
    """Return the lines of one section of the systemd unit, by name."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in (ROOT / "docs" / "deploy" / "livepairs.service").read_text("utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif current == section and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_what_livepairs_understands_with_settings_there_are():
    service = unit("Service")
    for line in (*service["ExecStartPre"], *service["ExecStart"]):
        program, name, *arguments = line.split()
        assert program.endswith("/livepairs")
        parser = argparse.ArgumentParser(exit_on_error=False)
        import_module(f"livepairs.commands.{name}").add_arguments(parser)
        parser.parse_args(arguments)
    names = {line.partition("=")[0] for line in service["Environment"]}
    assert names - {environment_name(name) for name in setting_docs()} == {"XDG_CACHE_HOME"}


def test_the_unit_may_write_its_recordings_and_nothing_else():
    service = unit("Service")
    assert service["User"] == ["livepairs"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]
    (writable,) = service["ReadWritePaths"]
    kept = [line for line in service["Environment"] if line.startswith(("LIVEPAIRS_RECORDINGS=", "LIVEPAIRS_AUTH="))]
    assert len(kept) == 2
    assert all(line.partition("=")[2].startswith(writable) for line in kept)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here to read the unit")
def test_systemd_reads_the_unit_without_complaint_and_finds_it_tight():
    path = ROOT / "docs" / "deploy" / "livepairs.service"
    judged = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", str(path)]
    done = subprocess.run(judged, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "Unknown key" not in done.stderr
