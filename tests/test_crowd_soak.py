"""Crowds come and go for an hour, and the server is as it was: no page, viewer or run is left, and no memory."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest

from benchmarks.cases.viewers import OUR_SETTINGS, OURS
from benchmarks.crowd import enter
from benchmarks.house import House, served
from livepairs.hub.kernels import MODULES

CROWD = 10
WARM_ROUNDS = 2
"""After which what is made once has been made."""
GROWTH_MB = 25.0
"""What the allocator may keep; ten pages that stayed would be as much after two rounds."""

LEFT = ("livepairs_sessions", 'livepairs_viewers{kind="replay"}', 'livepairs_runs{kind="replay"}')


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="memory is read from Linux' /proc")
def test_an_hour_of_crowds_leaves_nothing() -> None:
    seconds = float(os.environ.get("SOAK_SECONDS", "3600"))
    # Else the server takes them into its memory whenever a busy machine has made them, perhaps after it was weighed.
    subprocess.run([sys.executable, "-m", "livepairs.stats.compiled", *MODULES], check=True)
    with served(OURS, OUR_SETTINGS | {"LIVEPAIRS_RUN_IDLE_S": "1"}) as house:
        for _ in range(WARM_ROUNDS):
            asyncio.run(_round(house))
        began_s, weighed_mb = time.monotonic(), [house.own_mb]
        while time.monotonic() - began_s < seconds or len(weighed_mb) == 1:
            asyncio.run(_round(house))
            weighed_mb.append(house.own_mb)
        assert weighed_mb[-1] < weighed_mb[0] + GROWTH_MB, [round(mb) for mb in weighed_mb]


async def _round(house: House) -> None:
    """Let a crowd in, let it watch a while, let it go, and wait until nothing is left of it."""
    crowd = await enter(f"{house.url}/market?run=soaking-crowd", CROWD)
    tasks = [asyncio.create_task(viewer.watch()) for viewer in crowd]
    await asyncio.sleep(10)
    assert all(viewer.messages > 2 for viewer in crowd)
    for viewer in crowd:
        viewer.leave()
    await asyncio.gather(*tasks)
    async with asyncio.timeout(180):
        while any(_figures(house).values()):
            await asyncio.sleep(1)


def _figures(house: House) -> dict[str, float]:
    with urllib.request.urlopen(f"{house.url}/metrics", timeout=60) as answer:
        rows = answer.read().decode()
    return {name: float(re.search(rf"^{re.escape(name)} (\S+)", rows, re.M)[1]) for name in LEFT}  # type: ignore[index]
