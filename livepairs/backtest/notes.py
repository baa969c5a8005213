"""What a reader of a backtest must know: where it could not trade, what was stale, which funding is unknown."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from livepairs.backtest.funding import Funding
from livepairs.backtest.params import BacktestParams
from livepairs.schema import Pair

__all__ = ["note_fills", "note_funding", "note_rows"]


def note_rows(rows: pa.Table, trades: int, params: BacktestParams) -> list[str]:
    """Say why there was little or nothing to trade on.

    Parameters
    ----------
    rows
        The PAIRS rows of the pair.
    trades
        How many trades were made.
    params
        The rules.
    """
    ready = pc.sum(rows.column("is_ready")).as_py() or 0
    if rows.num_rows and not ready:
        return [f"too short: none of the {rows.num_rows:,} rows is ready, the longest window never filled"]
    z = rows.column("z").to_numpy()[rows.column("is_ready").to_numpy()]
    notes = []
    undefined = int(np.isnan(z).sum())
    if undefined:
        notes.append(f"z does not exist on {undefined:,} of {ready:,} ready rows (the spread did not move)")
    if not trades and ready > undefined:
        notes.append(f"no trades: abs(z) reached {np.nanmax(np.abs(z)):.2f} at most, and entry is {params.entry:g}")
    return notes


def note_fills(legs: pa.Table, *, is_locked: bool) -> list[str]:
    """Say how many fills had no trade behind them, and whether a stop still holds at the end."""
    notes = []
    stale = sum(pc.sum(legs.column(name)).as_py() or 0 for name in ("is_entry_stale", "is_exit_stale"))
    if stale:
        notes.append(
            f"{stale:,} of {2 * legs.num_rows:,} leg fills are stale: no trade in that bar, filled at the last close"
        )
    if is_locked:
        notes.append("stopped out, and z had not come back at the end: nothing was opened since")
    return notes


def note_funding(trades: pa.Table, pair: Pair, funding: Funding | None) -> list[str]:
    """Say for which leg, or for what time of a trade, funding is unknown and counted as zero."""
    known = {} if funding is None else funding.known
    unknown = [symbol for symbol in (pair.y, pair.x) if symbol not in known]
    notes = [f"funding unknown for {' and '.join(unknown)}: counted as zero"] if unknown else []
    if not trades.num_rows:
        return notes
    first, last = (pc.min_max(trades.column(name).cast(pa.int64())) for name in ("entry_ts", "exit_ts"))
    for symbol in (pair.y, pair.x):
        if symbol in known:
            start, end = known[symbol]
            if first["min"].as_py() < start or last["max"].as_py() > end:
                span = f"{_second(start)} to {_second(end)} UTC"
                notes.append(f"funding of {symbol} is known from {span} only: outside it counts as zero")
    return notes


def _second(time_us: int) -> str:
    """Return a time to the second, as people write it."""
    return str(np.datetime64(time_us // 1_000_000, "s")).replace("T", " ")
