"""Compiled kernels come aside, once, and without them everything goes on."""

from __future__ import annotations

import logging
import signal
import subprocess
import threading

import pytest

from livepairs.hub import kernels
from livepairs.stats import compiled


def test_the_compiler_runs_in_a_process_of_its_own_and_once(monkeypatch):
    commands, prepared, done = [], [], threading.Event()
    monkeypatch.setattr(kernels, "_asked", threading.Event())
    monkeypatch.setattr(kernels.subprocess, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(compiled, "is_ready", lambda: False)  # another test of this worker may have made them ready
    monkeypatch.setattr(compiled, "prepare", lambda: (prepared.append(1), done.set()))
    for _ in range(3):
        kernels.compile_aside()
    assert done.wait(10)
    assert [command[1:] for command in commands] == [["-m", "livepairs.stats.compiled", *kernels.MODULES]]
    assert prepared == [1]


@pytest.mark.parametrize(
    ("code", "is_told"), [(1, True), (-signal.SIGKILL, True), (-signal.SIGINT, False), (-signal.SIGTERM, False)]
)
def test_without_a_compiler_the_kernels_stay_interpreted(code, is_told, monkeypatch, caplog):
    def fail(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(code, command)

    monkeypatch.setattr(compiled, "is_ready", lambda: False)
    monkeypatch.setattr(kernels.subprocess, "run", fail)
    with caplog.at_level(logging.WARNING):
        kernels._compile()
    assert ("the kernels stay interpreted" in caplog.text) == is_told
