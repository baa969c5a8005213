"""A backtest of what a run shows or of its whole recording, run off the server's loop, with progress and cancel.

The rows so far are those of the run's tables when these reach back to the recording's first bar. After a jump they do
not: then the recording is replayed once without a screen, and cut at the event time. Cutting off the future changes no
earlier row (design.md, law 4), so both ways give the same rows. Other windows than the run's are computed from the same
bars by the same machine.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.hub import Run
from livepairs.schema import PAIRS, TIME, Pair, interval_us
from livepairs.views.backtest.backtestplan import WHOLE, Plan
from livepairs.views.columns import of

if TYPE_CHECKING:
    from livepairs.backtest.result import BacktestResult
    from livepairs.schema import Chunk
    from livepairs.stores.recording import Recording

__all__ = ["Job", "Rehearsal", "marks_until", "rehearse", "rows_for"]

_LIMIT_ROWS: Final = 1_000_000
_WORKERS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="livepairs-backtest")
_KEPT: Final = 4
_STEP_ROWS: Final = 30_000
_Tables = tuple[pa.Table, pa.Table]
_kept: OrderedDict[tuple[object, ...], _Tables] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A backtest, and the rows it acted on.

    Parameters
    ----------
    plan
        What was asked.
    result
        Trades, equity and metrics.
    y, x
        Closes of the legs at every row of the equity, shape ``(n_bars,)``.
    z
        z there; NaN where it does not exist.
    until_us
        Event time up to which rows were used.
    seconds
        How long it took.
    """

    plan: Plan
    result: BacktestResult
    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    until_us: int
    seconds: float


class Job:
    """A backtest under way. Its progress may be read, and it may be cancelled, from any thread.

    Parameters
    ----------
    on_progress
        Called on the worker's thread, with each step and once it is done or cancelled.
    """

    def __init__(self, on_progress: Callable[[], None]) -> None:
        self.stage = "waiting for another backtest"
        self.progress = 0.0
        self.future: Future[Rehearsal] = Future()
        self._stop = threading.Event()
        self._on_progress = on_progress

    def cancel(self) -> None:
        """Ask it to stop; the future then ends as cancelled."""
        self._stop.set()

    def at(self, stage: str, progress: float) -> None:
        """Say how far it is, from 0 to 1.

        Raises
        ------
        concurrent.futures.CancelledError
            If it is to stop.
        """
        if self._stop.is_set():
            raise CancelledError
        if stage != self.stage or progress - self.progress >= 0.02:
            self.stage, self.progress = stage, progress
            self._on_progress()

    def work(self, make: Callable[[], Rehearsal]) -> None:
        """Run it to its end, whatever that is."""
        try:
            self.at("reading", 0.0)
            self.future.set_result(make())
        except CancelledError:
            self.future.cancel()
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks for the result, a view's refresh
            self.future.set_exception(error)
        self._on_progress()


def rehearse(run: Run, pair: Pair, plan: Plan, on_progress: Callable[[], None]) -> Job:
    """Start a backtest; one runs at a time, the others wait.

    Parameters
    ----------
    run, pair, plan
        What is tested.
    on_progress
        See ``Job``.
    """
    job, now_us = Job(on_progress), run.status.now_us
    _WORKERS.submit(job.work, lambda: _rehearse(run, pair, plan, now_us, job))
    return job


def rows_for(run: Run, pair: Pair, plan: Plan, now_us: int, job: Job) -> _Tables:
    """Return the BARS and PAIRS rows of a plan, those of the pair alone.

    Parameters
    ----------
    run, pair, plan
        What is tested.
    now_us
        The event time that ``SO_FAR`` means.
    job
        Told of the progress; may cancel.
    """
    bars, pairs, is_whole = _bars_and_pairs(run, plan, now_us, job)
    bars = bars.filter(pc.is_in(bars["symbol"], pa.array([pair.y, pair.x])))
    pairs = of(pairs, "pair", str(pair))
    if plan.windows != run.params.pair_params:
        key = (*_key(run, plan), str(pair), plan.windows) if is_whole else None
        pairs = _recomputed(bars, pair, plan, interval_us(run.params.interval), job, key)
    if is_whole and plan.span != WHOLE:
        until = pa.scalar(now_us - interval_us(run.params.interval), pa.int64()).cast(TIME)
        return bars.filter(pc.less_equal(bars["ts"], until)), pairs.filter(pc.less_equal(pairs["ts"], until))
    return bars, pairs


def _rehearse(run: Run, pair: Pair, plan: Plan, now_us: int, job: Job) -> Rehearsal:
    from livepairs.backtest.engine import run_backtest

    begun_s = perf_counter()
    bars, pairs = rows_for(run, pair, plan, now_us, job)
    job.at("trading", 0.95)
    until_us = run.recording.vouched_us if plan.span == WHOLE and run.recording is not None else now_us
    marks = marks_until(run.recording, pair, until_us)
    result = run_backtest(pairs, bars, plan.rules, pair=pair, marks=marks)
    y, x, z = (pairs[name].to_numpy() for name in ("y_close", "x_close", "z"))
    return Rehearsal(
        plan=plan, result=result, y=y, x=x, z=z, until_us=until_us, seconds=perf_counter() - begun_s
    )  # fmt: skip


def marks_until(recording: Recording | None, pair: Pair, until_us: int) -> pa.Table | None:
    """Return the MARKS of both legs up to an event time; None without a recording."""
    return None if recording is None else recording.marks(symbols=[pair.y, pair.x], end_us=until_us + 1)


def _bars_and_pairs(run: Run, plan: Plan, now_us: int, job: Job) -> tuple[pa.Table, pa.Table, bool]:
    """Return the rows to use, and whether they are those of the whole recording."""
    recording = run.recording
    bars, pairs = run.tables.bars.tail(_LIMIT_ROWS), run.tables.pairs.tail(_LIMIT_ROWS)
    begins = bars.num_rows and recording and _time_us(bars, 0) <= recording.start_us + interval_us(run.params.interval)
    if recording is None or (plan.span != WHOLE and begins and _time_us(bars, 0) <= now_us):
        return *_both(bars, pairs), False
    return *_replayed(run, recording, plan, job), True


def _both(bars: pa.Table, pairs: pa.Table) -> _Tables:
    """Return the rows of the bar times that both tables hold: one may have been read before the other."""
    if not pairs.num_rows or not bars.num_rows:
        return bars, pairs.slice(0, 0)
    first, last = bars["ts"][0], bars["ts"][-1]
    return bars, pairs.filter(pc.and_(pc.greater_equal(pairs["ts"], first), pc.less_equal(pairs["ts"], last)))


def _key(run: Run, plan: Plan) -> tuple[object, ...]:
    return (run.recording and run.recording.digest, run.params, plan.is_healed)


def _replayed(run: Run, recording: Recording, plan: Plan, job: Job) -> _Tables:
    from livepairs.headless import play

    span_us = max(1, recording.vouched_us - recording.start_us)

    def watch(chunk: Chunk) -> None:
        job.at("replaying the recording", 0.6 * min(1.0, max(0.0, (chunk.now_us - recording.start_us) / span_us)))

    def make() -> _Tables:
        job.at("preparing the replay", 0.0)
        played = play(recording, run.params, healed=plan.is_healed, on_chunk=watch)
        return played.bars, played.pairs

    return _once(_key(run, plan), make)


def _recomputed(
    bars: pa.Table, pair: Pair, plan: Plan, bar_us: int, job: Job, key: tuple[object, ...] | None
) -> pa.Table:
    from livepairs.pairs.machine import PairMachine

    def make() -> _Tables:
        machine = PairMachine((pair,), plan.windows, interval_us=bar_us)
        batches = []
        for batch, share in _at_bar_times(bars):
            batches.append(machine.update(batch))
            job.at("computing the windows", 0.6 + 0.35 * share)
        return bars.slice(0, 0), pa.Table.from_batches(batches, PAIRS)

    return (make() if key is None else _once(key, make))[1]


def _at_bar_times(bars: pa.Table) -> Iterator[tuple[pa.RecordBatch, float]]:
    """Yield the rows in steps that split no bar time, and which share of them is then done."""
    if not bars.num_rows:
        return
    whole = bars.combine_chunks().to_batches()[0]
    ts = whole.column("ts").cast(pa.int64()).to_numpy()
    firsts = np.flatnonzero(np.diff(ts)) + 1
    after = np.searchsorted(firsts, np.arange(_STEP_ROWS, len(ts), _STEP_ROWS))
    ends = [*np.unique(firsts[after[after < len(firsts)]]).tolist(), len(ts)]
    for start, end in zip([0, *ends], ends, strict=False):
        yield whole.slice(start, end - start), end / len(ts)


def _once(key: tuple[object, ...], make: Callable[[], _Tables]) -> _Tables:
    """Return what was made for the key before, or make and keep it; only the worker's thread comes here."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = make()
    with _lock:
        _kept[key] = made
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return made


def _time_us(rows: pa.Table, index: int) -> int:
    return int(rows["ts"][index].cast(pa.int64()).as_py())
