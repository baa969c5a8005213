"""Parameter sets in vectorbt, for a Python that has it: `python vectorbt_sweep.py IN.npz` prints one line of JSON.

The same rule on the same bars as our sweep: decisions compiled by numba, orders, fees, slippage and cash vectorbt's,
all sets of a turn as groups of one portfolio, as its users run a grid. It imports nothing of ours, as it runs where
`vectorbt_twin.py` does.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numba as nb
import numpy as np

CAPITAL = 10_000.0
Array = np.ndarray


@nb.njit
def sizes(z: Array, beta: Array, fills: Array, levels: Array, made: Array) -> None:
    """Write the signed orders of both legs for each set, ``(n, 2 * sets)``; NaN for none."""
    for one in range(len(levels)):
        entry, leave, stop = levels[one]
        side, locked, held_y, held_x = 0, False, 0.0, 0.0
        for t in range(len(z) - 1):
            if side != 0:
                stopped = abs(z[t]) >= stop
                back = z[t] <= leave if side < 0 else z[t] >= -leave
                if stopped or back:
                    made[t + 1, 2 * one], made[t + 1, 2 * one + 1] = -held_y, -held_x
                    side, locked = 0, stopped
                continue
            locked = locked and not abs(z[t]) <= leave
            if not locked and entry <= abs(z[t]) < stop:
                side = -1 if z[t] > 0 else 1
                weight = abs(beta[t])
                held_y = side * CAPITAL / (1 + weight) / fills[t + 1, 0]
                held_x = -side * np.sign(beta[t]) * CAPITAL * weight / (1 + weight) / fills[t + 1, 1]
                made[t + 1, 2 * one], made[t + 1, 2 * one + 1] = held_y, held_x


def run(given: dict[str, Array], bars: int, levels: Array) -> Array:
    """Return total return, Sharpe ratio, drawdown and trades of each set, ``(4, sets)``."""
    import vectorbt as vbt

    count = len(levels)
    z, beta, fills, closes = (given[name][:bars] for name in ("z", "beta", "fills", "closes"))
    orders = np.full((bars, 2 * count), np.nan)
    sizes(z, beta, fills, levels, orders)
    portfolio = vbt.Portfolio.from_orders(
        np.tile(closes, count), size=orders, price=np.tile(fills, count), fees=float(given["fee"]),
        slippage=float(given["slippage"]), init_cash=CAPITAL * 100, cash_sharing=True,
        group_by=np.repeat(np.arange(count), 2), freq="1s",
    )  # fmt: skip
    found = (portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.max_drawdown(), portfolio.trades.count())
    return np.stack([np.asarray(one, dtype=np.float64).reshape(-1) for one in found])


def main() -> None:
    """Warm up on a few bars, then run the sets and say how long they took and how much memory."""
    given = dict(np.load(sys.argv[1]))
    levels = given["levels"]
    run(given, 2_000, levels[:2])
    started = time.perf_counter()
    found = run(given, len(given["z"]), levels)
    seconds = time.perf_counter() - started
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    peak_mb = int(peak.split()[1]) * 1024 / 1e6
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "trades": found[3].tolist()}))


if __name__ == "__main__":
    main()
