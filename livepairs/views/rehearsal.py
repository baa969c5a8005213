"""A backtest of the recording so far, run off the server's loop: the rows it needs, and the thread that runs it.

The rows so far are those of the run's tables when these reach back to the recording's first bar. After a jump they do
not: then the recording is replayed once without a screen, and cut at the event time. Cutting off the future changes no
earlier row (design.md, law 4), so both ways give the same rows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from livepairs.hub import Run
from livepairs.schema import TIME, Pair, interval_us

if TYPE_CHECKING:
    from livepairs.backtest.params import BacktestParams
    from livepairs.backtest.result import BacktestResult

__all__ = ["Rehearsal", "rehearse"]

_LIMIT_ROWS: Final = 1_000_000
_WORKERS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="livepairs-backtest")
_REPLAYS_KEPT: Final = 2
_replays: OrderedDict[tuple[object, ...], tuple[pa.Table, pa.Table]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A backtest, and the z-scores it acted on.

    Parameters
    ----------
    result
        Trades, equity and metrics.
    z
        z at every row of the equity, shape ``(n_bars,)``.
    """

    result: BacktestResult
    z: pa.ChunkedArray


def rehearse(run: Run, pair: Pair, params: BacktestParams) -> Future[Rehearsal]:
    """Start a backtest of what the run has shown so far; one runs at a time, the others wait."""
    now_us = run.status.now_us
    return _WORKERS.submit(_rehearse, run, pair, params, now_us)


def _rehearse(run: Run, pair: Pair, params: BacktestParams, now_us: int) -> Rehearsal:
    from livepairs.backtest.engine import run_backtest

    bars, pairs = _rows_so_far(run, now_us)
    mine = pairs.filter(pc.equal(pairs["pair"], str(pair)))
    return Rehearsal(run_backtest(mine, bars, params, pair=pair), mine["z"])


def _rows_so_far(run: Run, now_us: int) -> tuple[pa.Table, pa.Table]:
    recording = run.recording
    bars, pairs = run.tables.bars.tail(_LIMIT_ROWS), run.tables.pairs.tail(_LIMIT_ROWS)
    if recording is None or (
        bars.num_rows and _time_us(bars, 0) <= recording.start_us + interval_us(run.params.interval)
    ):
        return _both(bars, pairs)
    bars, pairs = _replayed(run)
    until = pa.scalar(now_us - interval_us(run.params.interval), pa.int64()).cast(TIME)
    return bars.filter(pc.less_equal(bars["ts"], until)), pairs.filter(pc.less_equal(pairs["ts"], until))


def _both(bars: pa.Table, pairs: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the rows without the bars of a moment that came between reading one table and the other."""
    if not pairs.num_rows or not bars.num_rows:
        return bars, pairs
    return bars, pairs.filter(
        pc.and_(pc.greater_equal(pairs["ts"], bars["ts"][0]), pc.less_equal(pairs["ts"], bars["ts"][-1]))
    )


def _replayed(run: Run) -> tuple[pa.Table, pa.Table]:
    from livepairs.headless import play

    assert run.recording is not None
    key = (run.recording.digest, run.params)
    with _lock:
        if key in _replays:
            _replays.move_to_end(key)
            return _replays[key]
    played = play(run.recording, run.params)
    with _lock:
        _replays[key] = (played.bars, played.pairs)
        while len(_replays) > _REPLAYS_KEPT:
            _replays.popitem(last=False)
    return played.bars, played.pairs


def _time_us(rows: pa.Table, index: int) -> int:
    return int(rows["ts"][index].cast(pa.int64()).as_py())
