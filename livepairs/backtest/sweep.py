"""A sweep: every parameter set over the same bars, a row for each, and what is left of the best after selection.

Pure: PAIRS come in through ``Market`` and ``Scores``; where the work runs is for the caller to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from livepairs.backtest import kernel_sweep
from livepairs.backtest import sweep_slots as slots
from livepairs.backtest.kernel_returns import LANES, WEIGHTS
from livepairs.backtest.market import Market, Scores
from livepairs.backtest.metrics import DAILY_FROM_DAYS, DAY_US, YEAR_DAYS
from livepairs.backtest.moments import Moments, returns_of, sharpe_of, sums_of_daily
from livepairs.backtest.rows import Floats
from livepairs.backtest.signals import PLACES, signals_of
from livepairs.columns import flags_column, floats_column, ints_column

__all__ = [
    "TRIED",
    "Axis",
    "Course",
    "Outcome",
    "axis_of",
    "bar_edges",
    "moments_of",
    "run_sets",
    "sharpe_ratios",
    "tried_table",
    "trips_of",
]

Counts = npt.NDArray[np.int64]

TRIED: Final = pa.schema(
    [
        pa.field("hedge_window", pa.int64(), nullable=False),
        pa.field("z_window", pa.int64(), nullable=False),
        pa.field("entry", pa.float64(), nullable=False),
        pa.field("exit", pa.float64(), nullable=False),
        pa.field("stop", pa.float64()),
        pa.field("total_return", pa.float64(), nullable=False),
        pa.field("sharpe", pa.float64()),
        pa.field("max_drawdown", pa.float64(), nullable=False),
        pa.field("trades", pa.int64(), nullable=False),
        pa.field("hit_rate", pa.float64()),
        pa.field("profit_factor", pa.float64()),
        pa.field("avg_bars_held", pa.float64()),
        pa.field("exposure", pa.float64(), nullable=False),
        pa.field("turnover", pa.float64(), nullable=False),
        pa.field("fees", pa.float64(), nullable=False),
        pa.field("slippage", pa.float64(), nullable=False),
        pa.field("funding", pa.float64(), nullable=False),
        pa.field("break_even_bps", pa.float64()),
    ]
)
"""One row a parameter set; metrics as in ``METRICS``, null where they do not exist."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The equity returns that ratios are made of, as ``metrics.equity_returns`` has them.

    Parameters
    ----------
    ends
        The bar at which each observation's return ends, exclusive, ``(n_observations,)``.
    per_year
        Observations in a year.
    is_daily
        Whether they are daily, else per bar.
    """

    ends: Counts
    per_year: float
    is_daily: bool

    def __len__(self) -> int:
        return len(self.ends)


def axis_of(market: Market, first: int = 0, end: int | None = None) -> Axis:
    """Return the axis of trading that begins flat at bar ``first`` and ends before bar ``end``."""
    ts = market.ts[first:end]
    if len(ts) and ts[-1] + market.interval_us - ts[0] >= DAILY_FROM_DAYS * DAY_US:
        days = ts // DAY_US
        ends = np.append(np.flatnonzero(days[1:] != days[:-1]), len(days) - 1) + 1
        return Axis(first + ends, float(YEAR_DAYS), is_daily=True)
    bars = np.arange(first + 2, first + len(ts) + 1)
    return Axis(bars, YEAR_DAYS * DAY_US / market.interval_us, is_daily=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The kernel's results, ``(sets, RESULT_SLOTS)``, and spans, ``(sets, spans, SPAN_SLOTS)``."""

    results: Floats
    spans: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """What trading goes through: from flat before the first edge to flat at the last.

    Parameters
    ----------
    edges
        First bar and the end of each span, in bars, rising.
    is_daily
        Whether per-bar returns may be left out.
    max_hold
        As in ``BacktestParams``.
    """

    edges: Counts
    is_daily: bool = False
    max_hold: int | None = None


def run_sets(market: Market, scores: Scores, levels: Floats, course: Course) -> Outcome:
    """Run parameter sets that share a hedge and a z window.

    Parameters
    ----------
    market, scores
        Of these windows.
    levels
        Entry, exit and stop of each set, ``(m, 3)``.
    course
        What to go through.
    """
    return _run(market, scores, levels, course, np.empty(0))


def trips_of(market: Market, scores: Scores, level: Floats, course: Course) -> Floats:
    """Return entry bar, exit bar, side and reason (a place in ``REASONS``) of one set's trades, ``(trades, 4)``."""
    trips = np.empty(slots.TRIP_SLOTS * (len(market) // 2 + 1))
    outcome = _run(market, scores, level.reshape(1, 3), course, trips)
    return trips.reshape(-1, slots.TRIP_SLOTS)[: int(outcome.results[0, slots.TRADES])]


def _run(market: Market, scores: Scores, levels: Floats, course: Course, trips: Floats) -> Outcome:
    m, spans = len(levels), len(course.edges) - 1
    signals = signals_of(scores.z, scores.entry_z, scores.ready, levels)
    sets = np.column_stack([levels[:, 1:], signals.entry, signals.exit])
    memory = np.empty((m, slots.MEMORY_SIZE))
    made = np.empty((m, spans, slots.SPAN_SLOTS))
    kernel_sweep.run_sets(
        sets.reshape(-1),
        market.terms(course.edges[-1], is_daily=course.is_daily, max_hold=course.max_hold),
        market.fills.reshape(-1),
        market.closes.reshape(-1),
        market.events,
        scores.z,
        signals.words,
        PLACES,
        market.settled.reshape(-1),
        course.edges,
        WEIGHTS,
        np.zeros(len(market), dtype=np.int64),
        np.zeros(m, dtype=np.int64),
        np.empty(slots.POSITION_SLOTS),
        np.zeros(3 * (len(market) + 2 * slots.PAD)),
        np.empty(2 * LANES),
        np.zeros(slots.WAY_SLOTS * signals.count),
        memory.reshape(-1),
        made.reshape(-1),
        trips,
    )
    return Outcome(memory[:, : slots.RESULT_SLOTS], made)


def bar_edges(axis: Axis, edges: Counts, first: int, end: int) -> Counts:
    """Return the kernel's edges in bars for spans of observations: every day's end, or those of the spans."""
    if axis.is_daily:
        return np.concatenate([[first], axis.ends])
    # Nothing can be held in the first bar, so the returns of the first span begin with the second.
    return np.unique(np.concatenate([[first, end], first + 1 + edges[1:-1]]))


def moments_of(axis: Axis, edges: Counts, outcome: Outcome, capital: float) -> Moments:
    """Return sums of returns over spans of observations, from spans of bars cut by ``bar_edges``.

    A set that lost its account has no returns: its sums are NaN, and it is never the best.
    """
    is_lost = outcome.results[:, slots.LOWEST] <= 0.0
    if axis.is_daily:
        returns = daily_returns(outcome, capital)
        starts = edges[:-1]
        return Moments(edges, np.add.reduceat(returns, starts, axis=1), np.add.reduceat(returns**2, starts, axis=1))
    spans = np.diff(outcome.spans[:, :, slots.SUM_SO_FAR :], axis=1, prepend=0.0)
    spans[is_lost] = np.nan
    return Moments(edges, spans[:, :, 0], spans[:, :, 1])


def daily_returns(outcome: Outcome, capital: float) -> Floats:
    """Return the daily equity returns of each set, ``(sets, days)``; NaN for one that lost its account."""
    last = outcome.spans[:, :, slots.LAST_EQUITY].copy()
    last[outcome.results[:, slots.LOWEST] <= 0.0] = np.nan
    return returns_of(np.concatenate([np.full((len(last), 1), capital), last], axis=1))


def sharpe_ratios(axis: Axis, outcome: Outcome, capital: float) -> Floats:
    """Return each set's annualised Sharpe ratio, ``(sets,)``, as ``metrics.measure`` has it; NaN where it has none."""
    if axis.is_daily:
        sums, squares = sums_of_daily(daily_returns(outcome, capital))
    else:
        sums, squares = outcome.results[:, slots.SUM].copy(), outcome.results[:, slots.SQUARES]
        sums[outcome.results[:, slots.LOWEST] <= 0.0] = np.nan
    return sharpe_of(len(axis), sums, squares) * sqrt(axis.per_year)


def tried_table(windows: Counts, levels: Floats, outcome: Outcome, axis: Axis, market: Market) -> pa.Table:
    """Return the TRIED table.

    Parameters
    ----------
    windows
        Hedge and z window of each set, ``(m, 2)``.
    levels, outcome
        Of the same sets, over the whole axis.
    axis
        The equity returns that ratios are made of.
    market
        What they were traded on.
    """
    capital = market.capital
    r = outcome.results.T
    sharpe = sharpe_ratios(axis, outcome, capital)
    trades, notional = r[slots.TRADES], r[slots.NOTIONAL]
    columns: dict[str, Any] = {  # arrays, or Arrow arrays where there are nulls
        "hedge_window": windows[:, 0],
        "z_window": windows[:, 1],
        "entry": levels[:, 0],
        "exit": levels[:, 1],
        "stop": _known(levels[:, 2], np.isfinite(levels[:, 2])),
        "total_return": r[slots.EQUITY] / capital - 1.0,
        "sharpe": _known(sharpe, np.isfinite(sharpe)),
        "max_drawdown": r[slots.WORST],
        "trades": trades.astype(np.int64),
        "hit_rate": _ratio(r[slots.WINS], trades),
        "profit_factor": _ratio(r[slots.GAINED], r[slots.LOST]),
        "avg_bars_held": _ratio(r[slots.BARS], trades),
        "exposure": r[slots.BARS] / max(len(market), 1),
        "turnover": notional / capital,
        "fees": r[slots.FEES],
        "slippage": r[slots.SLIPPAGE],
        "funding": r[slots.FUNDING],
        "break_even_bps": _ratio((r[slots.GROSS] + r[slots.FUNDING]) * 10_000, notional),
    }
    made = [column if isinstance(column, pa.Array) else _column(column) for column in columns.values()]
    return pa.table(dict(zip(columns, made, strict=True))).select(TRIED.names).cast(TRIED)


def _ratio(above: Floats, below: Floats) -> pa.Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return _known(above / below, below != 0.0)


def _column(values: npt.NDArray[Any]) -> pa.Array:  # float64 or int64, as the column is
    return ints_column(values) if values.dtype == np.int64 else floats_column(values)


def _known(values: Floats, is_known: npt.NDArray[np.bool_]) -> pa.Array:
    _, data = floats_column(values).buffers()
    return pa.Array.from_buffers(pa.float64(), len(values), [flags_column(is_known).buffers()[1], data])
