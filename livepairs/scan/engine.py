"""The offline scan of a universe: closes in, one row an ordered pair out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.errors import ConfigError
from livepairs.scan.columns import prepare_columns
from livepairs.scan.found import Found
from livepairs.scan.params import ScanParams
from livepairs.scan.result import ScanResult
from livepairs.scan.tasks import Work, jobs_of, run_job
from livepairs.scan.universe import Note, Universe, clean

__all__ = ["Runner", "find_pairs", "in_turn", "scan_universe"]

Runner = Callable[[Work, Sequence[NDArray[np.int64]]], list[NDArray[np.float64]]]
"""Runs jobs and returns their results in the same order; where and in which order they run changes no bit."""


def in_turn(work: Work, jobs: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
    """Run one job after the other, here."""
    return [run_job(work, job) for job in jobs]


def find_pairs(
    window: Universe, notes: Sequence[Note], params: ScanParams, *, work: Work | None = None, runner: Runner = in_turn
) -> Found:
    """Test every ordered pair of a window without holes.

    Parameters
    ----------
    window, notes
        As ``clean`` returns them.
    params
        What is asked; the window is all of the bars.
    work
        What the jobs read; made of the window if it is not said.
    runner
        Who does the work.
    """
    prepared = prepare_columns(window.closes, params) if work is None else work
    parts = runner(prepared, jobs_of(prepared.series))
    return Found(window.symbols, prepared, parts, tuple(notes), params)


def scan_universe(universe: Universe, params: ScanParams, *, past: int = 0, runner: Runner = in_turn) -> ScanResult:
    """Scan every ordered pair of a universe.

    Parameters
    ----------
    universe
        Closes; holes and dead series are handled and noted.
    params
        What is asked.
    past
        Over how many earlier windows a finding's persistence is measured; 0 for none.
    runner
        Who does the work.

    Raises
    ------
    ConfigError
        If fewer than two symbols can be scanned or there are too few bars.
    """
    window, notes = clean(universe, params.window, is_log=params.price == "log")
    result = find_pairs(window, notes, params, runner=runner).result()
    return _with_persistence(universe, result, past, runner) if past else result


PERSISTENCE: Final = "persistence"


def _with_persistence(universe: Universe, result: ScanResult, past: int, runner: Runner) -> ScanResult:
    """Add the share of earlier windows, back to back and as long as the last, in which each pair passes as well."""
    bars, total = result.bars, universe.closes.shape[1]
    windows = min(past, total // bars - 1)
    if windows < 1:
        raise ConfigError(
            f"{total} bars hold no earlier window of {bars} bars; give --window N with at most {total // 2} bars"
        )
    params = replace(result.params, window=bars)
    passed = np.zeros(result.table.num_rows)
    known = np.zeros(result.table.num_rows)
    keys = _keys(result.table)
    for back in range(1, windows + 1):
        end = total - back * bars
        before = Universe(universe.symbols, universe.closes[:, :end])
        try:
            earlier = scan_universe(before, params, runner=runner).table
        except ConfigError:
            # Fewer than two symbols lived then: nothing was there to pass or fail.
            continue
        places = {key: place for place, key in enumerate(_keys(earlier))}
        q = earlier["q_bh"].to_numpy()
        for row, key in enumerate(keys):
            place = places.get(key)
            if place is not None:
                known[row] += 1.0
                passed[row] += q[place] < params.fdr
    share = np.divide(passed, known, out=np.full(len(passed), np.nan), where=known > 0.0)
    table = result.table.append_column(PERSISTENCE, pa.array(share, mask=np.isnan(share)))
    notes = result.notes
    if windows < past:
        text = f"persistence is over {windows} earlier windows of {bars} bars: there are no more"
        notes = (*notes, Note("persistence", "", text))
    return replace(result, table=table, notes=notes)


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["y"].to_pylist(), table["x"].to_pylist(), strict=True))
