"""Who does the work: the threads of this process, or the workers of a Dask cluster.

Work is a plain function of what all jobs share and of one job, so it gives the same bits wherever it runs. Dask comes
with the extra ``dask`` and is imported only when a scheduler is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from livepairs.errors import ConfigError

__all__ = ["aligned", "on_cluster", "on_threads"]

S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")

CONNECT_S = 10.0
RETRIES = 10
"""How often a job may lose its worker before that is taken for the job's fault."""


def on_threads(function: Callable[[S, J], R], shared: S, jobs: Sequence[J], *, threads: int | None = None) -> list[R]:
    """Run jobs on the threads of this process and return their results in order.

    ``function`` must release the interpreter's lock to gain from more threads than one.
    """
    count = min(len(jobs), threads or cores())
    if count <= 1:
        return [function(shared, job) for job in jobs]
    with ThreadPoolExecutor(count, thread_name_prefix="livepairs-worker") as pool:
        return list(pool.map(lambda job: function(shared, job), jobs))


def on_cluster(function: Callable[[S, J], R], shared: S, jobs: Sequence[J], *, scheduler: str) -> list[R]:
    """Run jobs on a Dask cluster and return their results in order.

    What the jobs share is sent once and copied from worker to worker. A worker that is lost costs the time of its jobs:
    others do them again.

    Parameters
    ----------
    scheduler
        Address of the cluster's scheduler, for example ``tcp://127.0.0.1:8786``.

    Raises
    ------
    ConfigError
        If Dask is not installed, nobody answers at the address, or the cluster has no workers.
    """
    try:
        from distributed import Client
        from distributed.client import FutureCancelledError, FuturesCancelledError
    except ImportError:
        raise ConfigError(
            "a scheduler is named, but Dask is not installed; install it with: pip install 'livepairs[dask]'"
        ) from None
    try:
        client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler answers at {scheduler!r} ({error}); start one or leave it out") from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise ConfigError(f"the Dask cluster at {scheduler!r} has no workers; start some with 'dask worker'")
        for _ in range(RETRIES):
            try:
                return _mapped(client, function, shared, jobs)
            except (FutureCancelledError, FuturesCancelledError):
                # The worker that was lost had the only copy, so far, of what the jobs share: it is sent again.
                continue
        return _mapped(client, function, shared, jobs)


def _mapped(client: Any, function: Callable[[S, J], R], shared: S, jobs: Sequence[J]) -> list[R]:  # Dask has no types
    # One call per job, not one task for all: a lost worker then loses little. Pure names would let the scheduler
    # answer a second scan from the first one's memory.
    handle = client.scatter(shared, broadcast=True, hash=False)
    futures = client.map(function, [handle] * len(jobs), jobs, pure=False, retries=RETRIES)
    return list(client.gather(futures))


def aligned(whole: S) -> S:
    """Return a dataclass with its arrays at even addresses, where a cluster does not always put them."""
    made: Any = whole  # any dataclass
    arrays = {field.name: getattr(made, field.name) for field in fields(made)}
    moved = {
        name: np.require(value, requirements="A")
        for name, value in arrays.items()
        if isinstance(value, np.ndarray) and not value.flags.aligned
    }
    found: S = replace(made, **moved) if moved else whole
    return found


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
