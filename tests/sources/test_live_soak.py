"""Half an hour of a busy feed that breaks every minute, recorded: memory stays where it was, and nothing is missing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from livepairs.stores.recording import open_recording
from livepairs.venue import RULES, Setup, serve_venue
from livepairs.verification import verify
from tests.memory_trend import growth

ALLOWED = 100_000
"""Bytes a minute; the ledger of gaps grows by a tenth of that, up to its limit, and a leak is hardly ever so small."""

SETTLED = 10
"""Minutes after which every table and buffer is as full as it gets."""

HEAP = {"PYTHONMALLOC": "malloc", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""So that the C library knows of every byte; see ``tests/soaked_feed.py``."""


@dataclass
class Soaked:
    """What a soak has told: its samples, what it came to, and the trades the venue had."""

    samples: list[dict[str, float]]
    facts: dict[str, Any]


async def soak(folder: Path, root: Path, *, minutes: float, source: str, fault: str) -> Soaked:
    """Let another process watch and record a venue of ours for so long."""
    # What a stalled machine has missed must still be there for it, but not for 48 hours.
    setup = Setup(rules=replace(RULES["um"], history_us=900_000_000))
    async with serve_venue(source, faults=[fault], setup=setup) as venue:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soaked_feed", venue.ws, venue.rest, str(folder), str(minutes)),
            cwd=root, env=os.environ | HEAP, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, _ = await child.communicate()
    assert child.returncode == 0
    *samples, facts = map(json.loads, told.splitlines())
    return Soaked(samples, facts)


def check(soaked: Soaked, folder: Path) -> None:
    """Check that every trade that came is in the recording, which is whole and proved."""
    recording = open_recording(folder)
    assert recording.trade_count == soaked.facts["recorded"] == soaked.facts["rows"]
    assert set(soaked.facts["how"]) <= {"filled", "arrived"}, "a hole was given up"
    verdict = verify(recording)
    assert verdict.is_proven, verdict.sentence


@pytest.mark.slow
def test_a_feed_that_breaks_again_and_again_is_recorded_whole_within_its_memory(tmp_path: Path, root: Path) -> None:
    market, fault = "synthetic:?seed=3&rate=600", "drop:after_s=2,every_s=3"
    soaked = asyncio.run(soak(tmp_path / "rec", root, minutes=0.2, source=market, fault=fault))
    check(soaked, tmp_path / "rec")
    assert soaked.facts["reconnects"] >= 2
    assert soaked.samples[-1]["in_use"] < soaked.samples[0]["in_use"] + 20e6


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_memory_is_flat_over_half_an_hour_with_a_reconnect_a_minute(tmp_path: Path, root: Path) -> None:
    minutes = 30
    market, fault = "synthetic:?seed=3&rate=2600", "drop:after_s=30,every_s=60"
    soaked = asyncio.run(soak(tmp_path / "rec", root, minutes=minutes, source=market, fault=fault))
    check(soaked, tmp_path / "rec")
    assert soaked.facts["reconnects"] >= minutes - 1
    assert soaked.facts["rows"] > 2_000 * 60 * minutes
    settled = [(told["minute"], int(told["in_use"])) for told in soaked.samples if told["minute"] >= SETTLED]
    assert growth(settled) < ALLOWED, settled
