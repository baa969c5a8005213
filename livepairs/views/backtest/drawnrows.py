"""What of a backtest is drawn: its rows in view, thinned to what a screen can show, and its fills. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from livepairs.views import columns
from livepairs.views.backtest.rehearsal import Rehearsal
from livepairs.views.palette import DOWN, UP

__all__ = ["COLUMNS", "ENTRIES", "EXITS", "FILLS", "MARKED_TRADES", "DrawnRows", "thinned", "trade_window"]

COLUMNS: Final = ("ts", "y", "x", "y100", "x100", "z", "equity", "drawdown", "floor", "ceiling", "zero")
ENTRIES: Final = ("ts", "z", "marker", "color")
EXITS: Final = ("ts", "z")
FILLS: Final = ("ts", "value", "marker", "color", "fill")
POINTS: Final = 1800
MARKED_TRADES: Final = 400
"""Trades whose fills are drawn, the newest of those in view: more could not be told apart."""

_ROOM: Final = 0.6
"""Around a trade that is jumped to, its length times this, and at least that many bars:"""
_ROOM_BARS: Final = 40


def thinned(series: Sequence[np.ndarray], points: int) -> np.ndarray:
    """Return the rows to draw, at most about ``points``: of each stretch its first, and each series' extremes.

    Parameters
    ----------
    series
        What is drawn, each of shape ``(n,)``; NaN is drawn as nothing.
    points
        How many rows are wanted.

    Returns
    -------
    rows
        Ascending row numbers, the last row among them; all of them if there are few enough.
    """
    rows = len(series[0])
    if rows <= points:
        return np.arange(rows)
    edges = np.linspace(0, rows, max(1, points // (2 * len(series) + 1)) + 1).astype(np.int64)
    kept = [edges[:-1], np.array([rows - 1])]
    for values in series:
        finite = np.where(np.isfinite(values), values, np.nan)
        low, high = np.where(np.isnan(finite), np.inf, finite), np.where(np.isnan(finite), -np.inf, finite)
        spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        kept.append(np.array([start + int(low[start:end].argmin()) for start, end in spans]))
        kept.append(np.array([start + int(high[start:end].argmax()) for start, end in spans]))
    return np.unique(np.concatenate(kept))


def trade_window(entry_ms: float, exit_ms: float, bar_ms: float) -> tuple[float, float]:
    """Return from and to which time a chart shows a trade with some of what was before and after it, milliseconds.

    Examples
    --------
    >>> trade_window(1_000_000, 1_010_000, 1_000)
    (960000.0, 1050000.0)
    """
    room = max(_ROOM * (exit_ms - entry_ms), _ROOM_BARS * bar_ms)
    return float(entry_ms - room), float(exit_ms + room)


class DrawnRows:
    """The rows of one backtest, ready to be drawn window by window.

    Parameters
    ----------
    rehearsal
        The backtest.
    """

    def __init__(self, rehearsal: Rehearsal) -> None:
        result, self._entry = rehearsal.result, rehearsal.plan.rules.entry
        self.ts = columns.milliseconds(result.equity)
        self._values = {
            "ts": self.ts, "y": rehearsal.y, "x": rehearsal.x, "y100": _rebased(rehearsal.y),
            "x100": _rebased(rehearsal.x), "z": rehearsal.z, "equity": columns.numbers(result.equity, "equity"),
            "drawdown": columns.numbers(result.equity, "drawdown"),
        }  # fmt: skip
        self.entered, self.left = (columns.milliseconds(result.trades, name) for name in ("entry_ts", "exit_ts"))
        self._is_long = np.array([side == "long" for side in result.trades["side"].to_pylist()], dtype=bool)
        # A leg is bought where its quantity is positive; a negative beta makes both legs go the same way.
        self._buys_y, self._buys_x = (columns.numbers(result.trades, name) > 0 for name in ("qty_y", "qty_x"))

    @property
    def extent(self) -> list[float]:
        """First and last time, milliseconds; empty without rows."""
        return [float(self.ts[0]), float(self.ts[-1])] if len(self.ts) else []

    def lines(self, window: tuple[float, float] | None = None) -> columns.Columns:
        """Return the rows of ``COLUMNS`` in a window of milliseconds, or of all there is."""
        first, last = (0, len(self.ts)) if window is None else np.searchsorted(self.ts, window).tolist()
        # One row more on either side, so that the lines run out of the picture.
        part = slice(max(0, first - 1), last + 1)
        drawn = {name: values[part] for name, values in self._values.items()}
        rows = thinned([drawn[name] for name in ("equity", "z", "y100")], POINTS)
        reach = np.full(len(rows), self._entry + 0.6)
        levels = {"floor": -reach, "ceiling": reach, "zero": np.zeros(len(rows))}
        return {name: values[rows] for name, values in drawn.items()} | levels

    def marks(self, window: tuple[float, float] | None = None) -> tuple[columns.Columns, ...]:
        """Return the rows of ``ENTRIES``, ``EXITS`` and ``FILLS`` of the trades in view, the newest of them."""
        seen = np.arange(len(self.entered))
        if window is not None:
            seen = seen[(self.left >= window[0]) & (self.entered <= window[1])]
        seen = seen[-MARKED_TRADES:]
        entered, left, is_long = self.entered[seen], self.left[seen], self._is_long[seen]
        entries = {"ts": entered, "z": self._at(entered, "z"), **_arrows(is_long)}
        exits = {"ts": left, "z": self._at(left, "z")}
        return entries, exits, self._fills(seen)

    def _fills(self, seen: np.ndarray) -> columns.Columns:
        """Return what was bought and sold of each leg, when, at the height of its line."""
        parts = []
        for name, buys in (("y100", self._buys_y[seen]), ("x100", self._buys_x[seen])):
            for moments, is_entry in ((self.entered[seen], True), (self.left[seen], False)):
                arrows = _arrows(buys if is_entry else ~buys)
                fill = np.full(len(seen), 0.9 if is_entry else 0.0)
                parts.append({"ts": moments, "value": self._at(moments, name), **arrows, "fill": fill})
        return {name: np.concatenate([part[name] for part in parts]) for name in FILLS}

    def _at(self, moments: np.ndarray, name: str) -> np.ndarray:
        values = self._values[name]
        at: np.ndarray = values[np.clip(np.searchsorted(self.ts, moments), 0, max(0, len(values) - 1))]
        return at


def _rebased(prices: np.ndarray) -> np.ndarray:
    return 100.0 * prices / prices[0] if len(prices) else prices


def _arrows(is_up: np.ndarray) -> columns.Columns:
    return {
        "marker": np.where(is_up, "triangle", "inverted_triangle"),
        "color": np.where(is_up, UP, DOWN),
    }
