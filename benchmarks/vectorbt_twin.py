"""The backtest's rule in vectorbt, for a Python that has it: `python vectorbt_twin.py IN.npz OUT.npz`.

vectorbt pins older pandas and plotly than livepairs runs with, so it lives in an environment of its own
(`python -m venv DIR && DIR/bin/pip install vectorbt`) and this file imports nothing of ours. The decisions are written
down a second time, from the words of docs/backtest.md; orders, fees, cash and trades are vectorbt's.
"""

from __future__ import annotations

import sys
import time

import numpy as np

CAPITAL = 10_000.0


def sizes(z: np.ndarray, beta: np.ndarray, fills: np.ndarray, levels: tuple[float, float, float]) -> np.ndarray:
    """Return the signed order of each leg in each bar, ``(n, 2)``; NaN for none."""
    entry, leave, stop = levels
    made = np.full(fills.shape, np.nan)
    held, side, is_locked = np.zeros(2), 0, False
    for t in range(len(z) - 1):
        if side:
            is_stop = abs(z[t]) >= stop
            if is_stop or (z[t] <= leave if side < 0 else z[t] >= -leave):
                made[t + 1], side, is_locked = -held, 0, is_stop
            continue
        is_locked = is_locked and not abs(z[t]) <= leave
        if not is_locked and entry <= abs(z[t]) < stop:
            side = -1 if z[t] > 0 else 1
            weight = abs(beta[t])
            shares = np.array([1 / (1 + weight), -np.sign(beta[t]) * weight / (1 + weight)])
            held = side * CAPITAL * shares / fills[t + 1]
            made[t + 1] = held
    return made


def main() -> None:
    """Read prices and z, trade them in vectorbt, and write profit per trade and leg, equity and seconds."""
    import vectorbt as vbt

    given = np.load(sys.argv[1])
    z, beta, fills, closes = (given[name] for name in ("z", "beta", "fills", "closes"))
    started = time.perf_counter()
    orders = sizes(z, beta, fills, tuple(given["levels"]))
    portfolio = vbt.Portfolio.from_orders(
        closes, size=orders, price=fills, fees=float(given["fee"]), init_cash=CAPITAL * 100, cash_sharing=True,
        group_by=True, freq="1s",
    )  # fmt: skip
    equity = np.asarray(portfolio.value()).reshape(-1) - CAPITAL * 99
    records = portfolio.trades.records
    seconds = time.perf_counter() - started
    np.savez(
        sys.argv[2], equity=equity, seconds=seconds,
        **{name: records[name].to_numpy() for name in ("col", "entry_idx", "exit_idx", "size", "pnl", "status")},
    )  # fmt: skip


if __name__ == "__main__":
    main()
