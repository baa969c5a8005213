"""A process that watches and records a live feed, and tells what memory it has: see ``sources/test_live_soak.py``.

Run as ``python -m tests.soaked_feed WS REST FOLDER MINUTES``; it prints one JSON line a sample, and one at the end.
Under ``PYTHONMALLOC=malloc ARROW_DEFAULT_MEMORY_POOL=system`` everything that Python, numpy and Arrow hold is known to
the C library, which says to the byte what of it is in use. The size of the process says it far worse: a page is given
back, or not, as the kernel and the allocators see fit.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from livepairs.clock import SystemClock
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import Pair
from livepairs.session import Session
from livepairs.sources.live import LiveSource
from livepairs.sources.live_limits import Endpoints
from livepairs.stores.recorder import RecorderLimits

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
SAMPLE_S = 5.0
KEPT_ROWS = 200
"""Rows a table keeps, of those a page would read: full within minutes, so that what grows later is a leak."""

SEGMENTS = RecorderLimits(segment_us=60_000_000)
"""Sealed each minute, so that whatever sealing leaves behind adds up as quickly as a reconnect's does."""

PARAMS = RunParams((Pair("ETHUSDT", "BTCUSDT"),), pair_params=PairParams(120, 120, 120, 1))


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and later."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    )


def in_use_bytes() -> int:
    """Return what is allocated and not freed."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo
    info = libc.mallinfo2()
    return int(info.uordblks + info.hblkhd)


def anonymous_bytes() -> int:
    """Return the memory of the process that is no file's, as the kernel counts it."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("Anonymous:"))
    return 1_024 * int(line.split()[1])


def tell(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def sample(minute: float) -> None:
    """Tell what is held, without the garbage that nobody has collected yet."""
    gc.collect()
    facts = {
        "minute": minute,
        "in_use": in_use_bytes(),
        "anonymous": anonymous_bytes(),
        "objects": len(gc.get_objects()),
    }
    tell(facts)


async def soak(ws: str, rest: str, folder: Path, minutes: float) -> None:
    """Do with the feed what a server does that also records."""
    source = LiveSource("um", SYMBOLS, endpoints=Endpoints(ws, rest), clock=SystemClock())
    watched = Pipeline(SYMBOLS, PARAMS, limit_rows=KEPT_ROWS)
    began = told = time.monotonic()
    rows = 0
    with Session(folder, PARAMS, source="test", symbols=SYMBOLS, limits=SEGMENTS) as session:
        async with aclosing(source.chunks()) as chunks:
            async for chunk in chunks:
                watched.update(chunk)
                session.update(chunk)
                session.follow(source.feed)
                rows += chunk.trades.num_rows
                now = time.monotonic()
                if now >= told + SAMPLE_S:
                    told = now
                    sample((now - began) / 60)
                is_healing = any(gap.how == "open" for gap in source.feed.gaps)
                if now - began >= 60 * minutes and not is_healing:
                    break
        watched.close()
        summary = session.close()
    gaps = sorted({gap.how for gap in source.feed.gaps})
    facts = {"rows": rows, "recorded": summary.trades, "reconnects": source.feed.reconnects, "how": gaps}
    tell(facts)


if __name__ == "__main__":
    asyncio.run(soak(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])))
