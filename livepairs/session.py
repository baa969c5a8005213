"""A recording session: everything a live feed delivers is recorded, with the proof of what was computed from it.

A session has a pipeline of its own, which begins with the recording. So whoever replays the recording has seen what
this pipeline has seen, and must reach the same digest; the run that a page watches began earlier and has warm windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs import __version__
from livepairs.columns import codes_of, ints_of, times_column
from livepairs.digest import HOPS, row_checks
from livepairs.pipeline import Pipeline, RunParams
from livepairs.schema import TRADES, Chunk, Gap, check
from livepairs.stores.manifest import Manifest, ProofParams
from livepairs.stores.recorder import About, Computed, Recorder, RecorderLimits

__all__ = ["AWAY", "Feed", "Session", "SessionState", "Summary", "proof_params"]

AWAY: Final = ("connecting", "waiting", "silent", "stopped", "refused")
"""States of a feed in which nothing comes, whatever the market does."""

OUT_OF_ORDER: Final = "rows that came out of order, now late"


class Feed(Protocol):
    """What a live source says of itself, as ``sources.live_feed.FeedState`` does; see there."""

    @property
    def status(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def last_data_us(self) -> int | None: ...
    @property
    def offset_us(self) -> int: ...
    @property
    def rejected(self) -> Mapping[str, int]: ...
    @property
    def gaps(self) -> tuple[Gap, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Where a session stands; any thread may keep one.

    Parameters
    ----------
    path
        The recording being made.
    trades, marks
        Rows handed in.
    dropped
        Trades left out because the disk did not take them in time.
    bars, pairs, events
        Rows closed.
    now_us
        Event time vouched for.
    bytes
        On disk.
    digest
        Of all closed rows so far.
    problem
        What keeps it from writing right now, such as "the disk is full"; None if nothing does.
    is_closed
        It records no more.
    """

    path: Path
    trades: int = 0
    marks: int = 0
    dropped: int = 0
    bars: int = 0
    pairs: int = 0
    events: int = 0
    now_us: int = 0
    bytes: int = 0
    digest: str = ""
    problem: str | None = None
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a session has made: the recording, its trades, their bytes in Parquet, and the digest to be proved."""

    path: Path
    trades: int
    trade_bytes: int
    gaps: int
    digest: str

    @property
    def bytes_per_trade(self) -> float:
        """Size of the trade files over the trades."""
        return self.trade_bytes / self.trades


class Session:
    """Records chunks and computes from them; a context manager, of which ``close`` makes the recording.

    Leaving the context without ``close`` leaves a journal, from which opening the recording recovers everything.
    ``update``, ``set_gaps`` and ``note`` are for one thread, the feed's. None of them waits for the disk.

    Parameters
    ----------
    path
        The folder to make.
    params
        What is computed, and later proved.
    source
        What is recorded, as the user named it.
    symbols
        Those of the source, in their order.
    is_synthetic
        Whether the rows are generated rather than traded.
    limits
        How much is held in memory, and how often it is written.

    Raises
    ------
    RecordingError
        If there is something at ``path``, another recorder works there, or the folder cannot be written to.
    """

    def __init__(
        self,
        path: str | Path,
        params: RunParams,
        *,
        source: str,
        symbols: tuple[str, ...],
        is_synthetic: bool = False,
        limits: RecorderLimits | None = None,
    ) -> None:
        self._pipeline = Pipeline(symbols, params, limit_rows=0)
        about = About(
            source=source,
            symbols=symbols,
            is_synthetic=is_synthetic,
            params=proof_params(params),
            version=__version__,
        )
        try:
            self._recorder = Recorder(path, about, limits=limits)
        except BaseException:
            self._pipeline.close()
            raise
        self.path = self._recorder.path
        self._order = _Order(params)
        self._checks = dict.fromkeys(HOPS, b"")
        self._rows = dict.fromkeys(HOPS, 0)
        self._marks = 0
        self._digest: str | None = None
        self._feed: Feed | None = None
        self._since_us: int | None = None
        self._is_closed = False
        for hop in HOPS:
            self._pipeline.listen(hop, lambda batch, hop=hop: self._take(hop, batch))  # type: ignore[misc]  # bound now

    @property
    def state(self) -> SessionState:
        """Where it stands now."""
        recorder, status = self._recorder.state, self._pipeline.status
        return SessionState(
            path=self.path,
            trades=status.trades,
            marks=self._marks,
            dropped=recorder.dropped,
            bars=self._rows["bars"],
            pairs=self._rows["pairs"],
            events=self._rows["events"],
            now_us=status.now_us,
            bytes=recorder.bytes,
            digest=self._digest or "",
            problem=recorder.problem,
            is_closed=self._is_closed,
        )

    def update(self, chunk: Chunk) -> None:
        """Record a chunk and compute from it.

        A chunk for which there is no room is left out of both, so that the recording and the digest still agree; it
        stands in the ledger as a gap.

        Raises
        ------
        SchemaError
            If the trades have not all columns.
        """
        check(chunk.trades, TRADES)
        if not self._recorder.has_room(chunk):
            self._recorder.append(chunk)
            return
        if self._since_us is None:
            self._since_us = chunk.now_us
        lawful = self._order.apply(chunk)
        self._pipeline.update(lawful)
        self._marks += chunk.marks.num_rows
        is_new = self._digest is None or any(self._checks.values())
        if is_new:
            self._digest = self._pipeline.digest
        self._recorder.append(lawful, self._computed() if is_new else None)
        if lawful.trades is not chunk.trades:
            self._recorder.note(repairs={OUT_OF_ORDER: self._order.stamped})

    def set_gaps(self, gaps: tuple[Gap, ...]) -> None:
        """Replace the ledger of the source's gaps; cheap where nothing has changed."""
        self._recorder.set_gaps(gaps)

    def note(self, *, clock_offset_us: int | None = None, skipped: dict[str, int] | None = None) -> None:
        """Keep what the source knows besides its rows: its clock, and what it left out by reason."""
        facts = {"clock_offset_us": clock_offset_us, "skipped": skipped}
        self._recorder.note(**{name: value for name, value in facts.items() if value is not None})

    def follow(self, feed: Feed) -> None:
        """Keep what a live source says of itself now; call it after each chunk, it is cheap where nothing changes.

        Of its ledger, gaps that were over before the session began are left out.
        """
        self._feed = feed
        since_us = self._since_us or 0
        self.set_gaps(tuple(gap for gap in feed.gaps if _concerns(gap, since_us)))
        self.note(clock_offset_us=feed.offset_us, skipped=dict(feed.rejected))

    def flush(self) -> None:
        """Wait until everything handed in is on disk."""
        self._recorder.flush()

    def close(self) -> Summary:
        """Write what is left and make it a recording; takes a second for some million trades.

        Raises
        ------
        RecordingError
            If there was no trade, or the disk does not take what is left; see ``Recorder.finish``.
        """
        self._end()
        self._note_absence()
        manifest = self._recorder.finish()
        return _summary(self.path, manifest)

    def abandon(self) -> None:
        """Write what is left and stop there; opening the recording seals it."""
        self._end()
        self._recorder.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._is_closed:
            self.abandon()

    def _note_absence(self) -> None:
        """Put into the ledger that the feed is away as the session ends: its ids cannot tell, for none came after."""
        feed, now_us = self._feed, self._pipeline.status.now_us
        if feed is None or feed.status not in AWAY or feed.last_data_us is None or feed.last_data_us > now_us:
            return
        cause = f"the feed was away at the end: {feed.sentence}"
        self._recorder.add_gap(Gap(None, feed.last_data_us + 1, now_us + 1, cause, how="open"))

    def _end(self) -> None:
        self._is_closed = True
        self._pipeline.close()

    def _take(self, hop: str, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._rows[hop] += batch.num_rows
            self._checks[hop] += row_checks(batch).tobytes()

    def _computed(self) -> Computed:
        bars, pairs, events = (self._checks[hop] for hop in HOPS)
        self._checks = dict.fromkeys(HOPS, b"")
        return Computed(self._digest or "", (bars, pairs, events))


class _Order:
    """Sees to it that a replay, which reads a symbol's trades by (ts, trade_id), does as the live pipeline does.

    A row that comes behind a later one of its symbol, or after its bar was closed, must be late by its ``recv_ts``. A
    source promises as much; one that breaks its promise costs the row its bar, never the proof.
    """

    def __init__(self, params: RunParams) -> None:
        self._interval_us, self._grace_us = params.interval_us, params.grace_us
        self._last: dict[str, tuple[int, int]] = {}
        self._now_us = -(1 << 62)
        self.stamped = 0

    def apply(self, chunk: Chunk) -> Chunk:
        """Return the chunk itself if it is as promised, which it should always be."""
        trades, now_us = chunk.trades, max(chunk.now_us, self._now_us)
        is_stray = np.zeros(trades.num_rows, np.bool_)
        if trades.num_rows:
            ts, ids = ints_of(trades.column("ts")), ints_of(trades.column("trade_id"))
            symbols = trades.column("symbol")
            names, codes = symbols.dictionary.to_pylist(), codes_of(symbols)
            for code in np.unique(codes).tolist() if len(names) > 1 else [0]:
                own = np.flatnonzero(codes == code) if len(names) > 1 else slice(None)
                is_stray[own] = self._strays(names[code], ts[own], ids[own])
            trades = self._with_late(trades, is_stray, ts)
        self._now_us = now_us
        return chunk if trades is chunk.trades and now_us == chunk.now_us else Chunk(trades, chunk.marks, now_us)

    def _strays(self, symbol: str, ts: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which rows are behind a row before them."""
        last_ts, last_id = self._last.get(symbol, (-(1 << 62), 0))
        step_ts, step_id = np.diff(ts, prepend=last_ts), np.diff(ids, prepend=last_id)
        is_behind: NDArray[np.bool_] = (step_ts < 0) | ((step_ts == 0) & (step_id < 0))
        if not is_behind.any():
            self._last[symbol] = int(ts[-1]), int(ids[-1])
            return is_behind
        is_stray = np.zeros(len(ts), np.bool_)
        for row, key in enumerate(zip(ts.tolist(), ids.tolist(), strict=True)):
            is_stray[row] = key < (last_ts, last_id)
            last_ts, last_id = max(key, (last_ts, last_id))
        self._last[symbol] = last_ts, last_id
        return is_stray

    def _with_late(self, trades: pa.RecordBatch, is_stray: NDArray[np.bool_], ts: NDArray[np.int64]) -> pa.RecordBatch:
        received, bar_us = ints_of(trades.column("recv_ts")), self._interval_us
        late_us = (ts // bar_us + 1) * bar_us + self._grace_us
        is_wrong = (is_stray | (late_us <= self._now_us)) & (received < late_us)
        # What rules ask of the feed counts in the bar of the receipt, which must not have closed either.
        open_us = (self._now_us - self._grace_us) // bar_us * bar_us
        is_wrong |= np.maximum(received, ts) < open_us
        if not is_wrong.any():
            return trades
        self.stamped += int(is_wrong.sum())
        stamped = times_column(np.where(is_wrong, np.maximum(late_us, open_us), received))
        return trades.set_column(TRADES.get_field_index("recv_ts"), TRADES.field("recv_ts"), stamped)


def _concerns(gap: Gap, since_us: int) -> bool:
    """Return whether a gap was there since that time, or rows of it may have come since."""
    return gap.end_us >= since_us or gap.how == "open" or (gap.closed_us or 0) >= since_us


def proof_params(params: RunParams) -> ProofParams:
    """Return what a run computes in the form that a manifest keeps."""
    windows = params.pair_params
    return ProofParams(
        pairs=tuple(map(str, params.pairs)),
        interval=params.interval,
        grace_us=params.grace_us,
        hedge_window=windows.hedge_window,
        z_window=windows.z_window,
        corr_window=windows.corr_window,
        adf_lags=windows.adf_lags,
        price=windows.price,
        hedge=windows.hedge,
        entry=params.entry,
        exit=params.exit,
        rules=None if params.rules is None else params.rules.text,
    )


def _summary(path: Path, manifest: Manifest) -> Summary:
    trades = manifest.entries("trades")
    return Summary(
        path=path,
        trades=sum(entry.rows for entry in trades),
        trade_bytes=sum(entry.bytes for entry in trades),
        gaps=len(manifest.gaps),
        digest=manifest.live_digest or "",
    )
