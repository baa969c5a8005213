"""A recording computed once, so that any moment of it is near: the rows playing makes, and checkpoints to go on from.

Winding plays the whole recording through a pipeline at full speed. From time to time it keeps what the machines knew,
and all the time the rows they made. A seek resumes the last checkpoint before the moment and plays the rest, so what it
shows is what playing from the start would have shown, by construction. It can be used while it is still being wound.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from livepairs.columns import ints_of
from livepairs.schema import Chunk
from livepairs.sources.replay import Playable
from livepairs.sources.slices import Slices

if TYPE_CHECKING:
    from livepairs.pipeline import Checkpoint, Pipeline

__all__ = ["Point", "Reel"]

HOPS: Final = ("bars", "pairs", "events")

SPACING: Final = 50_000
"""Trades between checkpoints, at least: they are read and computed in some 15 ms."""

TRADES_A_ROW: Final = 10
"""A row of a pair takes about as long as that many trades, which is what counts where few are traded."""

STEPS_A_SPACE: Final = 2
"""Steps between checkpoints, so that none comes much later than it might."""

POINTS: Final = 400
"""Checkpoints kept at most; when there are more, every other one goes."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a replay can go on: everything up to ``now_us``, inclusive, has been computed.

    Parameters
    ----------
    now_us
        Event time.
    checkpoint
        What the machines knew.
    made
        Rows made until then, by hop.
    """

    now_us: int
    checkpoint: Checkpoint
    made: dict[str, int]

    @property
    def work(self) -> int:
        """What was done until then, in trades."""
        return self.checkpoint.status.trades + TRADES_A_ROW * self.made["pairs"]


def _nobody(_chunk: Chunk) -> None:
    """Nobody looks at what goes through."""


class Reel:
    """One recording, computed one way. Wound by one thread, read by any.

    Parameters
    ----------
    recording
        What is played.
    symbols
        What of it is read.
    healed
        Whether back-filled rows are in their bars.
    spacing, points
        Trades between checkpoints, at least, or the work of as many, and how many are kept, at most.
    """

    def __init__(
        self,
        recording: Playable,
        symbols: tuple[str, ...],
        *,
        healed: bool = False,
        spacing: int = SPACING,
        points: int = POINTS,
    ) -> None:
        self._recording, self._symbols, self._healed = recording, symbols, healed
        self._spacing, self._most = spacing, points
        self._points: tuple[Point, ...] = ()
        self._rows: dict[str, list[pa.RecordBatch]] = {hop: [] for hop in HOPS}
        self._ends: dict[str, list[int]] = {hop: [] for hop in HOPS}
        self._lock = threading.Lock()
        self.is_whole = False
        """Whether all of the recording has been computed."""

    @property
    def start_us(self) -> int:
        """Where it begins."""
        return self._recording.start_us

    def wind(self, pipeline: Pipeline, pause: Callable[[], bool], heed: Callable[[Chunk], None] = _nobody) -> None:
        """Compute the recording from its start to its end; once, on a thread that nothing waits for.

        Parameters
        ----------
        pipeline
            A fresh one, with the symbols; closed when done.
        pause
            Called between the steps; false stops.
        heed
            Called with each chunk once it has gone through.
        """
        for hop in HOPS:
            pipeline.listen(hop, partial(self._keep, hop))
        try:
            self.is_whole = all(pause() for _ in self._steps(pipeline, heed))
        finally:
            pipeline.close()

    def _steps(self, pipeline: Pipeline, heed: Callable[[Chunk], None]) -> Iterator[None]:
        recording = self._recording
        start_us, end_us = recording.start_us, max(recording.start_us, recording.vouched_us)
        rows = recording.chunks(symbols=self._symbols, start_us=start_us, healed=self._healed)
        rows_ahead = (end_us - start_us) // pipeline.params.interval_us * len(pipeline.params.pairs)
        work = max(1, recording.trade_count + TRADES_A_ROW * rows_ahead) * STEPS_A_SPACE
        step_us = max(1, self._spacing * (end_us - start_us) // work)
        with closing(Slices(rows, start_us=start_us, end_us=end_us)) as slices:
            while not slices.is_done:
                for chunk in slices.take(slices.now_us + step_us):
                    pipeline.update(chunk)
                    heed(chunk)
                self._mark(slices.now_us, pipeline)
                yield

    def _keep(self, hop: str, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            with self._lock:
                self._rows[hop].append(batch)
                self._ends[hop].append(self._made(hop) + batch.num_rows)

    def _made(self, hop: str) -> int:
        return self._ends[hop][-1] if self._ends[hop] else 0

    def _mark(self, now_us: int, pipeline: Pipeline) -> None:
        done = pipeline.status.trades + TRADES_A_ROW * self._made("pairs")
        if self._points and done - self._points[-1].work < self._spacing:
            return
        point = Point(now_us, pipeline.checkpoint(), {hop: self._made(hop) for hop in HOPS})
        points = (*self._points, point)
        if len(points) > self._most:
            points, self._spacing = points[1::2], 2 * self._spacing
        self._points = points

    def before(self, ts_us: int) -> Point | None:
        """Return the last place to go on from that is not after an event time; None if there is none yet."""
        points = self._points
        place = bisect_right(points, ts_us, key=lambda point: point.now_us)
        return points[place - 1] if place else None

    @property
    def reached_us(self) -> int:
        """Event time up to which it can be gone on from; 0 for nowhere yet."""
        return self._points[-1].now_us if self._points else 0

    def rows(self, point: Point, limit: int) -> dict[str, list[pa.RecordBatch]]:
        """Return the rows made until a point by hop, the newest, at least ``limit`` of them if there are that many."""
        with self._lock:
            return {hop: self._until(hop, point.made[hop], limit) for hop in HOPS}

    def _until(self, hop: str, made: int, limit: int) -> list[pa.RecordBatch]:
        ends, rows = self._ends[hop], self._rows[hop]
        last = bisect_left(ends, made)
        if not made:
            return []
        begin = ends[last - 1] if last else 0
        first = bisect_right(ends, max(0, made - limit))
        return [*rows[first:last], rows[last].slice(0, made - begin)]

    @property
    def event_count(self) -> int:
        """How many events have been made by now."""
        return self._made("events")

    def event_times_us(self) -> list[int]:
        """Return the opening times of the bars that made an event, as far as it is wound."""
        with self._lock:
            batches = tuple(self._rows["events"])
        times = [ints_of(batch.column("ts")) for batch in batches]
        return np.unique(np.concatenate(times)).tolist() if times else []

    @property
    def nbytes(self) -> int:
        """Memory of the rows, about."""
        with self._lock:
            return sum(batch.nbytes for batches in self._rows.values() for batch in batches)
