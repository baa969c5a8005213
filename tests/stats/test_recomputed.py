"""Tests of a window as a stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.errors import ConfigError
from livepairs.stats.recomputed import Recomputed


def pair_of(y: np.ndarray, x: np.ndarray) -> tuple[list[float], list[float]]:
    return y.tolist(), x.tolist()


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 7), st.integers(1, 5), st.integers(0, 50))
def test_each_update_gives_the_newest_window_that_was_asked_for(
    sizes: list[int], window: int, every: int, first_bar: int
) -> None:
    stream = Recomputed(pair_of, window, every=every, first_bar=first_bar)
    seen = 0
    for size in sizes:
        bars = np.arange(seen, seen + size, dtype=float)
        due = [bar for bar in range(seen, seen + size) if (bar + first_bar) % every == 0 and bar + 1 >= window]
        seen += size
        found = stream.update(bars, bars + 0.5)
        if not due:
            assert found is None
        else:
            expected = np.arange(due[-1] - window + 1, due[-1] + 1, dtype=float)
            assert found == (expected.tolist(), (expected + 0.5).tolist())


def test_windows_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="use 1 or more of both"):
        Recomputed(np.mean, 0)
