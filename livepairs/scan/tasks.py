"""Tasks: each series with a block of others, cut into jobs that may run anywhere, in any order, to the same bits."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livepairs.scan.columns import Columns
from livepairs.scan.kernel import scan_products, scan_tasks
from livepairs.scan.kernel_pair import STATISTICS
from livepairs.scan.kernel_products import LANES, TILE
from livepairs.scan.sliding import Products

__all__ = ["TASKS_A_JOB", "Work", "collect", "jobs_of", "pairs_of", "run_job"]

TASKS_A_JOB: Final = 128
"""Some 4,000 pairs: tens of milliseconds, so that workers end together and a lost one loses little."""

Floats = NDArray[np.float64]
Job = NDArray[np.int64]
Work = Columns | Products
"""What jobs share: a universe to be multiplied out, or its products at one lag."""


def jobs_of(series: int, tasks_a_job: int = TASKS_A_JOB) -> list[Job]:
    """Return all tasks as jobs: ``(tasks, 2)`` arrays of a series and a block with series after it."""
    blocks = -(-series // LANES)
    # Block by block, so that a block's columns stay in the cache while one series after the other is held against it.
    tasks = [(y, block) for block in range(blocks) for y in range(min(series, (block + 1) * LANES) - 1)]
    table = np.array(tasks, np.int64).reshape(-1, 2)
    return [table[start : start + tasks_a_job] for start in range(0, len(table), tasks_a_job)]


def run_job(work: Work, job: Job) -> Floats:
    """Run a job and return ``(len(STATISTICS), 2 * tasks, LANES)``; both directions of a task follow each other."""
    return _slide(work, job) if isinstance(work, Products) else _scan(work, job)


def _slide(products: Products, job: Job) -> Floats:
    lags = len(products.lagged_sums) - 1
    out = np.empty((len(STATISTICS), 2 * len(job), LANES))
    scan_products(
        products.lines,
        products.own,
        products.level_sums,
        products.lagged_sums,
        job,
        products.bars,
        out,
        np.empty((lags // 2 // TILE + 1 + (lags + 1) // 2 // TILE + 1, TILE * LANES)),
        np.empty(LANES),
        np.empty((lags + 1, LANES)),
        *(np.empty((lags + 2, LANES)) for _ in range(2)),
        *(np.empty((2, LANES)) for _ in range(3)),
        *(np.empty(LANES) for _ in range(4)),
        np.empty(((lags + 2) ** 2, LANES)),
        np.empty(4),
        np.empty(max((lags + 2) ** 2, products.bars)),
    )
    return out


def _scan(columns: Columns, job: Job) -> Floats:
    lags, rows = columns.most_lags, columns.cosines.shape[1]
    out = np.empty((len(STATISTICS), 2 * len(job), LANES))
    tiles = (lags + 1) // TILE + 1
    series = (columns.levels, columns.lines, columns.spectra, columns.waves, columns.cosines, columns.own)
    shared = (*series, columns.penalties, job)
    scan_tasks(
        # What came over a network may lie at odd addresses, which no kernel takes; else nothing is copied.
        *(np.require(array, requirements=["C", "A"]) for array in shared),
        columns.bars,
        int(columns.is_aic),
        out,
        np.empty((1, TILE * LANES)),
        np.empty((1, TILE * LANES)),
        np.empty((rows // TILE, TILE * LANES)),
        np.empty(LANES),
        np.empty((lags + 1, LANES)),
        np.empty((lags + 2, LANES)),
        np.empty((lags + 2, LANES)),
        np.empty((lags + 1, 2 * LANES)),
        np.empty((lags + 2, LANES)),
        np.zeros((tiles, tiles, TILE * TILE * LANES)),
        np.empty(TILE * TILE * LANES),
        np.empty(TILE * TILE * LANES),
        np.empty(TILE * TILE * LANES),
        np.empty(TILE * LANES),
        np.empty((2, LANES)),
        np.empty((2, LANES)),
        np.empty((2, LANES)),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(LANES),
        np.empty(((lags + 2) ** 2, LANES)),
        np.empty(4),
        np.empty(max((lags + 2) ** 2, columns.bars)),
    )
    return out


def collect(series: int, jobs: list[Job], results: list[Floats]) -> Floats:
    """Return the results of all jobs as ``(len(STATISTICS), series, series)``: row y, column x; NaN on the diagonal."""
    tasks = np.concatenate(jobs)
    values = np.concatenate([result.reshape(len(STATISTICS), -1, 2, LANES) for result in results], axis=1)
    x = tasks[:, 1:] * LANES + np.arange(LANES)
    y = np.broadcast_to(tasks[:, :1], x.shape)
    is_pair = (y < x) & (x < series)
    matrix = np.full((len(STATISTICS), series, series), np.nan)
    matrix[:, y[is_pair], x[is_pair]] = values[:, :, 0][:, is_pair]
    matrix[:, x[is_pair], y[is_pair]] = values[:, :, 1][:, is_pair]
    return matrix


@lru_cache(maxsize=4)
def pairs_of(series: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return y and x of every lane of all results laid end to end, ``(2 * tasks * LANES,)``; -1 where it is no pair."""
    tasks = np.concatenate(jobs_of(series))
    x = tasks[:, 1:] * LANES + np.arange(LANES)
    y = np.broadcast_to(tasks[:, :1], x.shape)
    is_pair = (y < x) & (x < series)
    y, x = np.where(is_pair, y, -1), np.where(is_pair, x, -1)
    return np.stack([y, x], axis=1).reshape(-1), np.stack([x, y], axis=1).reshape(-1)
