"""The closes of every symbol of a run's source, bar by bar: what a scan looks at.

A run computes bars of the legs of its pairs only. A scan looks at all symbols, on bars of its own length, so a replay's
closes are read from the recording once more, up to the run's moment and only while somebody looks at the scanner; a
live run has the bars of all symbols in its tables already.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from livepairs.bars.machine import BarMachine
from livepairs.columns import floats_of, ints_of
from livepairs.sources.replay import Replay
from livepairs.sources.slices import Slices

if TYPE_CHECKING:
    from livepairs.hub.runparts import RunSetup
    from livepairs.pipeline import RunParams
    from livepairs.stores.recording import Recording
    from livepairs.tables.ring import Cursor, Table

__all__ = ["Closes", "KeptCloses", "RecordedCloses", "open_closes"]

Floats = NDArray[np.float64]

READ_US: Final = 3_600_000_000
"""Event time taken from a recording at once, so that closing the page never waits long."""


class Closes(Protocol):
    """Closes up to a moment."""

    def upto(self, now_us: int) -> bool:
        """Take in what has closed until then; return False while there is more to take in, to be called again."""

    def closed(self) -> tuple[int, Floats]:
        """Return the number of the first bar and the closes ``(symbols, bars)``; NaN before a symbol's first trade."""

    @property
    def restarts(self) -> int:
        """How often what there was had to be thrown away."""

    def close(self) -> None:
        """Let go of what is held."""


class Window:
    """A sliding matrix of closes: one row a symbol, one column a bar, no bar left out.

    Parameters
    ----------
    symbols
        The rows.
    interval_us
        Length of a bar.
    bars
        Bars kept.
    """

    def __init__(self, symbols: tuple[str, ...], interval_us: int, bars: int) -> None:
        self.symbols = symbols
        self.interval_us = interval_us
        self._bars = bars
        self._places = {symbol: place for place, symbol in enumerate(symbols)}
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.first_bar = 0
        self.closes: Floats = np.empty((len(self.symbols), 0))
        self.restarts = getattr(self, "restarts", -1) + 1

    @property
    def end_bar(self) -> int:
        """Number of the bar after the last one."""
        return self.first_bar + int(self.closes.shape[1])

    def add(self, batch: pa.RecordBatch | pa.Table) -> None:
        """Take in closed bars; of several in one of ours, the last closes it."""
        if not batch.num_rows:
            return
        if isinstance(batch, pa.Table):
            for part in batch.combine_chunks().to_batches():
                self.add(part)
            return
        numbers = ints_of(batch.column("ts")) // self.interval_us
        if not self.closes.shape[1]:
            self.first_bar = int(numbers.min())
        columns = int(numbers.max()) + 1 - self.end_bar
        if columns > 0:
            self.closes = np.concatenate([self.closes, np.full((len(self.symbols), columns), np.nan)], axis=1)
        column = batch.column("symbol")
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        places = np.array([self._places[name] for name in encoded.dictionary.to_pylist()], np.int64)
        rows = places[encoded.indices.to_numpy()]
        # Rows are in the order of time, so of several that meet in one place numpy keeps the last.
        self.closes[rows, numbers - self.first_bar] = floats_of(batch.column("close"))
        surplus = self.closes.shape[1] - self._bars
        if surplus > 0:
            self.closes = self.closes[:, surplus:].copy()
            self.first_bar += surplus


class RecordedCloses:
    """The closes of a recording.

    Parameters
    ----------
    recording
        What is read.
    interval_us, grace_us
        Length of a bar, and how long after its end it stays open.
    bars
        Bars kept, and read before a moment that is jumped to.
    healed
        Whether back-filled trades count.
    """

    def __init__(self, recording: Recording, *, interval_us: int, grace_us: int, bars: int, healed: bool) -> None:
        self._recording = recording
        self._grace_us = grace_us
        self._healed = healed
        self._reach_us = bars * interval_us
        self._window = Window(recording.symbols, interval_us, bars)
        self._machine = BarMachine(recording.symbols, interval_us=interval_us, grace_us=grace_us)
        self._slices: Slices | None = None

    def upto(self, now_us: int) -> bool:
        """Take in what has closed until then; return False while there is more to take in, to be called again."""
        slices = self._slices
        if slices is None or now_us < slices.now_us or now_us > slices.now_us + self._reach_us:
            slices = self._begin(now_us)
        for chunk in slices.take(min(now_us, slices.now_us + READ_US)):
            self._window.add(self._machine.update(chunk))
        return slices.now_us >= now_us or slices.is_done

    def closed(self) -> tuple[int, Floats]:
        """Return the number of the first bar and the closes."""
        return self._window.first_bar, self._window.closes

    @property
    def restarts(self) -> int:
        """How often a jump in time made it begin anew."""
        return self._window.restarts

    def close(self) -> None:
        """Let go of the recording's files."""
        if self._slices is not None:
            with suppress(ValueError):
                self._slices.close()
            self._slices = None

    def _begin(self, now_us: int) -> Slices:
        self.close()
        self._window.clear()
        self._machine.reset()
        interval_us, recording = self._window.interval_us, self._recording
        start_us = now_us - self._reach_us - self._grace_us
        start_us = max(recording.start_us, start_us - start_us % interval_us)
        if start_us > recording.start_us:
            for symbol in recording.symbols:
                before = recording.last_trade_before(symbol, start_us)
                if before is not None:
                    self._machine.seed(symbol, start_us - interval_us, before[1])
        chunks = recording.chunks(start_us=start_us, healed=self._healed)
        self._slices = Slices(chunks, start_us=start_us, end_us=max(start_us, recording.vouched_us))
        return self._slices


class KeptCloses:
    """The closes of a live run, from the bars it keeps.

    Parameters
    ----------
    table, bar_us
        Its bars, and their length.
    symbols, interval_us, bars
        As for ``Window``; the interval is a multiple of the bars' length.
    """

    def __init__(self, table: Table, bar_us: int, symbols: tuple[str, ...], *, interval_us: int, bars: int) -> None:
        self._table = table
        self._bar_us = bar_us
        self._cursor: Cursor | None = None
        self._window = Window(symbols, interval_us, bars + 1)
        self._end_us = 0

    def upto(self, now_us: int) -> bool:  # noqa: ARG002 - the moment is always the table's own
        """Take in all that has closed."""
        delta = self._table.since(self._cursor)
        self._cursor = delta.cursor
        if delta.is_reset:
            self._window.clear()
        self._window.add(delta.rows)
        if delta.rows.num_rows:
            self._end_us = delta.rows["ts"].cast(pa.int64())[-1].as_py() + self._bar_us
        return True

    def closed(self) -> tuple[int, Floats]:
        """Return the number of the first bar and the closes; a bar that is not over yet is left out."""
        window = self._window
        over = self._end_us // window.interval_us - window.first_bar
        return window.first_bar, window.closes[:, : max(0, over)]

    @property
    def restarts(self) -> int:
        """How often the table was reset."""
        return self._window.restarts

    def close(self) -> None:
        """Let go; there is nothing to let go of."""


def open_closes(setup: RunSetup, params: RunParams, *, interval_us: int, bars: int) -> Closes:
    """Return the closes of a run's source on bars of another length, as many as are asked for."""
    recording, source = setup.recording, setup.source
    if recording is None:
        kept, bar_us = setup.pipeline.tables.bars, params.interval_us
        return KeptCloses(kept, bar_us, source.symbols, interval_us=interval_us, bars=bars)
    healed = isinstance(source, Replay) and source.is_healed
    return RecordedCloses(recording, interval_us=interval_us, grace_us=params.grace_us, bars=bars, healed=healed)
