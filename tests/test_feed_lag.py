"""Pages that open do not delay the feed: how late it is, beside a calm while of the same server."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from benchmarks.crowd import enter

PROJECT = Path(__file__).parent.parent
MORE_MS = 500.0
"""What opening pages may add to the 95th percentile, on a machine with other work to do."""
PATIENCE_S = 300.0


@pytest.mark.parametrize(
    ("pages", "calm_s"),
    [pytest.param(2, 1.0, marks=pytest.mark.slow), pytest.param(20, 10.0, marks=pytest.mark.soak)],
)
def test_pages_that_open_at_once_do_not_delay_the_feed(pages: int, calm_s: float) -> None:
    calm, busy = asyncio.run(_lags(pages, calm_s))
    assert calm["looks"]
    assert busy["looks"]
    assert busy["p95_ms"] < calm["p95_ms"] + MORE_MS, (calm, busy)


async def _lags(pages: int, calm_s: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return how late the feed is with one page that has settled, and while so many more open at once."""
    command = [sys.executable, "-m", "benchmarks.feedlag"]
    server = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        assert server.stdout is not None
        found = re.search(r"http://\S+", (await server.stdout.readline()).decode())
        assert found is not None
        page = f"{found[0].rstrip('/')}/market?run=lag-of-the-feed"
        crowd = await enter(page, 1)
        await asyncio.sleep(2 * calm_s)  # what a first page brings along has been done
        await _asked(server)
        await asyncio.sleep(calm_s)
        calm = await _asked(server)
        crowd += await enter(page, pages, at_once=pages)
        busy = await _asked(server)
        for viewer in crowd:
            viewer.leave()
        return calm, busy
    finally:
        server.terminate()
        await server.communicate()


async def _asked(server: Process) -> dict[str, Any]:
    assert server.stdin is not None
    assert server.stderr is not None
    server.stdin.write(b"\n")
    async with asyncio.timeout(PATIENCE_S):
        # Its log comes the same way.
        while not (line := (await server.stderr.readline()).decode()).startswith("{"):
            assert line, "the server has ended"
    answer: dict[str, Any] = json.loads(line)
    return answer
