"""Jobs are cut and run wherever: also from memory that lies as a network left it."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from livepairs.scan.columns import prepare_columns
from livepairs.scan.params import ScanParams
from livepairs.scan.tasks import jobs_of, run_job
from tests.scan.universes import make_universe


@pytest.mark.parametrize("series", [2, 3, 32, 33, 70])
def test_jobs_hold_each_pair_once(series):
    tasks = np.concatenate(jobs_of(series, 5))
    pairs = [(y, x) for y, block in tasks.tolist() for x in range(block * 32, block * 32 + 32) if y < x < series]
    assert sorted(pairs) == [(y, x) for y in range(series) for x in range(y + 1, series)]


def moved(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy at an odd address, as a message of a cluster may hold it."""
    buffer = bytes(3) + array.tobytes()
    return np.frombuffer(buffer, np.uint8)[3:].view(array.dtype).reshape(array.shape)


def test_arrays_at_odd_addresses_give_the_same_bits():
    columns = prepare_columns(make_universe(3, 40), ScanParams(lags=1))
    job = jobs_of(3)[0]
    arrays = {
        field.name: moved(value)
        for field in fields(columns)
        if isinstance(value := getattr(columns, field.name), np.ndarray)
    }
    assert not arrays["levels"].flags.aligned
    assert run_job(replace(columns, **arrays), moved(job)).tobytes() == run_job(columns, job).tobytes()
