"""A server that a crowd visits: started on one core, its CPU and memory read from outside, its viewers timed.

What a viewer costs is what more viewers cost more: a server with a few is measured first, then with all.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from benchmarks.crowd import Arrival, Viewer, enter

__all__ = ["House", "Load", "measure", "served"]

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class House:
    """A server and its process."""

    url: str
    process: int

    @property
    def cpu_s(self) -> float:
        """What it has used until now: a neighbour's load changes it less than it changes the time it took."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def own_mb(self) -> float:
        """Memory that is no file's, in megabytes: whose a library's pages are depends on who else runs it."""
        rows = Path(f"/proc/{self.process}/smaps_rollup").read_text()
        return int(re.findall(r"^Anonymous:\s+(\d+)", rows, re.M)[0]) * 1024 / 1e6


@contextmanager
def served(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[House]:
    """Run a server on one core until the block ends; its first line names its address."""
    env = os.environ | (environment or {})
    started = [sys.executable, *command]
    with subprocess.Popen(started, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                raise RuntimeError(f"{command} printed no URL; its last words are above")
            yield House(found[0].rstrip("/"), process.pid)
        finally:
            process.terminate()
            process.wait(60)


@dataclass(frozen=True, slots=True)
class Load:
    """What viewers cost and got.

    Parameters
    ----------
    cpu_ms
        Server CPU for each message to each viewer, milliseconds.
    updates_hz
        Messages a second that a viewer got.
    own_mb
        Memory for each viewer, megabytes.
    p95_ms
        From the moment a bar may close to its arrival, milliseconds, against the quickest of all.
    """

    cpu_ms: float
    updates_hz: float
    own_mb: float
    p95_ms: float

    @property
    def core_share(self) -> float:
        """Per cent of a core that a viewer costs at four updates a second."""
        return self.cpu_ms * 4 / 10


async def measure(house: House, page: str, viewers: int, *, seconds: float, first: int = 2, calm_s: float = 8) -> Load:
    """Let ``first`` viewers in, then all, each time for some seconds after ``calm_s`` of settling; and let them go."""
    url, crowd, tasks, looks = f"{house.url}/{page}", list[Viewer](), list[asyncio.Task[None]](), []
    _step_aside(house)
    try:
        for size in (first, viewers):
            came = await enter(url, size - len(crowd))
            crowd += came
            tasks += [asyncio.create_task(viewer.watch()) for viewer in came]
            await asyncio.sleep(calm_s)
            looks.append(await _look(house, crowd, seconds))
    finally:
        for viewer in crowd:
            viewer.leave()
        await asyncio.gather(*tasks)
    (few_cpu, few_hz, few_mb), (cpu, hz, own_mb) = looks
    more = max(1e-9, hz - few_hz)
    late = _late([arrival for viewer in crowd for arrival in viewer.arrivals])
    return Load(1e3 * (cpu - few_cpu) / more, hz / viewers, (own_mb - few_mb) / (viewers - first), late)


def _step_aside(house: House) -> None:
    """Leave the server's core to it: or each message wakes its reader there, in the midst of writing the next."""
    if hasattr(os, "sched_setaffinity"):
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, (own - os.sched_getaffinity(house.process)) or own)


async def _look(house: House, crowd: list[Viewer], seconds: float) -> tuple[float, float, float]:
    """Return CPU a second, updates a second over all viewers, and memory."""
    for viewer in crowd:
        viewer.messages = 0
        viewer.arrivals.clear()
    cpu_s, begun_s = house.cpu_s, monotonic()
    await asyncio.sleep(seconds)
    took_s = monotonic() - begun_s
    return (house.cpu_s - cpu_s) / took_s, sum(viewer.messages for viewer in crowd) / took_s, house.own_mb


def _late(arrivals: list[Arrival]) -> float:
    """Return how late bars came, the 95th percentile in milliseconds, if the quickest came without delay."""
    if not arrivals:
        return float("nan")
    lags = np.array([arrival.came_ms - arrival.bar_ms for arrival in arrivals])
    return float(np.percentile(lags - lags.min(), 95))
