"""SIGKILL at any moment: never an unreadable recording, at most the last second missing, and the proof holds."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from livepairs.errors import RecordingError
from livepairs.stores.recording import open_recording
from livepairs.verification import verify
from tests.killed_recorders import HANDED, ROWS, START_US, STEP_US

SECOND_NS = 1_000_000_000


def handed_in(folder: Path) -> int:
    """Return how many chunks had been handed in a second before the kill."""
    entries = list(HANDED.iter_unpack(folder.with_suffix(".handed").read_bytes()))
    (_, killed_ns) = entries.pop()
    return max((number for number, at_ns in entries if at_ns < killed_ns - SECOND_NS), default=0)


def check(folder: Path) -> int:
    """Check what a killed recorder has left, and return how many chunks it holds."""
    try:
        recording = open_recording(folder)
    except RecordingError:
        # Killed so soon, or on a machine so busy, that nothing had come to be on disk.
        assert handed_in(folder) == 0
        return 0
    chunks = (recording.vouched_us + 1 - START_US) // STEP_US
    assert chunks >= handed_in(folder)
    for symbol in recording.symbols:
        ids = recording.trades(symbols=[symbol]).column("trade_id").to_pylist()
        assert ids == list(range(ROWS * chunks)), "a row is missing, or there twice"
    verdict = verify(recording)
    assert verdict.is_proven, verdict.sentence
    assert recording.manifest.completeness == 1.0
    return chunks


def kill_at(folder: Path, moments_ms: list[int], root: Path) -> list[int]:
    command = [sys.executable, "-m", "tests.killed_recorders", str(folder), *map(str, moments_ms)]
    subprocess.run(command, cwd=root, check=True, timeout=280)
    return [check(folder / str(place)) for place in range(len(moments_ms))]


@pytest.mark.slow
def test_a_recorder_killed_now_and_then_leaves_a_recording_that_is_proved(tmp_path: Path, root: Path) -> None:
    assert max(kill_at(tmp_path, [200, 700], root)) > 0


@pytest.mark.soak
def test_a_recorder_killed_at_fifty_random_moments_leaves_a_recording_that_is_proved(
    tmp_path: Path, root: Path
) -> None:
    random_moments = random.Random(7)
    chunks = kill_at(tmp_path, [random_moments.randrange(150, 1_500) for _ in range(50)], root)
    assert len(set(chunks)) > 25, "the moments were too much alike to tell"
