"""How fast this machine is just now: three fixed pieces of work that are not ours, so that goals can be judged fairly.

By this thread's processor time, best of some, so that neighbours on the same cores count as little as can be; what they
cost all the same (shared caches, memory) is in here as it is in every figure below.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

__all__ = ["pace"]

TURNS = 5
ADDITIONS = 300_000
SIDE = 384
TESTS = 40
REFERENCE_TESTS = 4_669.0
"""What the list of goals gives statsmodels' adfuller, calls a second, on the two cores it was measured on."""


def pace() -> str:
    """Return a sentence on the pace of the interpreter, of a matrix product and of statsmodels."""
    rng = np.random.default_rng(7)
    matrix, other = rng.normal(size=(2, SIDE, SIDE))
    walk = rng.normal(size=300).cumsum()
    additions = ADDITIONS / _seconds(_add)
    flops = 2 * SIDE**3 / _seconds(lambda: matrix @ other)
    tests = TESTS / _seconds(lambda: _test(walk))
    return (
        f"Pace by processor time, best of {TURNS}: a Python loop {additions / 1e6:.1f} M additions/s; "
        f"a matrix product {flops / 1e9:.1f} GFLOP/s; "
        f"statsmodels' adfuller (300 values, one lag) {tests:,.0f}/s, "
        f"{tests / REFERENCE_TESTS:.2f} of the {REFERENCE_TESTS:,.0f}/s that the goals were set beside."
    )


def _seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of some turns, after one that warms up."""
    work()
    spans = []
    for _ in range(TURNS):
        started = time.thread_time()
        work()
        spans.append(time.thread_time() - started)
    return max(min(spans), 1e-9)


def _add() -> int:
    total = 0
    for value in range(ADDITIONS):
        total += value
    return total


def _test(walk: np.ndarray) -> None:
    from statsmodels.tsa.stattools import adfuller

    for _ in range(TESTS):
        adfuller(walk, maxlag=1, autolag=None, result_object=False)
