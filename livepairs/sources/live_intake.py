"""What a live source makes of what comes: frames and fetched rows in, chunks and an account of the feed out.

No socket and no waiting here: it takes frames from the supervisor's inbox when it is asked for a chunk, and tells the
supervisor, the ledger and the watch what it saw in them. It is also what the back-filler works for.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from livepairs.clock import Clock
from livepairs.columns import codes_of, flags_column, ints_of
from livepairs.exchanges import Decoded, Notice, Refusal, Shutdown
from livepairs.exchanges.binance import decode
from livepairs.exchanges.binance_rest import AGG_TRADES_LIMIT
from livepairs.schema import Chunk
from livepairs.sources.live_feed import FeedState
from livepairs.sources.live_ledger import Circumstances, Wanted
from livepairs.sources.live_limits import LiveLimits
from livepairs.sources.live_offset import ClockOffset
from livepairs.sources.live_sequence import Sequencer
from livepairs.sources.live_supervisor import Supervisor
from livepairs.sources.live_watch import Watch

__all__ = ["Intake"]

_LOG = logging.getLogger(__name__)


class Intake:
    """Makes chunks of what the supervisor's connection received and the back-filler fetched.

    Parameters
    ----------
    sequencer
        What orders and stamps, with the ledger that knows which ids are missing.
    supervisor, watch
        Where frames come from, and what is told of them.
    offset
        The estimate of the clocks' difference.
    clock, limits
        The local clock, and how much is decoded at a time.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        supervisor: Supervisor,
        watch: Watch,
        *,
        offset: ClockOffset,
        clock: Clock,
        limits: LiveLimits,
    ) -> None:
        self._sequencer, self._ledger = sequencer, sequencer.ledger
        self._supervisor, self._watch = supervisor, watch
        self._offset, self._clock, self._limits = offset, clock, limits
        self._is_behind = False
        self.doubt = asyncio.Event()
        """Set when what is known of the clocks may be wrong."""
        self._fresh_since_us: int | None = None
        self._lag_us: int | None = None
        self._received = self._fetched = self._malformed = 0
        self._rejected = Counter[str]()

    @property
    def now_us(self) -> int:
        """The exchange's time now, as estimated."""
        local_us = self._clock.now_us()
        return local_us - self._offset.at(local_us)

    def chunk(self) -> Chunk:
        """Return what has come since the last chunk, or the oldest part of it if it is very much."""
        local_us = self._clock.now_us()
        room = self._limits.batch_frames
        while room > 0 and (taken := self._supervisor.take(room)) is not None:
            room -= len(taken.batch.frames)
            if taken.cause:
                self._ledger.blame(taken.cause)
            self._read(taken.batch.frames, taken.batch.stamps_us, local_us)
        self._is_behind = room <= 0
        chunk = self._sequencer.close(self._vouched_us(local_us))
        self._received += chunk.trades.num_rows + chunk.marks.num_rows
        return chunk

    def next_us(self) -> int:
        """Return the local time of the next chunk: soon, or at the moment a bar closes."""
        local_us = self._clock.now_us()
        if self._is_behind:
            return local_us
        close_us = self._sequencer.next_close_us + self._offset.at(local_us)
        return min(local_us + self._limits.chunk_us, max(local_us, close_us))

    def _vouched_us(self, local_us: int) -> int:
        """Return the exchange's time up to which everything received has been read."""
        oldest_us = self._supervisor.oldest_us
        until_us = local_us
        if oldest_us is not None and local_us - oldest_us > self._limits.stale_us:
            self._supervisor.complain(f"what waited to be read was {_seconds(local_us - oldest_us)} old")
        elif oldest_us is not None:
            until_us = min(local_us, oldest_us - 1)
        return until_us - self._offset.at(local_us)

    def _read(self, frames: list[bytes], stamps_us: list[int], local_us: int) -> None:
        found = decode(frames, stamps_us)
        if found.min_lag_us is not None and not self._offset.add_lag(found.min_lag_us, local_us):
            self.doubt.set()
        offset_us = self._offset.at(local_us)
        circumstances = Circumstances(local_us - offset_us)
        self._sequencer.take(found.agg_trades, found.rejects, offset_us=offset_us, circumstances=circumstances)
        self._sequencer.take_marks(found.marks, offset_us=offset_us)
        self._malformed += len(found.malformed)
        self._rejected.update(found.rejected)
        trades, marks = _by_name(found.agg_trades), _by_name(found.marks)
        if trades or marks:
            self._watch.saw(trades, marks, local_us)
            self._judge(None if found.min_lag_us is None else found.min_lag_us - offset_us)
        for notice in found.notices:
            self._heed(notice)

    def _judge(self, lag_us: int | None) -> None:
        """Tell a connection that has fallen behind from a venue that is behind: only the first is better replaced."""
        self._lag_us = lag_us
        if lag_us is None or lag_us <= self._limits.stale_us:
            self._fresh_since_us = self._watch.since_us
            self._supervisor.has_data()
        elif self._fresh_since_us == self._watch.since_us is not None:
            self.doubt.set()
            self._supervisor.complain(f"the data had fallen {_seconds(lag_us)} behind")

    def _heed(self, notice: Notice) -> None:
        if isinstance(notice, Shutdown):
            _LOG.info("the venue is about to close the connection; changing over")
            self._supervisor.rotate()
        elif isinstance(notice, Refusal):
            _LOG.warning("the venue refused a request: %s (code %d)", notice.message, notice.code)

    def wanted(self) -> Wanted | None:
        return next(self._ledger.wanted(), None)

    def questions(self) -> Iterator[tuple[str, int | None]]:
        local_us, oldest_us = self._clock.now_us(), self._supervisor.oldest_us
        if oldest_us is not None and local_us - oldest_us > self._limits.slack_us // 2:
            return  # what would be asked about may be waiting to be read
        for symbol in self._watch.questions(local_us):
            last_id = self._ledger.last_id(symbol)
            yield symbol, None if last_id is None else last_id + 1

    def deliver(self, symbol: str, found: Decoded) -> None:
        local_us = self._clock.now_us()
        offset_us = self._offset.at(local_us)
        circumstances = Circumstances(local_us - offset_us, "rest")
        before = self._sequencer.trade_rows[symbol]
        self._sequencer.take(found.agg_trades, found.rejects, offset_us=offset_us, circumstances=circumstances)
        self._fetched += self._sequencer.trade_rows[symbol] - before
        self._rejected.update(found.rejected)

    def discover(self, symbol: str, found: Decoded) -> None:
        ts, ids = ints_of(found.agg_trades.column("ts")), ints_of(found.agg_trades.column("trade_id"))
        since_us, last_id, now_us = self._watch.since_us, self._ledger.last_id(symbol), self.now_us
        if since_us is None:
            return
        expected_us = since_us - self._offset.at(since_us) + self._limits.slack_us
        is_missing = (ts <= now_us - self._limits.slack_us) & (ts > expected_us if last_id is None else ids > last_id)
        if not is_missing.any():
            return
        first, last = np.flatnonzero(is_missing)[[0, -1]].tolist()
        cause = ""
        if ts[last] > expected_us:
            cause = f"{symbol.lower()}@aggTrade delivered nothing"
            self._watch.accuse(symbol)
            self._supervisor.rotate()  # with an overlap, for the other streams may be well
        span, times_us = (int(ids[first]), int(ids[last])), (int(ts[first]), int(ts[last]))
        self._ledger.miss(symbol, span, times_us, now_us=now_us, cause=cause)
        rejects = tuple(row for row in found.rejects if row.trade_id <= ids[last])
        rows = found.agg_trades.filter(flags_column(np.asarray(is_missing)))
        self.deliver(symbol, Decoded(agg_trades=rows, rejects=rejects))
        if len(ids) >= AGG_TRADES_LIMIT and last_id is not None:
            self._watch.ask_again(symbol, self._clock.now_us())

    def give_up(self, wanted: Wanted) -> None:
        self._ledger.give_up(wanted.symbol, wanted.from_id, wanted.to_id, self.now_us)

    def feed(self, problem: str) -> FeedState:
        """Return the account of the feed; ``problem`` is what keeps the back-filler from its work, if anything."""
        local_us = self._clock.now_us()
        offset_us = self._offset.at(local_us)
        supervisor, watch = self._supervisor, self._watch
        rejected = self._rejected + self._sequencer.rejected
        if self._ledger.early:
            rejected["before_start"] = self._ledger.early
        return FeedState(
            status=supervisor.status,
            sentence=f"{supervisor.sentence}; back-fill waits: {problem}" if problem else supervisor.sentence,
            connected_since_us=None if watch.since_us is None else watch.since_us - offset_us,
            last_data_us=None if watch.last_us is None else watch.last_us - offset_us,
            streams=watch.states(local_us, offset_us),
            queue_depth=supervisor.depth,
            queue_limit=self._limits.queue_frames,
            offset_us=offset_us,
            lag_us=self._lag_us,
            reconnects=supervisor.reconnects,
            received=self._received,
            duplicates=self._ledger.duplicates,
            overflowed=supervisor.dropped,
            malformed=self._malformed,
            rejected=dict(rejected),
            fetched=self._fetched,
            gaps=self._ledger.gaps,
            gaps_forgotten=self._ledger.forgotten,
        )


def _by_name(batch: pa.RecordBatch) -> Counter[str]:
    """Return how many rows each symbol has in a TRADES or MARKS batch."""
    if not batch.num_rows:
        return Counter()
    column = batch.column("symbol")
    counts = np.bincount(codes_of(column), minlength=len(column.dictionary)).tolist()
    return Counter({name: count for name, count in zip(column.dictionary.to_pylist(), counts, strict=True) if count})


def _seconds(span_us: int) -> str:
    return f"{span_us / 1e6:.3g} s"
