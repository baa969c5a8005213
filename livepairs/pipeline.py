"""The graph of one run: chunks to bars to pairs to events, joined with streamz.

This is the one code path. A live feed, a replay on screen and a headless replay differ in the source whose chunks they
hand to ``Pipeline.update``, and in nothing else. Only the run's own thread may call it; ``tables`` and ``status`` are
read from any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.alerts.feed import FeedMachine
from livepairs.alerts.machine import RuleMachine
from livepairs.alerts.rule import RuleSet
from livepairs.bars.machine import BarCounts, BarMachine
from livepairs.columns import by_symbol, ints_column, ints_of
from livepairs.digest import RunDigest
from livepairs.pairs.machine import PairMachine
from livepairs.runparams import RunParams
from livepairs.schema import BARS, MARKS, TRADES, Chunk, Pair, empty
from livepairs.stats import compiled
from livepairs.tables.board import LAST_TRADES, Tables
from livepairs.tables.ring import SMALL_ROWS, Table
from livepairs.tempo import Tempo

if TYPE_CHECKING:
    from streamz import Stream

    from livepairs.pairs.lights import LightMachine

__all__ = ["Checkpoint", "Pipeline", "RunParams", "Status", "Tables", "compile_if_worth"]

LIMIT_ROWS: Final = 200_000
WORTH_COMPILING: Final = 300_000
"""Trades from which a replay is quicker if it waits for the compiler first."""
TRADES_A_PAIR_BAR: Final = 100
"""Interpreted, a bar of a pair takes as long as that many trades."""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to say of a run between closed bars; replaced after each chunk, never changed.

    Parameters
    ----------
    now_us
        Event time up to which the source has vouched.
    counts
        Where every trade has gone.
    forming
        A BARS batch of the bars not closed yet; none, one or a few a symbol, oldest first.
    z_now
        Indicative z of each warm pair, at the last prices.
    last_price, last_trade_us
        By symbol.
    trades_per_s
        By symbol, over the last seconds of event time.
    """

    now_us: int = 0
    counts: BarCounts = field(default_factory=BarCounts)
    forming: pa.RecordBatch = field(default_factory=lambda: empty(BARS))
    z_now: dict[Pair, float] = field(default_factory=dict)
    last_price: dict[str, float] = field(default_factory=dict)
    last_trade_us: dict[str, int] = field(default_factory=dict)
    trades_per_s: dict[str, float] = field(default_factory=dict)

    @property
    def trades(self) -> int:
        """Trades handed in."""
        return self.counts.trades

    @property
    def late(self) -> int:
        """Trades that came after their bar's end and grace."""
        return self.counts.late

    @property
    def rejected(self) -> dict[str, int]:
        """Trades dropped, by reason."""
        return self.counts.rejected


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All a pipeline knows at one moment but the rows of its tables; never changed.

    Parameters
    ----------
    machines
        Copies of its machines, in an order of its own.
    digest
        Of every closed row until then.
    status
        What there was to say.
    trades
        The last trades.
    """

    machines: tuple[Any, ...]  # of several kinds; only the pipeline takes them apart
    digest: RunDigest
    status: Status
    trades: pa.Table


class Pipeline:
    """Machines joined to a graph, and the tables it fills.

    Parameters
    ----------
    symbols
        Symbols of the source, in the order of their bars.
    params
        What to compute.
    limit_rows
        Bars and pair rows the tables keep.
    """

    def __init__(self, symbols: Sequence[str], params: RunParams, *, limit_rows: int = LIMIT_ROWS) -> None:
        self.tables = Tables(limit_rows=limit_rows)
        self._feed: FeedMachine | None = None
        self._lights: LightMachine | None = None
        self._fed: pa.RecordBatch | None = None
        self._make_machines(symbols, params)
        self._forget()
        # Every node is held: streamz keeps only weak references downstream and drops what nobody holds.
        self._chunks = _stream()
        # Looked up at each batch, for `widen` and `rebuild` put other machines in their places.
        self._hops: dict[str, Stream] = {}
        upstream = self._chunks
        for hop, step in {"bars": self._close_bars, "pairs": self._score, "events": self._watch}.items():
            upstream = self._hops[hop] = upstream.map(step)
        self._sinks: list[Stream] = []
        for hop in self._hops:
            self.listen(hop, getattr(self.tables, hop).append)
            self.listen(hop, partial(self._take_digest, hop))

    def _close_bars(self, chunk: Chunk) -> pa.RecordBatch:
        bars = self.bars.update(chunk)
        if self._feed is not None:
            self._fed = self._feed.update(chunk, bars)
            self.tables.feed.append(self._fed)
        return bars

    def _score(self, bars: pa.RecordBatch) -> pa.RecordBatch:
        return self.pairs.update(bars)

    def _watch(self, pairs: pa.RecordBatch) -> pa.RecordBatch:
        return self.alerts.update(pairs, self._fed, self._lit(pairs))

    def _lit(self, pairs: pa.RecordBatch) -> NDArray[np.float64] | None:
        return None if self._lights is None else self._lights.update(pairs)

    def _make_machines(self, symbols: Sequence[str], params: RunParams) -> None:
        for pair in params.pairs:
            pair.check_symbols(tuple(symbols))
        self.params = params
        self.bars = BarMachine(symbols, interval_us=params.interval_us, grace_us=params.grace_us)
        self._trades_share = max(1, LAST_TRADES // max(1, 2 * len(symbols)))
        self._feed = None
        self._make_pair_machines(params)

    def _make_pair_machines(self, params: RunParams) -> None:
        self.params = params
        self.pairs = PairMachine(params.pairs, params.pair_params, interval_us=params.interval_us)
        self._lights = None
        self._make_alerts()

    def _make_alerts(self) -> None:
        """Make the machines of the rules; one that watches how trades come goes on if there is one."""
        params, rules = self.params, self.params.rules_in_force
        self.alerts = RuleMachine(rules, params.pairs, interval_us=params.interval_us)
        if not rules.needs_feed:
            self._feed, self._fed = None, None
        elif self._feed is None:
            self._feed = FeedMachine(self.alerts.symbols, interval_us=params.interval_us, grace_us=params.grace_us)
        else:
            self._feed.watch(self.alerts.symbols)
        if not rules.needs_light:
            self._lights = None
        elif self._lights is None:
            # Here and not above: its tests are many, and few ask for them.
            from livepairs.pairs.lights import LightMachine

            self._lights = LightMachine(params.pairs, params.pair_params, interval_us=params.interval_us)

    def _forget(self) -> None:
        self._tempo = Tempo()
        self._digest = RunDigest()
        self.status = Status()
        self._fed = None

    def _take_digest(self, hop: str, batch: pa.RecordBatch) -> None:
        self._digest.update(hop, batch)

    def listen(self, hop: str, take: Callable[[pa.RecordBatch], None]) -> None:
        """Call ``take`` with every batch of ``"bars"``, ``"pairs"`` or ``"events"``, empty ones included."""
        self._sinks.append(self._hops[hop].sink(take))

    def update(self, chunk: Chunk) -> None:
        """Take in one chunk and everything that follows from it."""
        self._chunks.emit(chunk)
        self._tempo.update(chunk)
        if chunk.trades.schema.equals(TRADES):
            self._keep_last(chunk.trades)
        self.status = self._status(chunk.now_us)

    def _keep_last(self, trades: pa.RecordBatch) -> None:
        if trades.num_rows <= max(self._trades_share, SMALL_ROWS):
            self.tables.trades.append(trades)
            return
        # Only their shares: the large chunks of a seek hold one symbol after the other, or one alone, and none must
        # push out the others.
        for _, rows in by_symbol(trades):
            self.tables.trades.append(rows.slice(max(0, rows.num_rows - self._trades_share)))

    def finish(self) -> None:
        """Close the last bar with what it has, because the source has ended and nothing can follow."""
        forming = self.status.forming
        # By the bars at hand, not by the last row: a row that was rejected must not stretch the run.
        forming_us = ints_of(forming.column("ts")).tolist() if forming.num_rows else []
        end_us = max(*forming_us, self.status.now_us - 1, 0)
        bar_us = self.params.interval_us
        close_us = (end_us // bar_us + 1) * bar_us + self.params.grace_us
        self.update(Chunk(empty(TRADES), empty(MARKS), max(close_us, self.status.now_us)))

    def reset(self) -> None:
        """Forget everything, before the run begins again elsewhere."""
        for machine in (self.bars, self.pairs, self.alerts, self._feed, self._lights):
            if machine is not None:
                machine.reset()
        self.tables.reset()
        self._forget()

    def checkpoint(self) -> Checkpoint:
        """Return what ``resume`` needs to go on from here, besides the rows."""
        trades = self.tables.trades.tail(LAST_TRADES)
        # Taken, not sliced: a slice would keep all that was read of the recording with it in memory.
        kept = trades.take(ints_column(np.arange(len(trades))))
        machines = deepcopy((self.bars, self.pairs, self.alerts, self._feed, self._lights, self._tempo))
        return Checkpoint(machines, self._digest.copy(), self.status, kept)

    def resume(self, checkpoint: Checkpoint, rows: Mapping[str, Sequence[pa.RecordBatch]]) -> None:
        """Go on as the pipeline that made the checkpoint would; readers of the tables see a reset.

        Parameters
        ----------
        checkpoint
            Of a pipeline with the same symbols and parameters.
        rows
            What that one had made until then, or the newest of it, by hop: ``"bars"``, ``"pairs"`` and ``"events"``.
        """
        self.tables.reset()
        for hop, batches in rows.items():
            for batch in batches:
                getattr(self.tables, hop).append(batch)
        for batch in checkpoint.trades.to_batches():
            self.tables.trades.append(batch)
        self.bars, self.pairs, self.alerts, self._feed, self._lights, self._tempo = deepcopy(checkpoint.machines)
        self._digest = checkpoint.digest.copy()
        self.status = checkpoint.status

    def rebuild(self, symbols: Sequence[str], params: RunParams) -> None:
        """Compute something else from now on, as a new pipeline would; its readers see a reset."""
        self._make_machines(symbols, params)
        self.tables.reset()
        self._forget()

    def widen(self, params: RunParams) -> None:
        """Compute other pairs of the same symbols from now on, and for the bars at hand.

        For a feed that cannot be read again. What the pairs had is computed anew from the bars that the table still
        holds, and so is the digest, which from then on covers no more than these bars and what follows.
        """
        self._make_pair_machines(params)
        self._digest = RunDigest()
        self.tables.pairs.reset()
        self.tables.events.reset()
        fed = _in_one(self.tables.feed) if self._feed is not None else None
        bars = _in_one(self.tables.bars)
        pairs = self.pairs.update(bars)
        made = {"bars": bars, "pairs": pairs, "events": self.alerts.update(pairs, fed, self._lit(pairs))}
        self.tables.pairs.append(made["pairs"])
        self.tables.events.append(made["events"])
        for hop, batch in made.items():
            self._take_digest(hop, batch)

    def set_rules(self, rules: RuleSet | None) -> None:
        """Make events by other rules from the next closed bar on.

        A rule that both sets have goes on where it stands; a new or changed one begins as at the start of a run. What
        was said before stays said, and in the digest: a run whose rules have changed has a digest of its own.
        """
        before = self.alerts
        self.params = replace(self.params, rules=rules)
        self._make_alerts()
        self.alerts.take_over(before)

    def seed(self, symbol: str, ts_us: int, price: float) -> None:
        """Begin a symbol with its last trade before the rows to come, which its quiet bars then repeat."""
        self.bars.seed(symbol, ts_us, price)

    def close(self) -> None:
        """Take the graph apart; streamz would keep its sinks for ever."""
        for sink in self._sinks:
            sink.destroy()
        self._sinks.clear()

    @property
    def digest(self) -> str:
        """SHA-256 of every closed row since the start or the last reset."""
        return self._digest.hex()

    @property
    def warmup_bars(self) -> int:
        """Bars after which every statistic has a full window."""
        return self.params.pair_params.warmup_bars

    def _status(self, now_us: int) -> Status:
        prices = self._tempo.last_price
        return Status(
            now_us=now_us,
            counts=self.bars.counts,
            forming=self.bars.forming(),
            z_now=self.pairs.peek(prices),
            last_price=dict(prices),
            last_trade_us=dict(self._tempo.last_trade_us),
            trades_per_s=self._tempo.trades_per_s(now_us),
        )


def _stream() -> Stream:
    """Return the head of a graph; imported here and not above, for what to compute is known without streamz."""
    if "streamz" not in sys.modules and "distributed" not in sys.modules:
        # Where Dask is installed streamz would bring it along: half a second of a first page, and its threads.
        sys.modules["distributed"] = None  # type: ignore[assignment]  # this is how Python is told there is none
        try:
            import streamz  # noqa: F401
        finally:
            del sys.modules["distributed"]
    from streamz import Stream

    return Stream()


def _in_one(table: Table) -> pa.RecordBatch:
    """Return all that a table still holds as one batch."""
    rows = table.tail(len(table)).combine_chunks()
    return rows.to_batches()[0] if len(rows) else empty(rows.schema)


def compile_if_worth(trades: int, span_us: int, params: RunParams) -> None:
    """Wait for compiled kernels where so much is to be replayed that it saves time; no bit depends on it.

    A day with few trades still has 86,400 bars of a second, so both count.
    """
    bars = span_us // params.interval_us + 1
    if trades + TRADES_A_PAIR_BAR * bars * len(params.pairs) >= WORTH_COMPILING:
        compiled.prepare()
