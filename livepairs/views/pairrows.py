"""The PAIRS rows of the shown pair, as the two named sources that the spread page draws: ``spread`` and ``zscore``."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from livepairs.backtest.outlook import break_even_z, net_bps, sigma_bps
from livepairs.hub import Run
from livepairs.hub.paper import paper_rules
from livepairs.schema import Pair
from livepairs.tables.ring import Cursor
from livepairs.views import columns

__all__ = ["PairRows"]

_SPREAD: Final = ["ts", "y", "x", "spread", "mean", "upper", "lower", "beta", "corr"]
_ZSCORE: Final = ["ts", "z", "floor", "ceiling", "sigma", "net", "even_above", "even_below"]
_HEADROOM: Final = 0.6
"""How far beyond the entry levels the z chart always reaches, so that one sees how near z is to them."""


class PairRows:
    """What is drawn of a pair, grown as bars close.

    Parameters
    ----------
    run
        The run that is watched.
    pair
        The pair that is shown.
    """

    def __init__(self, run: Run, pair: Pair) -> None:
        self._run = run
        self._pair = pair
        self._cursor: Cursor | None = None
        self._base: tuple[float, float] | None = None
        self._reach = run.params.entry + _HEADROOM
        self._rules = paper_rules(run.params)
        self.spread = columns.empty_source("spread", _SPREAD)
        self.zscore = columns.empty_source("zscore", _ZSCORE)
        self.now = columns.empty_source("z-now", ["ts", "z"])

    def refresh(self) -> None:
        """Append the rows of the bars that closed, and move the indicative z of the forming one."""
        delta = self._run.tables.pairs.since(self._cursor)
        self._cursor = delta.cursor
        rows = columns.of(delta.rows, "pair", str(self._pair))
        if delta.is_reset:
            self._base = None
        if delta.is_reset or rows.num_rows:
            # The charts follow ``spread`` and read both then, so it grows last.
            columns.grow(self.zscore, self._zscore(rows), is_reset=delta.is_reset)
            columns.grow(self.spread, self._spread(rows), is_reset=delta.is_reset)
        self._move_now()

    def _spread(self, rows: pa.Table) -> columns.Columns:
        y, x = columns.numbers(rows, "y_close"), columns.numbers(rows, "x_close")
        if self._base is None and len(y):
            self._base = (float(y[0]), float(x[0]))
        base_y, base_x = self._base or (1.0, 1.0)
        mean, band = columns.numbers(rows, "mean"), self._run.params.entry * columns.numbers(rows, "std")
        return {
            "ts": columns.milliseconds(rows),
            "y": 100 * y / base_y,
            "x": 100 * x / base_x,
            "spread": columns.numbers(rows, "spread"),
            "mean": mean,
            "upper": mean + band,
            "lower": mean - band,
            "beta": columns.numbers(rows, "beta"),
            "corr": columns.numbers(rows, "corr"),
        }

    def _zscore(self, rows: pa.Table) -> columns.Columns:
        reach = np.full(rows.num_rows, self._reach)
        z = columns.numbers(rows, "z")
        names = ("std", "beta", "y_close", "x_close")
        sigma = sigma_bps(*(columns.numbers(rows, name) for name in names), price=self._rules.price)
        even = break_even_z(sigma, self._rules)
        return {
            "ts": columns.milliseconds(rows),
            "z": z,
            "floor": -reach,
            "ceiling": reach,
            "sigma": sigma,
            "net": net_bps(z, sigma, self._rules),
            "even_above": even,
            "even_below": -even,
        }

    def _move_now(self) -> None:
        status = self._run.status
        z = status.z_now.get(self._pair)
        now = {"ts": [status.now_us / 1000], "z": [z]} if z is not None and np.isfinite(z) else {"ts": [], "z": []}
        if now != self.now.data:
            self.now.data = now
