"""The scan of a recording or a table of closes: files and workers joined with the pure room.

``livepairs.scan(...)`` is ``scan`` here. The engine is pure and lives in the room ``livepairs.scan``; this module
stands above it because it opens recordings and files, and hands the work to threads or a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from livepairs.bars.machine import BarMachine
from livepairs.columns import floats_of, ints_of
from livepairs.errors import ConfigError, InputError
from livepairs.headless import BATCH_ROWS, columns_needed
from livepairs.scan.engine import scan_universe
from livepairs.scan.params import ScanParams
from livepairs.scan.result import ScanResult
from livepairs.scan.tasks import Work, run_job
from livepairs.scan.universe import Universe, read_universe
from livepairs.schema import interval_us
from livepairs.stats import compiled
from livepairs.stores.recording import Recording, open_recording
from livepairs.workers import on_cluster, on_threads

__all__ = ["closes_of_recording", "read_closes", "scan"]

WORTH_COMPILING: Final = 20_000
"""Pairs times bars from which a scan is quicker if it waits for the compiler first; it changes no bit."""

_compiling = Lock()

GRACE_US: Final = 500_000


def scan(  # noqa: PLR0913 - the public form of a value object; everything is by name
    closes: Any,  # a DataFrame, an Arrow table, a mapping, a Recording or a path
    *,
    bars: str = "1m",
    price: str = "log",
    window: int | None = None,
    lags: int | str | None = "aic",
    fdr: float = 0.05,
    past: int = 0,
    scheduler: str | None = None,
) -> ScanResult:
    """Test every ordered pair of a universe for cointegration.

    Parameters
    ----------
    closes
        A pandas DataFrame, an Arrow table or a mapping of arrays, one column a symbol; a recording; or the path of a
        recording or of a Parquet file of closes.
    bars
        Bar interval of a recording; other closes are taken as they are.
    price
        ``"log"`` or ``"level"``.
    window
        The last so many bars; None takes all.
    lags
        Lags of the test, or ``"aic"`` to choose them for each pair.
    fdr
        Share of false finds accepted among the pairs that pass.
    past
        Over how many earlier windows of that length each pair's ``persistence`` is measured; 0 leaves the column out.
    scheduler
        Address of a Dask scheduler; None works here, on every core. The result is the same to the bit.

    Returns
    -------
    ScanResult
        ``table`` with one row an ordered pair: ``y, x, alpha, beta, coint_stat, coint_p, lags, half_life, corr,
        crossings, q_bh, q_by``; ``notes`` on what was filled or left out; ``caution`` on the number of looks.

    Raises
    ------
    ConfigError
        If an argument or the closes cannot be used.
    InputError
        If a file cannot be read.
    RecordingError
        If a recording cannot be read.
    """
    params = ScanParams(price, window, _lags_of(lags), fdr)
    if past < 0:
        raise ConfigError(f"past of {past} windows is out of range; use 0 or more")
    universe = _universe_of(closes, bars)
    runner = partial(_run, scheduler=scheduler)
    return scan_universe(universe, params, past=past, runner=runner)


def _lags_of(lags: int | str | None) -> int | None:
    if lags is None or lags == "aic":
        return None
    if isinstance(lags, bool) or not isinstance(lags, int):
        raise ConfigError(f"lags {lags!r} are not known; use aic or a number")
    return lags


def _run(work: Work, jobs: Sequence[NDArray[np.int64]], *, scheduler: str | None = None) -> list[NDArray[np.float64]]:
    """Run jobs on a cluster if one is named, else on every core here."""
    is_large = work.series**2 * work.bars >= WORTH_COMPILING
    if scheduler is not None:
        return on_cluster(_run_compiled if is_large else run_job, work, jobs, scheduler=scheduler)
    if is_large:
        compiled.prepare()
    return on_threads(run_job, work, jobs)


def _run_compiled(work: Work, job: NDArray[np.int64]) -> NDArray[np.float64]:
    """Run a job on a worker of a cluster, whose threads take turns at the compiler the first time."""
    with _compiling:
        compiled.prepare()
    return run_job(work, job)


def _universe_of(closes: Any, bars: str) -> Universe:  # as scan
    if isinstance(closes, Recording):
        return closes_of_recording(closes, bars)
    if not isinstance(closes, (str, Path)):
        return read_universe(closes)
    if Path(closes).is_dir():
        return closes_of_recording(open_recording(closes), bars)
    return read_closes(closes)


def read_closes(file: str | Path) -> Universe:
    """Read a Parquet file of closes, one column a symbol, with a column of times or without.

    Raises
    ------
    InputError
        If the file is missing or is not such a table.
    """
    expected = "a recording, or a Parquet file of closes with one column a symbol"
    if not Path(file).is_file():
        raise InputError(file, found="no such file or folder", expected=expected)
    try:
        table = parquet.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(file, found=f"what cannot be read ({error})", expected=expected) from error
    try:
        return read_universe(table)
    except ConfigError as error:
        raise InputError(file, found=str(error), expected=expected) from error


def closes_of_recording(recording: Recording, bars: str) -> Universe:
    """Return the closes of a recording's bars, from the very machine that a page watches.

    A symbol has NaN before its first trade; a bar without trades repeats the close, as everywhere.
    """
    interval = interval_us(bars)
    machine = BarMachine(recording.symbols, interval_us=interval, grace_us=GRACE_US)
    compiled.prepare()
    codes = {symbol: code for code, symbol in enumerate(recording.symbols)}
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    needed = columns_needed(recording, GRACE_US, healed=False)
    for chunk in recording.chunks(batch_rows=BATCH_ROWS, columns=needed):
        closed = machine.update(chunk)
        if closed.num_rows:
            names = np.array([codes[name] for name in closed.column("symbol").to_pylist()])
            parts.append((ints_of(closed.column("ts")) // interval, names, floats_of(closed.column("close"))))
    return _matrix(recording, parts, interval)


def _matrix(
    recording: Recording,
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]],
    interval: int,
) -> Universe:
    if not parts:
        raise ConfigError(
            f"recording {recording.name!r} has no closed bar of {interval / 1e6:g} s; use a shorter interval"
        )
    numbers, names, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    first = int(numbers.min())
    closes = np.full((len(recording.symbols), int(numbers.max()) - first + 1), np.nan)
    closes[names, numbers - first] = values
    ts_us = (first + np.arange(closes.shape[1], dtype=np.int64)) * interval
    return Universe(recording.symbols, closes, ts_us)
