"""A process that lets recorders work and kills them: run as ``python -m tests.killed_recorders FOLDER MS...``.

For each number of milliseconds it forks a child that records into ``FOLDER/N`` as fast as it can, and kills it with
SIGKILL that long after its first chunk. What the child had handed in and when stands in ``FOLDER/N.handed``, sixteen
bytes a chunk, with the time of the kill at the end.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from pathlib import Path

from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.session import Session
from livepairs.stores.recorder import RecorderLimits
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US

HANDED = struct.Struct("<qq")
ROWS, STEP_US = 50, 250_000
PARAMS = RunParams((Pair("ETHUSDT", "BTCUSDT"),), pair_params=PairParams(7, 5, 5, 1))
LIMITS = RecorderLimits(segment_bytes=150_000)
"""Segments of some thirty chunks, so that many a kill falls into the sealing of one."""


def record(folder: Path, handed: int) -> None:
    """Record a quarter of a second of event time after the other, until somebody ends it."""
    with Session(folder, PARAMS, source="test", symbols=("BTCUSDT", "ETHUSDT"), limits=LIMITS) as session:
        number = 0
        while True:
            start_us = START_US + number * STEP_US
            times = range(start_us, start_us + STEP_US, STEP_US // ROWS)
            legs = [make_trades(symbol, times, first_id=ROWS * number) for symbol in ("BTCUSDT", "ETHUSDT")]
            session.update(make_chunk(start_us + STEP_US - 1, *legs))
            number += 1
            os.write(handed, HANDED.pack(number, time.monotonic_ns()))
            time.sleep(0.004)


def kill_one(folder: Path, delay_ms: int) -> None:
    """Fork a recorder, and kill it that long after its first chunk."""
    handed = os.open(folder.with_suffix(".handed"), os.O_RDWR | os.O_CREAT | os.O_APPEND)
    child = os.fork()
    if child == 0:
        record(folder, handed)
    while os.fstat(handed).st_size == 0:
        time.sleep(0.001)
    time.sleep(delay_ms / 1_000)
    os.kill(child, signal.SIGKILL)
    killed_ns = time.monotonic_ns()
    os.waitpid(child, 0)
    os.write(handed, HANDED.pack(-1, killed_ns))
    os.close(handed)


if __name__ == "__main__":
    for place, delay in enumerate(sys.argv[2:]):
        kill_one(Path(sys.argv[1], str(place)), int(delay))
