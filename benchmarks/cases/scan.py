"""The scan of a whole exchange: 500 instruments, 1,440 closes, both directions of 124,750 pairs, AIC lag choice."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.contest import PEAK_MB, Contender, Contest, Goal, Outcome, Scale

SERIES, BARS = 500, 1_440
SAMPLE = 500
MOST_TURNS = 60
"""Bars kept back for the live sides, one a turn."""
UNIT = "s"
ERROR = "largest relative error"


def universe(scale: Scale) -> NDArray[np.float64]:
    """Return closes ``(series, bars)``: four factors, and a rest that reverts in every third series."""
    series = 24 if scale.is_quick else SERIES
    rng = np.random.default_rng(7)
    factors = np.cumsum(rng.normal(0, 1e-3, (4, BARS)), axis=1)
    rest = np.cumsum(rng.normal(0, 5e-4, (series, BARS)), axis=1)
    rest[::3] -= rest[::3].mean(axis=1, keepdims=True)
    rest[::3, 1:] = 0.05 * rest[::3, 1:] + rng.normal(0, 5e-4, rest[::3, 1:].shape)
    return np.exp(rng.normal(3, 2, (series, 1)) + rng.normal(1, 0.4, (series, 4)) @ factors + rest)


def with_aic(scale: Scale) -> Callable[[], Outcome]:
    """`livepairs.scan`, the AIC choosing among 25 lags for each ordered pair."""
    return _ours(scale, None)


def with_one_lag(scale: Scale) -> Callable[[], Outcome]:
    """`livepairs.scan` at one lag."""
    return _ours(scale, 1)


def _ours(scale: Scale, lags: int | None) -> Callable[[], Outcome]:
    import livepairs

    closes = universe(scale)
    table = {f"S{place:03d}": row for place, row in enumerate(closes)}
    livepairs.scan({name: table[name] for name in list(table)[:3]}, lags=lags)  # start-up: compiler or its cache
    errors: list[float] = []

    def turn() -> Outcome:
        started = time.perf_counter()
        result = livepairs.scan(table, lags=lags)
        seconds = time.perf_counter() - started
        if not errors:
            errors.append(_error(result.table, closes, lags, 20 if scale.is_quick else SAMPLE))
        tests = result.table.num_rows
        return Outcome(seconds, {ERROR: errors[0], "k tests/s": tests / seconds / 1e3})

    return turn


def _error(table: pa.Table, closes: NDArray[np.float64], lags: int | None, sample: int) -> float:
    """Return the largest relative difference of the statistic from statsmodels' on random ordered pairs."""
    from statsmodels.tsa.stattools import coint

    rng = np.random.default_rng(11)
    stats = table["coint_stat"].to_numpy()
    logs = np.log(closes)
    logs -= logs.mean(axis=1, keepdims=True)
    worst = 0.0
    for row in rng.choice(len(stats), sample, replace=False).tolist():
        y, rest = divmod(row, len(closes) - 1)
        x = rest + (rest >= y)
        found = coint(logs[y], logs[x], trend="c", maxlag=lags, autolag="aic" if lags is None else None)[0]
        worst = max(worst, abs(stats[row] / found - 1.0))
    return worst


def with_statsmodels(scale: Scale) -> Callable[[], Outcome]:
    """`statsmodels.tsa.stattools.coint` with AIC on 60 pairs, times the number of ordered pairs."""
    from statsmodels.tsa.stattools import coint

    logs = np.log(universe(scale))
    logs -= logs.mean(axis=1, keepdims=True)
    pairs = [(y, x) for y in range(10) for x in range(10) if x != y][: 6 if scale.is_quick else 60]
    tests = len(logs) * (len(logs) - 1)

    def turn() -> Outcome:
        started = time.perf_counter()
        for y, x in pairs:
            coint(logs[y], logs[x], trend="c", autolag="aic")
        seconds = (time.perf_counter() - started) / len(pairs) * tests
        return Outcome(seconds, {"k tests/s": tests / seconds / 1e3})

    return turn


def live_bar(scale: Scale) -> Callable[[], Outcome]:
    """`ScanMachine.update` with one more bar of all instruments, at one lag, on every core."""
    return _live(scale, 1)


def live_bar_with_aic(scale: Scale) -> Callable[[], Outcome]:
    """The same with the AIC choosing the lag."""
    return _live(scale, None)


def _live(scale: Scale, lags: int | None) -> Callable[[], Outcome]:
    from livepairs import schema
    from livepairs.scan.machine import ScanMachine
    from livepairs.scan.params import ScanParams
    from livepairs.scan.tasks import run_job
    from livepairs.stats import compiled
    from livepairs.workers import on_threads

    closes = universe(scale)
    names = [f"S{place:03d}" for place in range(len(closes))]
    window = BARS - MOST_TURNS
    compiled.prepare()
    machine = ScanMachine(
        names, window, ScanParams(lags=lags), runner=lambda columns, jobs: on_threads(run_job, columns, jobs)
    )
    ones = pa.array(np.ones(len(names)))

    def bars(first: int, last: int) -> pa.RecordBatch:
        rows = [_bar(names, closes[:, bar], bar, ones, schema.BARS) for bar in range(first, last)]
        return pa.Table.from_batches(rows).combine_chunks().to_batches()[0]

    machine.update(bars(0, window))
    bar = window

    def turn() -> Outcome:
        nonlocal bar
        batch = bars(bar, bar + 1)
        started = time.perf_counter()
        machine.update(batch)
        seconds = time.perf_counter() - started
        bar += 1
        return Outcome(seconds)

    return turn


def _bar(names: list[str], close: NDArray[np.float64], bar: int, ones: pa.Array, schema: pa.Schema) -> pa.RecordBatch:
    prices = pa.array(close)
    columns = [
        pa.array(np.full(len(names), bar * 60_000_000)).cast(schema.field("ts").type),
        pa.array(names),
        *([prices] * 4),
        *([ones] * 3),
        pa.array(np.ones(len(names), np.int64)),
        pa.array([False] * len(names)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


CONTEST = Contest(
    title="Scan of 500 instruments x 1,440 closes, every ordered pair",
    unit=UNIT,
    contenders=(
        Contender("livepairs.scan, AIC", with_aic),
        Contender("livepairs.scan, one lag", with_one_lag),
        Contender("ScanMachine.update, one lag, 1,380 bars", live_bar),
        Contender("ScanMachine.update, AIC, 1,380 bars", live_bar_with_aic),
        Contender("statsmodels coint, AIC (60 pairs, scaled up)", with_statsmodels, turns=2),
    ),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 0.8), Goal(ERROR, "<", 1e-8), Goal(PEAK_MB, "<", 1_000.0)),
    notes=(
        f"Both directions of 124,750 pairs, so 249,500 tests. The error is against statsmodels on {SAMPLE} random "
        "ordered pairs with centred legs. The live rows scan one more bar each."
    ),
)
