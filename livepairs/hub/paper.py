"""Paper trading: the backtest's own machine, fed with the rows of a run as they close.

Nothing is ordered anywhere. A ledger takes its rows from the run's tables by cursor, so a seek, which resets the
tables, resets it too, and what it has come to is always what ``run_backtest`` makes of the same rows, bit for bit. It
catches up when somebody looks, and otherwise every few thousand rows, before they could fall off the tables: a run that
nobody watches pays next to nothing for it.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from livepairs.backtest.funding import Funding
from livepairs.backtest.machine import BacktestMachine, Position
from livepairs.backtest.outlook import FundingDue
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import ROUND_TRIPS
from livepairs.backtest.rows import micros, of_name
from livepairs.hub.recordedmarks import RecordedMarks, begin_reading
from livepairs.schema import BARS, PAIRS, Pair

if TYPE_CHECKING:
    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording
    from livepairs.tables.board import Tables
    from livepairs.tables.ring import Cursor

__all__ = ["Account", "Ledger", "PaperDesk", "paper_rules"]

BEHIND_ROWS: Final = 4_096
"""Rows of PAIRS after which a ledger is brought up to date though nobody looks."""

KEPT_BARS: Final = 65_536
"""Rows of BARS kept for a row of PAIRS to come; far more than one chunk brings."""

KEPT_TRADES: Final = 200
"""Closed trades an account shows; the sums are of all."""


@dataclass(frozen=True, slots=True)
class Account:
    """What paper trading of one pair has come to at the last closed bar.

    Parameters
    ----------
    since_us, until_us
        ``ts`` of the first and the last row it acted on; None before the first.
    position
        The open position; None when flat.
    is_locked
        A stop was hit and z has not come back since, so that nothing is opened.
    realised
        Sum over all closed trades after costs and with funding, quote currency.
    trade_count
        Closed trades.
    trades
        A ROUND_TRIPS table of the last of them, oldest first.
    has_funding
        Whether funding is known for both legs, and booked.
    """

    since_us: int | None
    until_us: int | None
    position: Position | None
    is_locked: bool
    realised: float
    trade_count: int
    trades: pa.Table
    has_funding: bool


def paper_rules(params: RunParams) -> BacktestParams:
    """Return the rules a run is paper traded by: its own levels, and the backtest's defaults for the rest."""
    return BacktestParams.of(None, entry=params.entry, exit=params.exit, price=params.pair_params.price)


class Ledger:
    """One pair's paper trading; any thread may look.

    Parameters
    ----------
    tables
        The run's tables.
    pair
        The pair that is traded.
    rules
        When to trade, and the costs.
    interval_us
        Length of a bar.
    """

    def __init__(self, tables: Tables, pair: Pair, rules: BacktestParams, *, interval_us: int) -> None:
        self.pair = pair
        self.machine = BacktestMachine(pair, rules, interval_us=interval_us)
        self._tables = tables
        self._lock = threading.Lock()
        self._pairs_at: Cursor | None = None
        self._bars_at: Cursor | None = None
        self._reset()

    def _reset(self) -> None:
        self.machine.reset()
        self._waiting = pa.Table.from_batches([], schema=PAIRS)
        self._bars = pa.Table.from_batches([], schema=BARS)
        self._since_us: int | None = None
        self.until_us: int | None = None
        """``ts`` of the last row acted on."""
        self._realised = 0.0
        self._count = 0
        self._trades = pa.Table.from_batches([], schema=ROUND_TRIPS)

    def look(self, funding: Funding | None = None) -> Account:
        """Catch up with the tables and return the account.

        Parameters
        ----------
        funding
            Funding events known for the whole run; the same at every call.
        """
        with self._lock:
            self._catch_up(funding)
            known = funding.known if funding is not None else {}
            return Account(
                self._since_us, self.until_us, self.machine.position, self.machine.is_locked, self._realised,
                self._count, self._trades, has_funding=self.pair.y in known and self.pair.x in known,
            )  # fmt: skip

    def _catch_up(self, funding: Funding | None) -> None:
        tables = self._tables
        bars, pairs = tables.bars.since(self._bars_at), tables.pairs.since(self._pairs_at)
        if bars.is_reset and not pairs.is_reset:
            if not bars.rows.num_rows:
                return  # a seek has reset the bars, and will reset the pairs next
            pairs = tables.pairs.since(None)
        if pairs.is_reset:
            bars = tables.bars.since(None)
        if tables.pairs.since(pairs.cursor).is_reset:
            return  # a seek came between the two; the next look finds both tables of one piece
        if pairs.is_reset:
            self._reset()
        self._pairs_at, self._bars_at = pairs.cursor, bars.cursor
        self._waiting = pa.concat_tables([self._waiting, of_name(pairs.rows, "pair", str(self.pair))])
        self._bars = pa.concat_tables([self._bars, bars.rows])
        if self._waiting.num_rows and self._bars.num_rows:
            rows, bars = self._complete()
            self._run(rows, bars, funding)

    def _complete(self) -> tuple[pa.Table, pa.Table]:
        """Take the waiting rows whose bars are there: the two tables of a chunk are filled one after the other."""
        ts, bar_ts = micros(self._waiting.column("ts")), micros(self._bars.column("ts"))
        first, last = np.searchsorted(ts, bar_ts[0]), np.searchsorted(ts, bar_ts[-1], side="right")
        rows, bars = self._waiting.slice(first, last - first), self._bars
        done_us = ts[last - 1] if last > first else -1
        self._waiting = self._waiting.slice(last)
        later = bars.slice(np.searchsorted(bar_ts, done_us, side="right"))
        # While one leg has not traded yet its pair has no rows, and the other leg's bars must not pile up.
        self._bars = later.slice(max(0, later.num_rows - KEPT_BARS))
        return rows, bars

    def _run(self, rows: pa.Table, bars: pa.Table, funding: Funding | None) -> None:
        if not rows.num_rows:
            return
        step = self.machine.update(rows, bars, funding)
        ts = micros(rows.column("ts"))
        self._since_us = int(ts[0]) if self._since_us is None else self._since_us
        self.until_us = int(ts[-1])
        for net in step.trades.column("pnl_net").to_pylist():
            self._realised += net
        self._count += step.trades.num_rows
        if step.trades.num_rows:
            trades = pa.concat_tables([self._trades, step.trades])
            self._trades = trades.slice(max(0, trades.num_rows - KEPT_TRADES)).combine_chunks()


class PaperDesk:
    """The ledgers of a run, opened as pairs are looked at, and the funding they share.

    Parameters
    ----------
    tables
        The run's tables.
    params
        What the run computes.
    recording
        Whose marks tell of funding; None for a live run, whose funding stays unknown.
    """

    def __init__(self, tables: Tables, params: RunParams, recording: Recording | None = None) -> None:
        self.rules = paper_rules(params)
        self._tables = tables
        self._recording = recording
        self._interval_us = params.interval_us
        self._ledgers: dict[Pair, Ledger] = {}
        self._marks: Future[RecordedMarks] | None = None
        self._lock = threading.Lock()
        self._heeded = 0

    def heed(self) -> None:
        """Keep every ledger within reach of the tables. Called on the run's thread after each chunk."""
        rows = self._tables.pairs.total_rows
        if 0 <= rows - self._heeded < BEHIND_ROWS:
            return
        self._heeded = rows
        funding = self._begin_reading().result().funding
        for ledger in tuple(self._ledgers.values()):
            ledger.look(funding)

    def wait(self) -> None:
        """Return once the recording's funding has been read, from when on every look finds an account."""
        self._begin_reading().result()

    def look(self, pair: Pair) -> Account | None:
        """Return the account of a pair, brought up to date; None while the recording's funding is being read."""
        reading = self._begin_reading()
        with self._lock:
            if pair not in self._ledgers:
                self._ledgers[pair] = Ledger(self._tables, pair, self.rules, interval_us=self._interval_us)
        return self._ledgers[pair].look(reading.result().funding) if reading.done() else None

    def due(self, pair: Pair) -> FundingDue | None:
        """Return the next funding of both legs as it is known at the last closed bar; None where it is not."""
        ledger = self._ledgers.get(pair)
        if ledger is None or ledger.until_us is None:
            return None
        reading = self._begin_reading()
        return reading.result().due(pair, ledger.until_us + self._interval_us) if reading.done() else None

    def _begin_reading(self) -> Future[RecordedMarks]:
        with self._lock:
            if self._marks is None:
                self._marks = begin_reading(self._recording)
            return self._marks
