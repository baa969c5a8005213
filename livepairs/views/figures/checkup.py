"""The check-up of a pair, run off the server's loop: its health, and its correlation by ticks."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from livepairs.hub import Run
from livepairs.hub.kernels import compile_for
from livepairs.schema import Pair
from livepairs.views import columns

if TYPE_CHECKING:
    from livepairs.pairs.health import Health, Sample
    from livepairs.pairs.tickcorrelation import TickCorrelation

__all__ = ["Checkup", "check_up"]

_AGAIN_S: Final = 5.0
_AFTER_JUMP_S: Final = 0.3
"""How long no other moment was sought before the new one is looked into: the page shows it first."""
_LONGEST_TICKS_US: Final = 600_000_000
_KERNELS: Final = ("livepairs.pairs.health", "livepairs.pairs.tickcorrelation")
_WORKERS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="livepairs-health")


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found, and at which state of the run; ``ticks`` is None with too few trades."""

    health: Health
    ticks: TickCorrelation | None


@dataclass(slots=True)
class _Ward:
    """The newest check-up of one pair of a run, shared by everybody who looks."""

    pending: Future[Checkup] | None = None
    begun_s: float = float("-inf")
    state: tuple[int, int] = (-1, -1)


_wards: WeakKeyDictionary[Run, dict[Pair, _Ward]] = WeakKeyDictionary()
_lock = threading.Lock()


def check_up(run: Run, pair: Pair) -> Future[Checkup] | None:
    """Return the newest check-up, finished or on its way; begin another every few seconds while there are new bars."""
    state = (run.state.generation, run.tables.pairs.total_rows)
    with _lock:
        ward = _wards.setdefault(run, {}).setdefault(pair, _Ward())
        is_running = ward.pending is not None and not ward.pending.done()
        if is_running or state == ward.state or not state[1]:
            return ward.pending
        has_jumped = state[0] != ward.state[0] or run.state.status != "playing"
        if has_jumped or monotonic() - ward.begun_s >= _AGAIN_S:
            ward.state, ward.begun_s = state, monotonic()
            ward.pending = _WORKERS.submit(_check, run, pair, has_jumped=has_jumped)
        return ward.pending


def _check(run: Run, pair: Pair, *, has_jumped: bool) -> Checkup:
    from livepairs.pairs.health import assess_health

    compile_for(*_KERNELS)
    generation = None
    while has_jumped and generation != run.state.generation:
        generation = run.state.generation
        sleep(_AFTER_JUMP_S)
    sample = _sample(run, pair)
    return Checkup(assess_health(sample), _ticks(run, pair))


def _sample(run: Run, pair: Pair) -> Sample:
    from livepairs.pairs.health import Sample

    params, window = run.params, run.params.pair_params.hedge_window
    rows = columns.of(run.tables.pairs.tail(window * len(params.pairs)), "pair", str(pair))
    rows = rows.slice(max(0, rows.num_rows - window))
    y, x = columns.numbers(rows, "y_close"), columns.numbers(rows, "x_close")
    if params.pair_params.price == "log":
        y, x = np.log(y), np.log(x)
    if not rows.num_rows or not np.isfinite(alpha_beta := _newest(rows, "alpha", "beta")).all():
        return Sample(np.empty(0), np.empty(0), np.empty(0), float("nan"), 0.0, params.interval_us / 1e6)
    alpha, beta = alpha_beta
    status = run.status
    newest_us = [status.last_trade_us.get(leg, status.now_us) for leg in (pair.y, pair.x)]
    silent_s = max(0.0, (status.now_us - min(newest_us)) / 1e6)
    p = _newest(rows, "coint_p")[0]
    return Sample(y, x, y - alpha - beta * x, p, silent_s, params.interval_us / 1e6)


def _newest(rows: pa.Table, *names: str) -> list[float]:
    return [float(rows[name][-1].as_py()) for name in names]


def _ticks(run: Run, pair: Pair) -> TickCorrelation | None:
    from livepairs.pairs.tickcorrelation import correlate_ticks

    interval_us = run.params.interval_us
    end_us = run.status.now_us
    span_us = min(run.params.pair_params.corr_window * interval_us, _LONGEST_TICKS_US)
    legs: list[Any] = []  # times and prices in turn
    for symbol in (pair.y, pair.x):
        if run.recording is not None:
            wanted = ["ts", "price"]
            rows = run.recording.trades(symbols=[symbol], start_us=end_us - span_us, end_us=end_us, columns=wanted)
        else:
            rows = columns.of(run.tables.trades.tail(run.tables.trades.limit_rows), "symbol", symbol)
        times = rows["ts"].cast(pa.int64()).to_numpy()
        order = np.argsort(times, kind="stable")
        legs += [times[order], columns.numbers(rows, "price")[order]]
    return correlate_ticks(*legs, interval_us=interval_us)
