"""A whole backtest: PAIRS and BARS in, trades, equity, metrics and notes out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from livepairs.backtest.funding import Funding, known_funding
from livepairs.backtest.machine import BacktestMachine, Step
from livepairs.backtest.metrics import measure
from livepairs.backtest.notes import note_fills, note_funding, note_rows
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.backtest.rows import as_table, micros, only_pair, rows_of_pair
from livepairs.schema import Pair

__all__ = ["run_backtest"]


def run_backtest(
    pairs: pa.Table | pa.RecordBatch,
    bars: pa.Table | pa.RecordBatch,
    params: BacktestParams | None = None,
    *,
    pair: Pair | str | None = None,
    marks: pa.Table | None = None,
    funding: Funding | None = None,
) -> BacktestResult:
    """Return what trading the pair by its z-score would have made, costs included.

    Parameters
    ----------
    pairs
        PAIRS rows in the order of time; may hold other pairs and may be empty.
    bars
        The BARS rows they were made of.
    params
        Rules and costs; None for the defaults.
    pair
        Which pair to trade; needed when ``pairs`` holds several.
    marks
        A MARKS table to take funding and mark prices from.
    funding
        Known funding events (see ``funding_from_table``). Where it knows a symbol it goes before ``marks``.

    Raises
    ------
    ConfigError
        If the pair is not among the rows, or is not said and there are several.
    SchemaError
        If a leg has no bar at the time of a row.
    """
    pairs, bars, params = as_table(pairs), as_table(bars), params or BacktestParams()
    pair = only_pair(pairs) if pair is None else Pair.parse(str(pair))
    rows = rows_of_pair(pairs, pair)
    interval_us = _interval(rows)
    known = known_funding(funding, marks)
    machine = BacktestMachine(pair, params, interval_us=interval_us)
    step = _join(machine.update(rows, bars, known), machine.finish())
    metrics, notes = measure(step.equity, step.trades, capital=params.capital, interval_us=interval_us)
    words = (
        *note_rows(rows, step.trades.num_rows, params),
        *note_fills(step.legs, is_locked=machine.is_locked),
        *note_funding(step.trades, pair, known),
        *notes,
    )
    return BacktestResult(pair, params, step.trades, step.legs, step.equity, metrics, words)


def _interval(rows: pa.Table) -> int:
    ts = micros(rows.column("ts"))
    # A single row can hold no position, so that its length is of no account.
    return int(np.diff(ts).min()) if len(ts) > 1 else 1


def _join(step: Step, end: Step) -> Step:
    """Return the whole: the end's trade after the others, and its mark in the place of the last."""
    return Step(
        trades=pa.concat_tables([step.trades, end.trades]),
        legs=pa.concat_tables([step.legs, end.legs]),
        equity=pa.concat_tables([step.equity.slice(0, step.equity.num_rows - end.equity.num_rows), end.equity]),
    )
