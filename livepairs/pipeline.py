"""The graph of one run: chunks to bars to pairs to events, joined with streamz.

This is the one code path. A live feed, a replay on screen and a headless replay differ in the source whose chunks they
hand to ``Pipeline.update``, and in nothing else. Only the run's own thread may call it; ``tables`` and ``status`` are
read from any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from livepairs.alerts.threshold import ThresholdMachine
from livepairs.bars.machine import BarCounts, BarMachine
from livepairs.columns import ints_column, ints_of
from livepairs.digest import RunDigest
from livepairs.errors import ConfigError
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.schema import BARS, MARKS, TRADES, Chunk, Pair, empty, interval_us
from livepairs.stats import compiled
from livepairs.tables.board import LAST_TRADES, Tables
from livepairs.tempo import Tempo

if TYPE_CHECKING:
    from streamz import Stream

__all__ = ["Checkpoint", "Pipeline", "RunParams", "Status", "Tables", "compile_if_worth"]

LIMIT_ROWS: Final = 200_000
LONGEST_GRACE_US: Final = 60_000_000
WORTH_COMPILING: Final = 300_000
"""Trades from which a replay is quicker if it waits for the compiler first."""
TRADES_A_PAIR_BAR: Final = 100
"""Interpreted, a bar of a pair takes as long as that many trades."""


@dataclass(frozen=True, slots=True)
class RunParams:
    """What a run computes.

    Parameters
    ----------
    pairs
        The pairs, in the order of their rows.
    interval
        Bar interval, a key of ``schema.INTERVALS_US``.
    grace_us
        How long after its end a bar stays open for trades under way, in microseconds.
    pair_params
        Windows, lags and price scale.
    entry, exit
        |z| at which the threshold event fires, and at which it clears.
    """

    pairs: tuple[Pair, ...]
    interval: str = "1s"
    grace_us: int = 500_000
    pair_params: PairParams = field(default_factory=PairParams)
    entry: float = 2.0
    exit: float = 0.5

    def __post_init__(self) -> None:
        interval_us(self.interval)
        if not 0 <= self.grace_us <= LONGEST_GRACE_US:
            raise ConfigError(
                f"grace of {self.grace_us / 1000:g} ms is out of range; use 0 to {LONGEST_GRACE_US // 1000} ms"
            )
        if len(set(self.pairs)) != len(self.pairs):
            raise ConfigError(f"a pair is named twice in {', '.join(map(str, self.pairs))}; name each once")

    @property
    def interval_us(self) -> int:
        """Length of a bar in microseconds."""
        return interval_us(self.interval)


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
        self._make_machines(symbols, params)
        self._forget()
        # Every node is held: streamz keeps only weak references downstream and drops what nobody holds.
        # Here and not above: it takes half a second where Dask is installed, and what to compute is known without it.
        from streamz import Stream

        self._chunks = Stream()
        # Looked up at each batch, for `widen` and `rebuild` put other machines in their places.
        self._hops: dict[str, Stream] = {}
        upstream = self._chunks
        for hop, machine in {"bars": "bars", "pairs": "pairs", "events": "alerts"}.items():
            upstream = self._hops[hop] = upstream.map(partial(self._step, machine))
        self._sinks: list[Stream] = []
        for hop in self._hops:
            self.listen(hop, getattr(self.tables, hop).append)
            self.listen(hop, partial(self._take_digest, hop))

    def _step(self, machine: str, batch: Chunk | pa.RecordBatch) -> pa.RecordBatch:
        made: pa.RecordBatch = getattr(self, machine).update(batch)
        return made

    def _make_machines(self, symbols: Sequence[str], params: RunParams) -> None:
        for pair in params.pairs:
            pair.check_symbols(tuple(symbols))
        self.params = params
        self.bars = BarMachine(symbols, interval_us=params.interval_us, grace_us=params.grace_us)
        self._trades_share = max(1, LAST_TRADES // max(1, len(symbols)))
        self._make_pair_machines(params)

    def _make_pair_machines(self, params: RunParams) -> None:
        self.params = params
        self.pairs = PairMachine(params.pairs, params.pair_params, interval_us=params.interval_us)
        self.alerts = ThresholdMachine(entry=params.entry, exit=params.exit)

    def _forget(self) -> None:
        self._tempo = Tempo()
        self._digest = RunDigest()
        self.status = Status()

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
            # Only its share: the large chunks of a seek hold one symbol each, and one must not push out the others.
            newest = max(0, chunk.trades.num_rows - self._trades_share)
            self.tables.trades.append(chunk.trades.slice(newest))
        self.status = self._status(chunk.now_us)

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
        for machine in (self.bars, self.pairs, self.alerts):
            machine.reset()
        self.tables.reset()
        self._forget()

    def checkpoint(self) -> Checkpoint:
        """Return what ``resume`` needs to go on from here, besides the rows."""
        trades = self.tables.trades.tail(LAST_TRADES)
        # Taken, not sliced: a slice would keep all that was read of the recording with it in memory.
        kept = trades.take(ints_column(np.arange(len(trades))))
        machines = deepcopy((self.bars, self.pairs, self.alerts, self._tempo))
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
        self.bars, self.pairs, self.alerts, self._tempo = deepcopy(checkpoint.machines)
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
        for bars in self.tables.bars.tail(len(self.tables.bars)).to_batches():
            pairs = self.pairs.update(bars)
            made = {"bars": bars, "pairs": pairs, "events": self.alerts.update(pairs)}
            self.tables.pairs.append(made["pairs"])
            self.tables.events.append(made["events"])
            for hop, batch in made.items():
                self._take_digest(hop, batch)

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


def compile_if_worth(trades: int, span_us: int, params: RunParams) -> None:
    """Wait for compiled kernels where so much is to be replayed that it saves time; no bit depends on it.

    A day with few trades still has 86,400 bars of a second, so both count.
    """
    bars = span_us // params.interval_us + 1
    if trades + TRADES_A_PAIR_BAR * bars * len(params.pairs) >= WORTH_COMPILING:
        compiled.prepare()
