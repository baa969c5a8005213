"""Coarser bars are the bars their interval would have: against pandas, with gaps, at any boundary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.bars.coarser import CANDLE, coarser


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(1, 1e5) | st.just(float("nan"))), max_size=80),
    st.sampled_from([2, 5, 60]),
)
def test_a_coarser_bar_is_what_pandas_makes_of_the_finer_ones(rows: list[tuple[int, float]], seconds: int) -> None:
    prices = dict(sorted(rows))
    ts = np.array(list(prices), float) * 1000 + 1.7e12
    values = np.array(list(prices.values()))
    columns = {"ts": ts, "volume": np.nan_to_num(values), **dict.fromkeys(("open", "high", "low", "close"), values)}
    made = coarser(columns, seconds * 1000.0, CANDLE)
    grouped = pd.DataFrame(columns).groupby(ts // (seconds * 1000))
    ways = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    for name, way in ways.items():
        np.testing.assert_allclose(made[name], grouped[name].agg(way).to_numpy(float), rtol=1e-12)
    np.testing.assert_array_equal(made["ts"], np.unique(ts // (seconds * 1000)) * seconds * 1000)
