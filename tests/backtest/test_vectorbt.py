"""The same rule in vectorbt makes the same trades and the same money, to 1e-9.

It runs where ``VECTORBT_PYTHON`` names a Python that has vectorbt, or where it is installed here; see
benchmarks/vectorbt_twin.py for how to make one.
"""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.params import BacktestParams
from tests.backtest.pair_rows import PAIR, START_US, bars_table, pairs_table
from tests.backtest.reference import Bar

TWIN = Path(__file__).resolve().parents[2] / "benchmarks" / "vectorbt_twin.py"


def python_with_vectorbt() -> str:
    named = os.environ.get("VECTORBT_PYTHON")
    if named is None and importlib.util.find_spec("vectorbt") is None:
        pytest.skip("vectorbt is not installed; set VECTORBT_PYTHON to a Python that has it")
    return named or sys.executable


def make_bars(count: int) -> list[Bar]:
    dice, z, close, made = random.Random(5), 0.0, (2_700.0, 61_000.0), []
    for i in range(count):
        opened = close
        close = tuple(price * (1.0 + dice.gauss(0.0, 1e-3)) for price in close)
        z = 0.9 * z + dice.gauss(0.0, 0.8)
        made.append(Bar(START_US + i * 1_000_000, z, dice.uniform(0.5, 1.5), True, opened, close, (False, False)))
    return [*made[:-2], *(Bar(b.ts, 0.0, b.beta, True, b.open, b.close, b.is_filled) for b in made[-2:])]


def test_vectorbt_makes_the_same_trades_and_money(tmp_path: Path) -> None:
    python, bars = python_with_vectorbt(), make_bars(5_000)
    given, made = tmp_path / "given.npz", tmp_path / "made.npz"
    np.savez(
        given, z=[bar.z for bar in bars], beta=[bar.beta for bar in bars], fills=[bar.open for bar in bars],
        closes=[bar.close for bar in bars], levels=(1.5, 0.5, 3.5), fee=5e-4,
    )  # fmt: skip
    subprocess.run([python, str(TWIN), str(given), str(made)], check=True, capture_output=True)
    theirs = np.load(made)
    params = BacktestParams(entry=1.5, exit=0.5, stop=3.5, fee_bps=5.0, slippage_bps=0.0)
    ours = run_backtest(pairs_table(bars), bars_table(bars), params, pair=PAIR)
    legs = ours.legs.to_pandas()
    assert len(legs) > 100
    for column, symbol in enumerate((PAIR.y, PAIR.x)):
        chosen = theirs["col"] == column
        leg = legs[legs["symbol"] == symbol]
        assert theirs["size"][chosen] == pytest.approx(leg["qty"].abs().to_numpy(), rel=1e-9)
        assert theirs["pnl"][chosen] == pytest.approx((leg["pnl_gross"] - leg["fees"]).to_numpy(), rel=1e-9, abs=1e-9)
    assert theirs["equity"] == pytest.approx(ours.equity["equity"].to_numpy(), rel=1e-9)
