"""A feed recorded as fast as it comes: journal, fsync and sealing into Parquet, against what one would script."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.contest import AbsentError, Contender, Contest, Goal, Outcome, Scale
from benchmarks.market import BTC, ETH

UNIT = "trades/s"
SEALED = "bytes a trade"
CPU = "ns of CPU a trade"
MOST_TRADES = 8_000_000
CHUNK_ROWS = 5_000
LOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "um_raw_20240808"


def recorder(scale: Scale) -> Callable[[], Outcome]:
    """`Recorder` fed as fast as it takes, until the sealed recording is there."""
    from livepairs.stores.recorder import About, Recorder

    chunks = _chunks(scale.recording)

    def turn() -> Outcome:
        with _folder() as folder:
            watch = _Watch()
            with Recorder(folder / "rec", About(source="benchmark", symbols=(BTC, ETH))) as made:
                for chunk in chunks:
                    _wait_for(lambda chunk=chunk: made.append(chunk) if made.has_room(chunk) else False)
                return watch.sealed(made.finish())

    return turn


def session(scale: Scale) -> Callable[[], Outcome]:
    """`Session`: the same with bars, pairs, events and the running digest."""
    from livepairs import pipeline
    from livepairs.pipeline import RunParams
    from livepairs.schema import Pair
    from livepairs.session import Session
    from livepairs.stats import compiled
    from livepairs.stores.recording import open_recording

    assert pipeline  # its kernels are known by now
    compiled.prepare()
    chunks = _chunks(scale.recording)

    def turn() -> Outcome:
        with _folder() as folder:
            watch = _Watch()
            params = RunParams((Pair(ETH, BTC),))
            with Session(folder / "rec", params, source="benchmark", symbols=(BTC, ETH)) as made:
                for place, chunk in enumerate(chunks):
                    made.update(chunk)
                    if place % 500 == 499:
                        made.flush()  # a feed never waits, but none is as fast as this one either
                dropped = made.state.dropped
                made.close()
            assert dropped == 0
            return watch.sealed(open_recording(folder / "rec").manifest)

    return turn


def real_trades(_: Scale) -> Callable[[], Outcome]:
    """The 35,389 real trades of two symbols beside this checkout: how small they are, sealed."""
    if not LOGS.is_dir():
        raise AbsentError("the real market data (../shared/data) is not beside this checkout")
    from livepairs.stores.importing import import_files
    from livepairs.stores.recorder import About, Recorder

    with _folder() as folder:
        import_files(sorted(LOGS.glob("*.gz")), folder / "real")
        chunks = _chunks(str(folder / "real"))

    def turn() -> Outcome:
        with _folder() as folder:
            watch = _Watch()
            with Recorder(folder / "rec", About(source="benchmark", symbols=(BTC, ETH))) as made:
                for chunk in chunks:
                    made.append(chunk)
                return watch.sealed(made.finish())

    return turn


def plain_log(scale: Scale) -> Callable[[], Outcome]:
    """An Arrow IPC stream with fdatasync once a second: safe as well, but 58 bytes a trade, and no recording yet."""
    chunks = _chunks(scale.recording)

    def turn() -> Outcome:
        with _folder() as folder:
            path, rows = folder / "trades.arrows", sum(chunk.trades.num_rows for chunk in chunks)
            watch = _Watch()
            with path.open("wb", buffering=0) as file, pa.ipc.new_stream(file, chunks[0].trades.schema) as stream:
                synced = time.perf_counter()
                for chunk in chunks:
                    stream.write_batch(chunk.trades)
                    if time.perf_counter() - synced >= 1:
                        os.fdatasync(file.fileno())
                        synced = time.perf_counter()
                os.fdatasync(file.fileno())
            return watch.outcome(rows, path.stat().st_size)

    return turn


def plain_parquet(scale: Scale) -> Callable[[], Outcome]:
    """`pq.ParquetWriter` with its defaults, a row group each 131,072 rows: nothing is there until the end."""
    import pyarrow.parquet as pq

    chunks = _chunks(scale.recording)

    def turn() -> Outcome:
        with _folder() as folder:
            watch, path = _Watch(), folder / "trades.parquet"
            with pq.ParquetWriter(path, chunks[0].trades.schema) as writer:
                held: list[Any] = []
                for chunk in chunks:
                    held.append(chunk.trades)
                    if sum(batch.num_rows for batch in held) >= 131_072:
                        writer.write_table(pa.Table.from_batches(held).unify_dictionaries())
                        held = []
                writer.write_table(pa.Table.from_batches(held, chunks[0].trades.schema).unify_dictionaries())
            return watch.outcome(sum(chunk.trades.num_rows for chunk in chunks), path.stat().st_size)

    return turn


def sqlite(scale: Scale) -> Callable[[], Outcome]:
    """SQLite with a write-ahead log, one transaction a chunk: safe as well, and what many a recorder does."""
    chunks = _chunks(scale.recording)[:40]

    def turn() -> Outcome:
        with _folder() as folder:
            watch, path = _Watch(), folder / "trades.db"
            base = sqlite3.connect(path)
            base.execute("pragma journal_mode=wal")
            base.execute("create table trades (ts, recv_ts, symbol, trade_id primary key, price, qty, maker)")
            for chunk in chunks:
                columns = [column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
                           for column in chunk.trades.columns]  # fmt: skip
                with base:
                    rows = zip(*(column.to_pylist() for column in columns), strict=True)
                    base.executemany("insert or ignore into trades values (?,?,?,?,?,?,?)", rows)
            base.close()
            return watch.outcome(sum(chunk.trades.num_rows for chunk in chunks), path.stat().st_size)

    return turn


def _chunks(recording: str) -> list[Any]:
    """Return the trades in event time, both symbols in a chunk as a feed has them, all in memory."""
    from livepairs.schema import MARKS, Chunk, empty
    from livepairs.stores.recording import open_recording

    trades = open_recording(recording).trades()
    order = np.argsort(trades.column("ts").cast(pa.int64()).to_numpy(), kind="stable")[:MOST_TRADES]
    (rows,) = trades.take(pa.array(order)).combine_chunks().to_batches()
    none = empty(MARKS)
    times = rows.column("ts").cast(pa.int64()).to_numpy()
    made = []
    for first in range(0, rows.num_rows, CHUNK_ROWS):
        part = rows.slice(first, CHUNK_ROWS)
        made.append(Chunk(part, none, int(times[first + part.num_rows - 1])))
    return made


def _wait_for(attempt: Callable[[], bool]) -> None:
    while not attempt():
        time.sleep(0.001)


class _Watch:
    """Takes the time of a turn, and what it costs: a machine that others use too says more by the second."""

    def __init__(self) -> None:
        self._started, self._cpu = time.perf_counter(), time.process_time()

    def sealed(self, manifest: Any) -> Outcome:
        """Return the outcome of a recording."""
        entries = manifest.entries("trades")
        return self.outcome(sum(entry.rows for entry in entries), sum(entry.bytes for entry in entries))

    def outcome(self, rows: int, size: int) -> Outcome:
        """Return the outcome of so many trades in so many bytes."""
        seconds, cpu = time.perf_counter() - self._started, time.process_time() - self._cpu
        return Outcome(rows / seconds, {SEALED: size / rows, CPU: 1e9 * cpu / rows})


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="livepairs-bench-") as name:
        yield Path(name)


CONTEST = Contest(
    title="Recording",
    unit=UNIT,
    contenders=(
        Contender("Recorder, from the first chunk to the sealed recording", recorder),
        Contender("Session: with bars, pairs and the running digest", session),
        Contender("Recorder, 35,389 real trades", real_trades),
        Contender("Arrow IPC stream, fdatasync once a second, not sealed", plain_log),
        Contender("pq.ParquetWriter, defaults, nothing safe until the end", plain_parquet),
        Contender("SQLite, one transaction a chunk", sqlite, turns=2),
    ),
    goals=(Goal(UNIT, ">", 2_000_000),),
    notes=(
        "Chunks of 5,000 trades of both symbols, as fast as they are taken; the rate includes sealing. "
        "The market's receive times are noise of 38 ms in microseconds, which alone takes two bytes a trade."
    ),
)
