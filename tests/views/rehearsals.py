"""Factory: a finished backtest as a view gets it, from a list of z. No tests here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.params import BacktestParams
from livepairs.pairs.machine import PairParams
from livepairs.views.backtest.backtestplan import SO_FAR, Plan
from livepairs.views.backtest.rehearsal import Rehearsal
from tests.backtest.pair_rows import PAIR, START_US, bars_table, make_bars, pairs_table

ONE_TRADE = [0.0] * 5 + [2.5, 1.5, 0.2] + [0.0] * 5
"""z that is entered short on once, and left."""


def make_rehearsal(z: Sequence[float], *, y: Sequence[float] | None = None, **rules: Any) -> Rehearsal:
    bars = make_bars(z, y)
    plan = Plan(rules=BacktestParams(**rules), windows=PairParams(), span=SO_FAR)
    result = run_backtest(pairs_table(bars), bars_table(bars), plan.rules, pair=PAIR)
    closes = np.array([bar.close for bar in bars]).reshape(-1, 2)
    return Rehearsal(
        plan=plan, result=result, y=closes[:, 0], x=closes[:, 1], z=np.array(z, dtype=float),
        until_us=START_US + len(z) * 1_000_000, seconds=0.01,
    )  # fmt: skip
